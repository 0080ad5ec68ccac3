import Foundation
import JSON

/// What a `model.safetensors.index.json` says: the file of every tensor.
struct ShardIndex: Sendable {
  /// The name of the index in its folder.
  let name: String
  /// The files that it names, as paths inside the folder, sorted.
  let files: [String]
  /// Where the file of each tensor stands in ``files``.
  let places: [String: Int]
  /// Whether the text begins with a byte order mark.
  let hasByteOrderMark: Bool

  /// Reads an index, and makes sure that the files it names are there, inside the folder.
  ///
  /// - Throws: ``CheckpointError``
  init(name: String, in folder: String) throws(CheckpointError) {
    let path = "\(folder)/\(name)"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .unreadable(path: path, reason: "no permission to read it")
    }
    let document: JSONDocument
    do {
      document = try JSONDocument([UInt8](data))
    } catch {
      throw .badIndex(path: path, reason: "\(error)")
    }
    guard let map = document.value["weight_map"]?.objectValue, !map.isEmpty else {
      throw .badIndex(path: path, reason: "has no 'weight_map' that names tensors")
    }
    files = Set(map.values.lazy.compactMap(\.stringValue)).sorted()
    let numbers = Dictionary(uniqueKeysWithValues: zip(files, 0...))
    places = map.mapValues { $0.stringValue.flatMap { numbers[$0] } ?? -1 }
    if let tensor = places.lazy.filter({ $0.value < 0 }).map(\.key).min() {
      throw .badIndex(path: path, reason: "gives no file name for tensor '\(tensor)'")
    }
    self.name = name
    hasByteOrderMark = document.hasByteOrderMark
    for shard in files {
      guard !shard.split(separator: "/").contains(".") else {
        throw .badIndex(path: path, reason: "names the file '\(shard)' by way of '.', not plainly")
      }
      let parts = shard.split(separator: "/", omittingEmptySubsequences: false)
      guard !shard.isEmpty, !shard.contains("\0"), !parts.contains(""), !parts.contains("..") else {
        throw .indexLeavesFolder(path: path, file: shard)
      }
    }
    let missing = files.filter { !FileManager.default.fileExists(atPath: "\(folder)/\($0)") }
    guard missing.isEmpty else {
      throw .missingShards(path: folder, files: missing, index: name)
    }
  }
}
