import Foundation
import SafetensorsFiles

/// The language model's part of a checkpoint's config.json.
struct ModelConfig: Sendable {
  /// Where the file lies.
  let path: String
  /// The bytes of the file.
  let bytes: [UInt8]
  private let root: [String: JSONValue]
  private var values: [String: JSONValue]

  /// Reads config.json.
  ///
  /// - Throws: ``CheckpointError/noConfig(path:)`` and
  ///   ``CheckpointError/badConfig(path:key:reason:)``.
  init(path: String) throws(CheckpointError) {
    self.path = path
    do {
      bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
      throw .noConfig(path: path)
    } catch let error as CocoaError where error.code == .fileReadNoPermission {
      throw .unreadable(path: path, reason: "no permission to read it")
    } catch {
      throw .unreadable(path: path, reason: "it is no regular file")
    }
    let value: JSONValue
    do {
      // Python writes Infinity into some configs.
      value = try JSONValue.parse(bytes, allowsNonFiniteNumbers: true)
    } catch {
      throw .badConfig(path: path, key: nil, reason: "is not JSON: \(error)")
    }
    guard let members = value.objectValue else {
      throw .badConfig(path: path, key: nil, reason: "is not a JSON object")
    }
    root = members
    values = members
  }

  /// The `model_type`, of the whole file or of its text model.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)`` when there is none.
  var modelType: String {
    get throws(CheckpointError) {
      let places = [root["model_type"], root["text_config"]?["model_type"]]
      guard let value = places.lazy.compactMap({ $0 }).first(where: { !$0.isNull }) else {
        throw .badConfig(path: path, key: "model_type", reason: "is missing")
      }
      return try word(value, of: "model_type")
    }
  }

  /// The section that the factored SD-MoE form adds to the whole file.
  var sdMoE: JSONValue? { root["sd_moe"] }

  /// Whether any key speaks of experts, whatever the family.
  var speaksOfExperts: Bool {
    let places = [root] + root.values.compactMap(\.objectValue)
    return places.contains { place in
      place.contains { key, value in
        key.contains("expert") && (value.integerValue ?? 0) > 1
      }
    }
  }

  /// Looks keys up in that object of the file from now on, where it exists.
  mutating func enter(_ object: String?) {
    if let object, let inner = root[object]?.objectValue { values = inner }
  }

  /// Whether a key is there, be it null.
  func has(_ key: String) -> Bool { values[key] != nil }

  /// The integer of a key; nil where the key is missing or null.
  func integer(_ key: String) throws(CheckpointError) -> Int? {
    guard let value = values[key], !value.isNull else { return nil }
    // Some configs list one value for each layer: all the same, they are one.
    if let list = value.arrayValue, let first = list.first, list.allSatisfy({ $0 == first }),
      let number = first.integerValue
    {
      return number
    }
    guard let number = value.integerValue else {
      throw .badConfig(path: path, key: key, reason: "is not a whole number")
    }
    guard number.magnitude <= 1 << 40 else {
      throw .badConfig(path: path, key: key, reason: "is \(number), beyond reason")
    }
    return number
  }

  /// The positive integer of the first key that is there.
  func size(_ keys: [String], atMost limit: Int = .max) throws(CheckpointError) -> Int {
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

  /// The positive integer of the first key that is there; of a list of all layers, that layer's.
  func size(
    _ keys: [String], ofLayer layer: Int, atMost limit: Int
  ) throws(CheckpointError) -> Int {
    guard let key = keys.first(where: { values[$0]?.isNull == false }),
      let list = values[key]?.arrayValue
    else { return try size(keys, atMost: limit) }
    guard list.indices.contains(layer), let value = list[layer].integerValue,
      (1...limit).contains(value)
    else {
      throw .badConfig(
        path: path, key: key, reason: "has no number from 1 to \(limit) for layer \(layer)")
    }
    return value
  }

  /// Whether a key is true; nil where the key is missing or null.
  func boolean(_ key: String) throws(CheckpointError) -> Bool? {
    guard let value = values[key], !value.isNull else { return nil }
    guard let flag = value.boolValue else {
      throw .badConfig(path: path, key: key, reason: "is neither true nor false")
    }
    return flag
  }

  /// The word of a key; nil where the key is missing or null.
  func word(_ key: String) throws(CheckpointError) -> String? {
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

  /// The list of integers of a key; nil where the key is missing or null.
  func integers(_ key: String) throws(CheckpointError) -> [Int]? {
    try list(key, of: "whole numbers") { $0.integerValue }
  }

  /// The list of words of a key; nil where the key is missing or null.
  func strings(_ key: String) throws(CheckpointError) -> [String]? {
    try list(key, of: "words") { $0.stringValue }
  }

  private func list<Element>(
    _ key: String, of kind: String, _ convert: (JSONValue) -> Element?
  ) throws(CheckpointError) -> [Element]? {
    guard let value = values[key], !value.isNull else { return nil }
    guard let found = value.arrayValue?.map(convert), !found.contains(where: { $0 == nil }) else {
      throw .badConfig(path: path, key: key, reason: "is not a list of \(kind)")
    }
    return found.compactMap { $0 }
  }
}
