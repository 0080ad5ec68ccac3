import Checkpoints
import Experts
import Foundation
import SpectralDecoupling
import TestSupport
import Tensors

/// A conversion of one of the small checkpoints that other programs wrote.
struct FamilyConversion {
  /// Where the checkpoint lies.
  let source: String
  let folder: TemporaryFolder

  init(of fixture: String) throws {
    source = Fixture.url("families/\(fixture)").path
    folder = try TemporaryFolder()
  }

  /// Options for matrices as small as those.
  static func options(
    _ form: ConversionOptions.Form, _ mode: SDMoEForm.Mode = .exact,
    _ change: (inout ConversionOptions) -> Void = { _ in }
  ) -> ConversionOptions {
    .basic(rank: 3) {
      $0.form = form
      $0.mode = mode
      change(&$0)
    }
  }

  /// Converts the checkpoint, or what was made of it; returns the folder.
  @discardableResult
  func convert(
    _ name: String? = nil, to target: String, _ options: ConversionOptions
  ) async throws -> String {
    let output = folder.path(target)
    try await convertCheckpoint(at: name.map { folder.path($0) } ?? source, to: output, options)
    return output
  }

  /// What is wrong with an output, with and without what it was made of.
  func failures(
    of name: String, madeOf original: String? = nil, family: ChosenFamily? = nil
  ) async throws -> [String] {
    let original = try Checkpoint(path: original.map { folder.path($0) } ?? source)
    return try await verify(folder.path(name), workers: 2).failures
      + verify(folder.path(name), against: original, workers: 2).failures
  }

  /// The bytes of config.json.
  func config(of path: String) throws -> Data {
    try Data(contentsOf: URL(filePath: "\(path)/config.json"))
  }
}
