import GGUFFiles
import Tensors

/// A model in GGUF files: all parts of it, opened, with the config that its metadata are.
///
/// The parts were written by one program, so the first one's metadata speak for all.
struct GGUFModel: Sendable {
  /// Where the model lies: the file, or the first of its parts.
  let path: String
  /// The parts, in order.
  let parts: [GGUFFile]
  /// What `general.architecture` says.
  let architecture: String
  /// The `model_type` that the same model has in config.json.
  let modelType: String

  private let catalogue: GGUFCatalogue
  private let known: GGUFCatalogue.Architecture?

  private var metadata: [String: GGUFValue] { parts[0].metadata }

  /// Looks at the metadata of a model.
  ///
  /// - Parameters:
  ///   - path: The file, or the first of its parts, for messages.
  ///   - parts: Its parts, in order; at least one.
  ///   - isFamilyChosen: Whether the family is told otherwise, so that the architecture need not be
  ///     known.
  ///   - catalogue: What is known of GGUF files.
  /// - Throws: ``CheckpointError/badGGUF(path:key:reason:)`` and
  ///   ``CheckpointError/unknownArchitecture(path:architecture:known:)``
  init(
    path: String, parts: [GGUFFile], isFamilyChosen: Bool = false,
    catalogue: GGUFCatalogue = .builtIn
  ) throws(CheckpointError) {
    self.path = path
    self.parts = parts
    self.catalogue = catalogue
    let metadata = parts[0].metadata
    guard let name = metadata["general.architecture"]?.text else {
      throw .badGGUF(path: path, key: "general.architecture", reason: "is missing")
    }
    architecture = name
    known = catalogue.architectures.first { candidate in
      candidate.name == name
        && (candidate.when ?? [:]).allSatisfy { metadata["\(name).\($0)"]?.integer == $1 }
    }
    guard known != nil || isFamilyChosen else {
      throw .unknownArchitecture(
        path: path, architecture: name,
        known: Set(catalogue.architectures.map(\.name)).sorted())
    }
    modelType = known?.modelType ?? name
  }

  /// What the family calls the tensors of the files, where it has such tensors.
  func names(in family: Family, of families: FamilyCatalogue) -> GGUFNames {
    GGUFNames(catalogue, architecture: known, family: family, families: families)
  }

  /// The text of a config.json that says what the metadata say, by the keys of a family.
  ///
  /// - Throws: ``CheckpointError/badGGUF(path:key:reason:)`` where a size is missing.
  func config(of family: Family, families: FamilyCatalogue) throws(CheckpointError) -> String {
    var members: [String: String] = [
      "model_type": Self.quoted(modelType),
      // What a block stands for is a number of single precision.
      "dtype": Self.quoted("float32"),
    ]
    for (key, value) in known?.fixed ?? [:] { members[key] = "\(value)" }
    for (key, source) in catalogue.config.merging(known?.config ?? [:], uniquingKeysWith: { $1 }) {
      guard let value = self[source] else { continue }
      let word = value.integer.flatMap { catalogue.words[key]?["\($0)"] }
      members[key] = word.map(Self.quoted) ?? Self.text(of: value)
    }
    for key in ["hidden_size", "num_hidden_layers"] where members[key] == nil {
      throw .badGGUF(
        path: path, key: "\(architecture).\(catalogue.config[key] ?? key)", reason: "is missing")
    }
    if let further = self[catalogue.furtherLayers]?.integer, further > 0,
      let all = self[catalogue.config["num_hidden_layers"] ?? ""]?.integer, further < all
    {
      members["num_hidden_layers"] = "\(all - further)"
    }
    let count = self[catalogue.expertCount] ?? .integer(0)
    members[family.expertCount[0]] = Self.text(of: count)
    if let key = family.routing.perToken.first, let value = self[catalogue.perToken] {
      members[key] = Self.text(of: value)
    }
    if let value = catalogue.width.lazy.compactMap({ self[$0] }).first {
      members[family.width[0]] = Self.text(of: value)
    }
    let names = names(in: family, of: families)
    let tensors = parts.lazy.flatMap(\.tensors)
    if count.integer == 0, let tensor = tensors.first(where: { names.moeLayer($0.name) != nil }) {
      throw .badGGUF(
        path: path, key: "\(architecture).\(catalogue.expertCount)",
        reason: (self[catalogue.expertCount] == nil ? "is missing" : "is 0")
          + ", but there is tensor '\(tensor.name)'")
    }
    let layers = Set(tensors.compactMap { names.moeLayer($0.name) })
    members[catalogue.layersKey] = "\(layers.sorted())"
    let lines = members.sorted { $0.key < $1.key }.map { "  \(Self.quoted($0.key)): \($0.value)" }
    return "{\n\(lines.joined(separator: ",\n"))\n}\n"
  }

  /// The key of the metadata that says what keys of config.json do, the first of which is written.
  func key(of keys: String, in family: Family) -> String {
    let key = keys.split(separator: " ").first.map(String.init) ?? keys
    let source =
      switch key {
      case family.expertCount.first: catalogue.expertCount
      case family.routing.perToken.first: catalogue.perToken
      case family.width.first: catalogue.width.first { self[$0] != nil } ?? catalogue.width.last
      default: known?.config?[key] ?? catalogue.config[key]
      }
    return source.map { "\(architecture).\($0)" } ?? key
  }

  /// The value of a key of the architecture.
  private subscript(key: String) -> GGUFValue? { metadata["\(architecture).\(key)"] }

  // MARK: JSON

  /// A value as JSON; nil where there is no such value.
  private static func text(of value: GGUFValue) -> String? {
    switch value {
    case .integer(let number): return "\(number)"
    case .number(let number):
      guard number.isFinite else { return nil }
      // Of single precision as a rule: the shortest text of that is what config.json had.
      return Double(Float(number)) == number ? "\(Float(number))" : "\(number)"
    case .flag(let flag): return "\(flag)"
    case .text(let text): return quoted(text)
    case .list(let values):
      let texts = values.compactMap(text)
      return texts.count == values.count ? "[\(texts.joined(separator: ", "))]" : nil
    case .omitted: return nil
    }
  }

  private static func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar -> String in
      switch scalar {
      case "\"", "\\": "\\\(scalar)"
      case _ where scalar.value < 0x20:
        "\\u\(String(repeating: "0", count: 4 - String(scalar.value, radix: 16).count))"
          + String(scalar.value, radix: 16)
      default: "\(scalar)"
      }
    }
    return "\"\(escaped.joined())\""
  }
}
