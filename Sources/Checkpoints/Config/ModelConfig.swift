import Files
import Foundation
import JSON

/// What a checkpoint's config.json says: hyper-parameters by their keys.
///
/// A checkpoint's own ``Checkpoint/config`` looks keys up in the language model's part of the file,
/// where a family has such a part, otherwise in the whole of it.
///
/// ```swift
/// let heads = try checkpoint.config.size(["num_attention_heads"])
/// let base = try checkpoint.config.section("rope_parameters")?.number("rope_theta")
/// ```
///
/// Of a factored checkpoint they are those of the original. What is there but of another kind than the one asked for is an error that names file and key.
public struct ModelConfig: Sendable {
  /// Where the file lies.
  public let path: String
  /// The bytes of the file.
  private(set) var bytes: [UInt8]
  /// What is read there otherwise than it stands.
  let remarks: [CheckpointRemark]
  private let root: [String: JSONValue]
  private(set) var values: ConfigMembers

  /// Reads config.json.
  ///
  /// - Parameter path: The file; keys are looked up in the whole of it.
  /// - Throws: ``CheckpointError/noConfig(path:)``, ``CheckpointError/unreadable(path:reason:)`` and
  ///   ``CheckpointError/badConfig(path:key:reason:)``.
  public init(path: String) throws(CheckpointError) {
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
      throw .noConfig(path: path)
    } catch let error as CocoaError where error.code == .fileReadNoPermission {
      throw .unreadable(path: path, reason: "no permission to read it")
    } catch {
      // The system's own reason, such as too many open files, says more.
      throw .unreadable(
        path: path, reason: refusal(ofReading: path)?.reason ?? "it is no regular file")
    }
    try self.init(path: path, bytes: bytes)
  }

  /// Reads the text of a config.json, wherever it comes from.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  init(path: String, bytes: [UInt8]) throws(CheckpointError) {
    self.path = path
    self.bytes = bytes
    let document: JSONDocument
    do {
      document = try JSONDocument(bytes)
    } catch {
      if case .twoValues(let key, let first, let second) = error {
        throw .badConfig(
          path: path, key: key, reason: "stands twice, as \(first) and as \(second)")
      }
      throw .badConfig(path: path, key: nil, reason: "\(error)")
    }
    guard let members = document.value.objectValue else {
      throw .badConfig(path: path, key: nil, reason: "is not a JSON object")
    }
    root = try Self.ordinary(members, path: path)
    values = ConfigMembers(own: root)
    remarks =
      (document.hasByteOrderMark ? [.byteOrderMark(file: "config.json")] : [])
      + Set(document.repeatedKeys).sorted().map { .repeatedKey($0) }
  }

  /// The `model_type`, of the whole file or of its text model.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)`` when there is none.
  public var modelType: String {
    get throws(CheckpointError) {
      let places = [root["model_type"], root["text_config"]?["model_type"]]
      guard let value = places.lazy.compactMap({ $0 }).first(where: { !$0.isNull }) else {
        throw .badConfig(path: path, key: "model_type", reason: "is missing")
      }
      return try word(value, of: "model_type")
    }
  }

  /// The `model_type` of language models inside: what wrappers of one have, whatever they are called
  /// themselves.
  var wrappedModelTypes: [String] {
    Self.languageKeys.compactMap { section($0)?.values["model_type"]?.stringValue }
  }

  /// The keys that wrappers have for the config of their language model.
  private static let languageKeys = [
    "text_config", "llm_config", "language_config", "thinker_config.text_config",
  ]

  /// The part of the whole file that a family's keys stand in: the one that it names, or, where the
  /// whole does not tell the number of layers, that of a wrapped language model.
  func languagePart(of family: Family) -> ModelConfig {
    if let part = family.configRoot.flatMap(section) { return part }
    guard !family.layerCount.contains(where: has) else { return self }
    return Self.languageKeys.lazy.compactMap(section)
      .first { part in family.layerCount.contains(where: part.has) } ?? self
  }

  /// The section that the factored SD-MoE form adds to the whole file.
  var sdMoE: JSONValue? { root["sd_moe"] }

  /// Whether any key speaks of experts, whatever the family.
  var speaksOfExperts: Bool {
    let places = [root] + root.values.compactMap(\.objectValue)
    return places.contains { place in
      place.contains { key, value in
        let numbers = value.arrayValue?.compactMap(\.integerValue) ?? []
        return key.contains("expert") && (value.integerValue ?? numbers.max() ?? 0) > 1
      }
    }
  }

  /// The same config with keys looked up in the whole file.
  public var whole: ModelConfig {
    var config = self
    config.values = ConfigMembers(own: root)
    return config
  }

  /// The same config with keys looked up in the object that stands under a key, or under several,
  /// one inside the other, with points between them; nil where there is no such object.
  public func section(_ key: String) -> ModelConfig? {
    guard let inner = values[key]?.objectValue else { return nil }
    var config = self
    config.values = ConfigMembers(own: inner)
    return config
  }

  /// The same config with another text of the file.
  func replacingText(_ bytes: [UInt8]) -> ModelConfig {
    var config = self
    config.bytes = bytes
    return config
  }

  /// Whether a key is there, be it null.
  public func has(_ key: String) -> Bool { values[key] != nil }

  /// The integer of a key; nil where the key is missing or null.
  ///
  /// A list of equal integers, as some configs have one for each layer, is that integer.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``, also for an integer beyond 2^40.
  public func integer(_ key: String) throws(CheckpointError) -> Int? {
    guard let value = values[key], !value.isNull else { return nil }
    if let list = value.arrayValue, let first = list.first, list.allSatisfy({ $0 == first }),
      let number = first.integerValue
    {
      return number
    }
    guard let number = value.integerValue else {
      throw .badConfig(path: path, key: key, reason: value.refusal(as: "a whole number"))
    }
    guard number.magnitude <= 1 << 40 else {
      throw .badConfig(path: path, key: key, reason: "is \(number), beyond reason")
    }
    return number
  }

  /// The positive integer of the first key that is there.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``, also where no key is there.
  public func size(_ keys: [String], atMost limit: Int = .max) throws(CheckpointError) -> Int {
    for key in keys {
      guard let value = try integer(key) else { continue }
      guard value > 0 else {
        throw .badConfig(path: path, key: key, reason: "is \(value), but must be positive")
      }
      guard value <= limit else {
        throw .badConfig(path: path, key: key, reason: "is \(value), beyond reason")
      }
      return value
    }
    throw .badConfig(
      path: path, key: keys.joined(separator: " or "), reason: "is missing")
  }

  /// How many experts a token gets in a layer: at most as many as that layer has.
  ///
  /// The positive integer of the first key that is there; of a list of all layers, that layer's.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``, also where no key is there.
  public func size(
    _ keys: [String], ofLayer layer: Int, atMost limit: Int
  ) throws(CheckpointError) -> Int {
    let key = keys.first { values[$0]?.isNull == false }
    guard let key, let list = values[key]?.arrayValue else {
      let value = try size(keys)
      guard value <= limit else {
        throw .badConfig(
          path: path, key: key, reason: "is \(value), but layer \(layer) has \(limit) experts")
      }
      return value
    }
    guard list.indices.contains(layer), let value = list[layer].integerValue,
      (1...limit).contains(value)
    else {
      throw .badConfig(
        path: path, key: key, reason: "has no number from 1 to \(limit) for layer \(layer)")
    }
    return value
  }

  /// The number of a key; nil where the key is missing or null.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``, also for a number that is not finite.
  public func number(_ key: String) throws(CheckpointError) -> Double? {
    guard let value = values[key], !value.isNull else { return nil }
    guard let number = value.doubleValue, number.isFinite else {
      throw .badConfig(path: path, key: key, reason: value.refusal(as: "a finite number"))
    }
    return number
  }

  /// Whether a key is true; nil where the key is missing or null.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  public func boolean(_ key: String) throws(CheckpointError) -> Bool? {
    guard let value = values[key], !value.isNull else { return nil }
    guard let flag = value.boolValue else {
      throw .badConfig(path: path, key: key, reason: "is neither true nor false")
    }
    return flag
  }

  /// The word of a key; nil where the key is missing or null.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``, also for a word with control
  ///   characters.
  public func word(_ key: String) throws(CheckpointError) -> String? {
    guard let value = values[key], !value.isNull else { return nil }
    return try word(value, of: key)
  }

  private func word(_ value: JSONValue, of key: String) throws(CheckpointError) -> String {
    guard let word = value.stringValue else {
      throw .badConfig(path: path, key: key, reason: "is not a word")
    }
    // It is shown on terminals, where control characters could forge lines.
    guard !word.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else { throw .badConfig(path: path, key: key, reason: "holds control characters") }
    return word
  }

  /// The positive integer of a key that something is counted in steps of.
  func step(_ key: String, default fallback: Int) throws(CheckpointError) -> Int {
    let value = try integer(key) ?? fallback
    guard value > 0 else {
      throw .badConfig(path: path, key: key, reason: "is \(value), but must be positive")
    }
    return value
  }
}

extension JSONValue {
  /// Says that the value is of another kind than the one asked for; `NaN` and `Infinity`, which only
  /// Python takes for numbers, are named.
  fileprivate func refusal(as kind: String) -> String {
    guard let number = doubleValue, !number.isFinite else { return "is not \(kind)" }
    let word = number.isNaN ? "NaN" : number > 0 ? "Infinity" : "-Infinity"
    return "is \(word), not \(kind)"
  }
}
