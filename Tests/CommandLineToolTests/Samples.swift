import Foundation
import TestSupport

/// Checkpoints and runs that several tests look at.
enum Samples {
  /// A small model that was really trained: 3 layers, 12 experts and a shared one.
  static let qwen = Fixture.url("qwen2-moe-tiny").path
  /// A tiny model without training: 2 layers.
  static let tiny = Fixture.url("families/qwen3_moe/hub").path

  /// What a run of the trained model leaves, measured once for all tests.
  static let reference = Result { () throws -> Reference in
    let folder = try TemporaryFolder()
    let outcome = try Tool.run(["analyze", qwen, "-o", "run"], in: folder.path)
    return Reference(
      folder: folder, outcome: outcome, files: try filesByPath(under: folder.path("run")))
  }

  /// The options that give the trained model's captures and gradients.
  static let fullInputs = [
    "--captures", Fixture.url("qwen2-moe-tiny/captures/activations.h5").path, "--gradients",
    Fixture.url("qwen2-moe-tiny/captures/gradients.safetensors").path,
  ]

  /// What a run of the trained model with captures and gradients leaves, measured once.
  static let full = Result { () throws -> Reference in
    let folder = try TemporaryFolder()
    let outcome = try Tool.run(["analyze", qwen, "-o", "run"] + fullInputs, in: folder.path)
    return Reference(
      folder: folder, outcome: outcome, files: try filesByPath(under: folder.path("run")))
  }

  struct Reference: Sendable {
    let folder: TemporaryFolder
    let outcome: Tool.Outcome
    let files: [String: Data]
  }

  /// Copies a checkpoint, so that it can be damaged.
  static func copy(of checkpoint: String, to path: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for name in try FileManager.default.contentsOfDirectory(atPath: checkpoint)
    where name.hasSuffix(".safetensors") || name.hasSuffix(".json") {
      try Data(contentsOf: URL(filePath: "\(checkpoint)/\(name)"))
        .write(to: URL(filePath: "\(path)/\(name)"))
    }
  }

  /// Writes NaN into the first BF16 element of a tensor.
  ///
  /// - Returns: The file's name.
  static func poison(_ tensor: String, inCheckpointAt path: String) throws -> String {
    for name in try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    where name.hasSuffix(".safetensors") {
      let file = URL(filePath: "\(path)/\(name)")
      var data = try Data(contentsOf: file)
      let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      let header = try JSONSerialization.jsonObject(with: data.subdata(in: 8..<8 + length))
      guard let entry = (header as? [String: Any])?[tensor] as? [String: Any],
        let offsets = entry["data_offsets"] as? [Int]
      else { continue }
      let start = 8 + length + offsets[0]
      data.replaceSubrange(start..<start + 2, with: [0xc0, 0x7f])
      try data.write(to: file)
      return name
    }
    throw NoSuchTensor(name: tensor)
  }

  struct NoSuchTensor: Error {
    let name: String
  }
}

/// The fields of a CSV table without quotes, row by row, without the first line.
func rows(_ data: Data?) -> [[Substring]] {
  String(decoding: data ?? Data(), as: UTF8.self).split(separator: "\n").dropFirst()
    .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
}

/// The names that differ between two folders' files, with their content compared byte for byte.
func differences(_ files: [String: Data], _ others: [String: Data]) -> [String] {
  Set(files.keys).union(others.keys).filter { files[$0] != others[$0] }.sorted()
}
