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
    var map = FilesOfTensors(capacity: data.count / 64)
    let document: JSONDocument
    do {
      document = try JSONDocument([UInt8](data), handingOver: "weight_map") { map.take($0, $1) }
    } catch {
      throw .badIndex(path: path, reason: "\(error)")
    }
    if let tensor = map.strange.keys.min() {
      throw .badIndex(path: path, reason: "gives no file name for tensor '\(tensor)'")
    }
    guard !map.places.isEmpty else {
      throw .badIndex(path: path, reason: "has no 'weight_map' that names tensors")
    }
    files = map.files.sorted()
    let numbers = Dictionary(uniqueKeysWithValues: zip(files, 0...))
    let sorted = map.files.map { numbers[$0] ?? 0 }
    places = map.places.mapValues { sorted[$0] }
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

/// The members of a `weight_map`, of which there may be hundreds of thousands.
private struct FilesOfTensors {
  /// The files, in the order of the text.
  private(set) var files: [String] = []
  /// Where the file of each tensor stands in ``files``.
  private(set) var places: [String: Int] = [:]
  /// What stands for tensors in place of the name of a file.
  private(set) var strange: [String: JSONValue] = [:]
  private var numbers: [String: Int] = [:]

  /// Makes room for about so many tensors.
  init(capacity: Int) { places.reserveCapacity(capacity) }

  /// Takes a member; returns what the same tensor had before.
  mutating func take(_ tensor: String, _ value: JSONValue) -> JSONValue? {
    guard case .string(let file) = value else {
      return strange.updateValue(value, forKey: tensor) ?? places[tensor].map { .string(files[$0]) }
    }
    let earlier = places.updateValue(number(of: file), forKey: tensor)
    return earlier.map { .string(files[$0]) } ?? strange[tensor]
  }

  private mutating func number(of file: String) -> Int {
    // Most tensors lie where the one before them does.
    if let last = files.last, last == file { return files.count - 1 }
    if let number = numbers[file] { return number }
    numbers[file] = files.count
    files.append(file)
    return files.count - 1
  }
}
