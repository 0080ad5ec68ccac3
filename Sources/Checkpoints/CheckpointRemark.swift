import Experts

/// What is no fault of a checkpoint, but should not pass unmentioned: what is not read, or is read
/// otherwise than it stands.
public enum CheckpointRemark: Sendable, Hashable {
  /// Files of weights that are not read, because others are the model's.
  case unreadFiles([String], reason: String)
  /// Files in folders below, which are never read unless an index names them.
  case filesBelow(folders: [String], count: Int)
  /// Tensors in files that are read, which the index does not place there; the first by name.
  case unlistedTensors(count: Int, first: String, file: String, index: String)
  /// Tensors that stand in two files with the same content; the first by name.
  case repeatedTensors(count: Int, first: String, files: [String])
  /// Words in the names of tensors that the family does not have and that are passed over.
  case wrappedNames(words: [String])
  /// The text before `layers.` is none of those that the family has.
  case otherPrefix(String)
  /// A key stands twice in config.json, with the same value.
  case repeatedKey(String)
  /// A number of experts, layers without them, or experts without a gate, in words.
  case unlikeConfig(String)
  /// Scales beside experts' weights that are plain numbers, which nothing applies; the first by name.
  case strayScales(count: Int, first: String)
  /// A JSON file begins with a byte order mark.
  case byteOrderMark(file: String)

  /// A folder was meant, though a model in the hub's cache is called the same.
  case folderBeforeCache(String, cache: String)
  /// The only snapshot of a model in the hub's cache was taken, as nothing says which is the usual
  /// one.
  case onlySnapshot(String)

  /// Whether it matters only to somebody who looks at what the folder holds.
  public var isOfFolderAlone: Bool {
    if case .filesBelow = self { return true }
    return false
  }
}

extension CheckpointRemark: CustomStringConvertible {
  /// What was found, and what is made of it.
  public var description: String {
    switch self {
    case .unreadFiles(let names, let reason):
      "\(listed(names)) \(names.count == 1 ? "is" : "are") not read: \(reason)"
    case .filesBelow(let folders, let count):
      "\(counted(count, "safetensors or HDF5 file")) below, in \(listed(folders)), \(count == 1 ? "is" : "are") not read"
    case .unlistedTensors(let count, let first, let file, let index):
      "\(counted(count, "tensor")) that \(index) does not place there \(count == 1 ? "is" : "are") not read: \(count == 1 ? "" : "first ")'\(first)' in \(file)"
    case .repeatedTensors(let count, let first, let files):
      "\(counted(count, "tensor")) \(count == 1 ? "stands" : "stand") twice with the same content: \(count == 1 ? "" : "first ")'\(first)' in \(files.joined(separator: " and "))"
    case .wrappedNames(let words):
      "the names of tensors are read without \(words.map { "'\($0)'" }.joined(separator: ", "))"
    case .otherPrefix(let prefix):
      prefix.isEmpty
        ? "the names of layers begin with 'layers.', which is not how this family is saved"
        : "the layers stand behind '\(prefix)', which is not how this family is saved"
    case .repeatedKey(let key): "config.json has '\(key)' twice, with the same value"
    case .unlikeConfig(let text): text
    case .strayScales(let count, let first):
      "\(counted(count, "scale")) of weights that are plain numbers \(count == 1 ? "is" : "are") not applied, such as '\(first)': the weights count as they stand"
    case .byteOrderMark(let file):
      "\(file) begins with a byte order mark, which is passed over; transformers refuses it"
    case .folderBeforeCache(let name, let cache):
      "the folder here is read, not the model \(name) in the Hugging Face cache (\(cache)); name the other one by its folder there"
    case .onlySnapshot(let commit):
      "the cache does not say which snapshot is main; the only one, \(commit), is read"
    }
  }

  /// The first few names, and how many more there are.
  private func listed(_ names: [String]) -> String {
    let most = 3
    let more = names.count > most ? " and \(names.count - most) more" : ""
    return names.prefix(most).joined(separator: ", ") + more
  }
}
