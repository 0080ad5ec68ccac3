import Foundation
import SafetensorsFiles
import TensorFiles
import Tensors

/// The weight files of a checkpoint folder, opened and checked, and the place of every tensor in
/// them.
struct WeightFiles: Sendable {
  /// A file, under the name that it has in the folder.
  struct File: Sendable {
    let name: String
    let tensors: StoredTensors
  }

  /// Where a tensor lies.
  struct Place: Sendable {
    let file: any TensorFile
    let tensor: TensorDescription
  }

  /// The files, sorted by name.
  let files: [File]
  /// What the files hold under the name of a tensor without being one, and why.
  let skipped: [String: (path: String, reason: String)]
  private let places: [String: (file: Int, tensor: Int)]

  /// The number of tensors in all files.
  var tensorCount: Int { places.count }

  /// The size of all files, in bytes.
  var byteCount: Int { files.reduce(0) { $0 + $1.tensors.byteCount } }

  /// The tensor of that name.
  subscript(name: String) -> Place? {
    places[name].map {
      let file = files[$0.file].tensors.file
      return Place(file: file, tensor: file.tensors[$0.tensor])
    }
  }

  /// Whether there is a tensor of that name, or what takes its place where experts are factored.
  func holdsWeight(_ name: String) -> Bool {
    places[name] != nil || places[FactoredExpertNames(weight: name).unique] != nil
  }

  /// Opens the weight files of a folder.
  ///
  /// As transformers does, a single `model.safetensors` goes before an index.
  ///
  /// - Throws: ``CheckpointError``, and the errors of the files' rooms.
  init(folder: String) throws {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    } catch {
      throw CheckpointError.unreadable(path: folder, reason: "no permission to list it")
    }
    let index = "model.safetensors.index.json"
    let single = names.filter { $0.hasSuffix(".safetensors") }
    if names.contains("model.safetensors") {
      try self.init(safetensors: ["model.safetensors"], in: folder)
    } else if names.contains(index) {
      try self.init(index: "\(folder)/\(index)", in: folder)
    } else if single.count == 1 {
      try self.init(safetensors: single, in: folder)
    } else if !single.isEmpty {
      _ = try Self.wholeTensors(at: "\(folder)/\(single[0])")
      throw CheckpointError.noIndex(path: folder, files: single.count)
    } else {
      let hdf5 = names.filter { $0.hasSuffix(".h5") || $0.hasSuffix(".hdf5") }
      guard !hdf5.isEmpty else { throw CheckpointError.noWeights(path: folder) }
      try self.init(
        files: try hdf5.map {
          File(name: $0, tensors: try StoredTensors(hdf5: "\(folder)/\($0)"))
        })
    }
  }

  private init(safetensors names: [String], in folder: String) throws {
    try self.init(
      files: try names.map {
        File(name: $0, tensors: try Self.wholeTensors(at: "\(folder)/\($0)"))
      })
  }

  /// Opens a safetensors file that holds whole tensors, not one rank's slices.
  private static func wholeTensors(at path: String) throws -> StoredTensors {
    let tensors = try StoredTensors(safetensors: path)
    guard tensors.text(of: "DCP_SHARDING_INFO") == nil else {
      throw CheckpointError.distributedSave(path: path)
    }
    return tensors
  }

  private init(index path: String, in folder: String) throws {
    let map = try shardIndex(path: path)
    let shards = Set(map.values).sorted()
    for shard in shards {
      guard !shard.split(separator: "/").contains(".") else {
        throw CheckpointError.badIndex(
          path: path, reason: "names the file '\(shard)' by way of '.', not plainly")
      }
      let parts = shard.split(separator: "/", omittingEmptySubsequences: false)
      guard !shard.isEmpty, !shard.contains("\0"), !parts.contains(""), !parts.contains("..") else {
        throw CheckpointError.indexLeavesFolder(path: path, file: shard)
      }
      guard FileManager.default.fileExists(atPath: "\(folder)/\(shard)") else {
        throw CheckpointError.missingShard(
          path: folder, file: shard, index: (path as NSString).lastPathComponent)
      }
    }
    try self.init(safetensors: shards, in: folder)
    let names = self.files.map(\.name)
    let lost = map.filter { tensor, shard in
      places[tensor].map { names[$0.file] != shard } ?? true
    }
    // The least of them, so that the same broken index always names the same tensor.
    if let (tensor, shard) = lost.min(by: { $0.key < $1.key }) {
      throw CheckpointError.tensorNotInShard(
        path: "\(folder)/\(shard)", tensor: tensor, index: (path as NSString).lastPathComponent)
    }
  }

  private init(files: [File]) throws {
    self.files = files
    var places: [String: (file: Int, tensor: Int)] = [:]
    places.reserveCapacity(files.reduce(0) { $0 + $1.tensors.file.tensors.count })
    for (number, file) in files.enumerated() {
      for (place, tensor) in file.tensors.file.tensors.enumerated() {
        if let earlier = places.updateValue((number, place), forKey: tensor.name) {
          throw CheckpointError.tensorInTwoFiles(
            tensor: tensor.name, first: files[earlier.file].tensors.path, second: file.tensors.path)
        }
      }
    }
    self.places = places
    var skipped: [String: (path: String, reason: String)] = [:]
    for file in files {
      for entry in file.tensors.skipped {
        guard let end = entry.firstRange(of: ": ") else { continue }
        let name = String(entry[..<end.lowerBound].dropFirst()).replacing("/", with: ".")
        skipped[name] = (file.tensors.path, String(entry[end.upperBound...]))
      }
    }
    self.skipped = skipped
  }

  /// Says which foreign format a folder holds, where it holds nothing that is read; nil where all
  /// is well.
  static func foreignFormat(in folder: String) -> CheckpointError? {
    // A folder that cannot be listed is told so when its files are opened.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()) ?? []
    let readable = [".safetensors", ".safetensors.index.json", ".h5", ".hdf5"]
    guard !names.contains(where: { name in readable.contains { name.hasSuffix($0) } }) else {
      return nil
    }
    let foreign = [
      (".gguf", "GGUF"), (".bin", "PyTorch pickles (.bin)"), (".pt", "PyTorch pickles (.pt)"),
      (".pth", "PyTorch pickles (.pth)"), (".npz", "NumPy archives (.npz)"),
    ]
    for (ending, format) in foreign {
      if let name = names.first(where: { $0.hasSuffix(ending) && $0 != "training_args.bin" }) {
        return .foreignFormat(path: "\(folder)/\(name)", format: format)
      }
    }
    return nil
  }
}

/// The map from tensors to files of a `model.safetensors.index.json`.
private func shardIndex(path: String) throws(CheckpointError) -> [String: String] {
  guard let data = FileManager.default.contents(atPath: path) else {
    throw .unreadable(path: path, reason: "no permission to read it")
  }
  let value: JSONValue
  do {
    value = try JSONValue.parse([UInt8](data), allowsNonFiniteNumbers: true)
  } catch {
    throw .badIndex(path: path, reason: "is not JSON: \(error)")
  }
  guard let map = value["weight_map"]?.objectValue, !map.isEmpty else {
    throw .badIndex(path: path, reason: "has no 'weight_map' that names tensors")
  }
  let files = map.compactMapValues(\.stringValue)
  if files.count < map.count, let tensor = map.keys.filter({ files[$0] == nil }).min() {
    throw .badIndex(path: path, reason: "gives no file name for tensor '\(tensor)'")
  }
  return files
}
