import Foundation
import Testing

/// A checkpoint as it is published: its config, and the name, type and shape of every tensor.
///
/// The facts stand in `Fixtures/families/published.json`, each with its source.
public struct PublishedModel: Decodable, Sendable, CustomStringConvertible {
  /// The tensors of one name, but for the numbers of layer and expert.
  struct Tensor: Decodable, Sendable {
    /// With `{L}` for the layer and `{E}` for the expert.
    let name: String
    let type: String
    let shape: [Int]
    /// The layers that have it; nil for those with experts.
    let layers: [[Int]]?
  }

  /// What the model is called on the hub.
  public let name: String
  /// Where its sizes are from.
  public let source: String
  /// The family that it is of.
  public let family: String
  /// How many layers have experts.
  public let layers: Int
  /// How many matrices those experts have: three each, whatever tensors hold them.
  public let matrices: Int
  /// How many more are past the decoder's layers, for multi-token prediction.
  public let further: Int
  /// How many experts a layer has.
  public let experts: Int
  private let moeLayers: [[Int]]
  private let config: String
  private let tensors: [Tensor]

  /// Its name.
  public var description: String { name }

  /// Writes config.json, the index and the weight files, whose content is a hole: it takes no room on
  /// the disk.
  ///
  /// - Parameter folder: An empty folder.
  /// - Returns: How many tensors there are.
  /// - Throws: Foundation's error when the system says no.
  @discardableResult
  public func write(to folder: TemporaryFolder) throws -> Int {
    try folder.write(config, as: "config.json")
    let mostBytes = 5_000_000_000
    var shards: [(header: String, size: Int, names: [String])] = [("", 0, [])]
    for tensor in tensors {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let size = tensor.shape.reduce(try #require(Self.widths[tensor.type]), *)
      let start = "\":{\"dtype\":\"\(tensor.type)\",\"shape\":[\(shape)],\"data_offsets\":["
      for name in names(of: tensor) {
        if shards[shards.count - 1].size > 0, shards[shards.count - 1].size + size > mostBytes {
          shards.append(("", 0, []))
        }
        let place = shards.count - 1
        let offset = shards[place].size
        shards[place].header += ",\"\(name)\(start)\(offset),\(offset + size)]}"
        shards[place].size += size
        shards[place].names.append(name)
      }
    }
    var index = ""
    for (number, shard) in shards.enumerated() {
      let name = "model-\(padded(number + 1))-of-\(padded(shards.count)).safetensors"
      var header = "{\"__metadata__\":{\"format\":\"pt\"}\(shard.header)}"
      header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
      let count = header.utf8.count
      let bytes = Data((0..<8).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) } + header.utf8)
      let path = folder.path(name)
      try bytes.write(to: URL(filePath: path))
      let file = try FileHandle(forUpdating: URL(filePath: path))
      try file.truncate(atOffset: UInt64(bytes.count + shard.size))
      try file.close()
      for tensor in shard.names { index += ",\"\(tensor)\":\"\(name)\"" }
    }
    try folder.write(
      "{\"metadata\":{},\"weight_map\":{\(index.dropFirst())}}", as: "model.safetensors.index.json")
    return shards.reduce(0) { $0 + $1.names.count }
  }

  private static let widths = [
    "BF16": 2, "F32": 4, "F8_E4M3": 1, "F8_E8M0": 1, "I8": 1, "U8": 1, "I32": 4,
  ]

  private func names(of tensor: Tensor) -> [String] {
    let parts = tensor.name.split(separator: "{L}", omittingEmptySubsequences: false)
    let layers = parts.count > 1 ? Self.numbers(tensor.layers ?? moeLayers) : [0]
    return layers.flatMap { layer in
      let name = parts.joined(separator: "\(layer)")
      let ends = name.split(separator: "{E}", omittingEmptySubsequences: false)
      return ends.count > 1 ? (0..<experts).map { ends.joined(separator: "\($0)") } : [name]
    }
  }

  /// The numbers of `[first, last, step]`, one after the other.
  private static func numbers(_ ranges: [[Int]]) -> [Int] {
    ranges.flatMap { Array(stride(from: $0[0], through: $0[1], by: $0[2])) }
  }

  private func padded(_ number: Int) -> String {
    String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)"
  }
}
