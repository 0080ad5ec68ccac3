import Checkpoints
import Foundation
import SpectralDecoupling
import TestSupport
import Testing
import Workers

extension ConversionOptions {
  /// Options without the similarities, which most tests do not look at.
  static func basic(rank: Int, _ change: (inout ConversionOptions) -> Void = { _ in }) -> Self {
    var options = ConversionOptions()
    options.rank = .fixed(rank)
    options.detail = .basic
    change(&options)
    return options
  }
}

/// Plans and carries out a conversion, as the command does.
@discardableResult
func convertCheckpoint(
  at path: String, to output: String, _ options: ConversionOptions, width: Int = 2,
  rechecks: Bool = false, replaces: Bool = false,
  onProgress: @escaping @Sendable (WorkProgress) -> Void = { _ in },
  onChanged: @escaping @Sendable ([String]) -> Void = { _ in }
) async throws -> ConversionSummary {
  let plan = try ConversionPlan(
    for: Checkpoint(path: path), options: options, version: "test")
  return try await convert(
    plan, to: output, workers: width, rechecks: rechecks, replaces: replaces,
    onProgress: onProgress, onChanged: onChanged)
}

/// A toy checkpoint, and what a conversion made of it.
struct ToyConversion {
  let input: TemporaryFolder
  let folder: TemporaryFolder
  let options: ConversionOptions
  let summary: ConversionSummary

  /// Where the output lies.
  var output: String { folder.path("out") }

  init(
    of toy: ToyCheckpoint, _ options: ConversionOptions, as form: ToyCheckpoint.Form = .single
  ) async throws {
    input = try toy.written(as: form)
    folder = try TemporaryFolder()
    self.options = options
    summary = try await convertCheckpoint(
      at: input.path, to: folder.path("out"), options)
  }

  /// Merges the output again; returns the folder.
  func merged(as type: ConversionOptions.StoredType = .keep) async throws -> String {
    var options = ConversionOptions()
    options.form = .merged
    options.storedType = type
    options.detail = .basic
    let path = folder.path("merged-\(type.rawValue)")
    try await convertCheckpoint(at: output, to: path, options)
    return path
  }

  /// Expects the output to be in order, with and without the original.
  func expectSound(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    for original in [nil, try Checkpoint(path: input.path)] {
      let report = try await verify(output, against: original, workers: 2)
      #expect(report.failures == [], sourceLocation: sourceLocation)
      #expect(report.strangers == [], sourceLocation: sourceLocation)
    }
  }
}

/// Expects two checkpoints to have the same tensors, bit for bit.
func expectSameTensors(
  _ actual: [String: StoredTensor], _ expected: [String: StoredTensor], _ comment: Comment? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(
    actual.keys.sorted() == expected.keys.sorted(), comment, sourceLocation: sourceLocation)
  #expect(
    expected.keys.filter { actual[$0] != expected[$0] }.sorted() == [], comment,
    sourceLocation: sourceLocation)
}
