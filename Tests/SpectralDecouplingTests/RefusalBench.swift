import Foundation
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// A small checkpoint and a folder for outputs, to try what a conversion refuses.
struct RefusalBench {
  static let toy = ToyCheckpoint.normal(experts: 3, hidden: 24, width: 20, type: .f32)

  let input: TemporaryFolder
  let folder: TemporaryFolder

  init() throws {
    input = try Self.toy.written()
    folder = try TemporaryFolder()
  }

  /// Expects a conversion to fail with that error.
  func expect(
    _ error: DecouplingError, at path: String? = nil, to output: String? = nil,
    _ options: ConversionOptions = .basic(rank: 4), replaces: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async {
    await #expect(throws: error, sourceLocation: sourceLocation) {
      try await convertCheckpoint(
        at: path ?? input.path, to: output ?? folder.path("out"), options, replaces: replaces)
    }
  }
}
