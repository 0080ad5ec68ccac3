import JSON

extension ModelConfig {
  /// Whole numbers of layers, in the forms that configs have for them.
  enum LayerNumbers: Equatable {
    /// One for all.
    case same(Int)
    /// One for each of some layers in their order, 0 for null; not all the same.
    case listed([Int])
    /// One for each layer that is named.
    case byLayer([Int: Int])
  }

  /// The whole numbers of a key; nil where the key is missing or null.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  func layerNumbers(_ key: String) throws(CheckpointError) -> LayerNumbers? {
    let senseless = CheckpointError.badConfig(
      path: path, key: key, reason: "is not a list of whole numbers, one for each layer")
    let whole = { (value: JSONValue) in value.isNull ? 0 : value.integerValue }
    if let members = values[key]?.objectValue {
      var numbers: [Int: Int] = [:]
      for (name, value) in members {
        guard let layer = Int(name), let number = whole(value) else { throw senseless }
        numbers[layer] = number
      }
      guard !numbers.isEmpty else { throw senseless }
      return .byLayer(numbers)
    }
    guard let list = values[key]?.arrayValue, !list.isEmpty else {
      return try integer(key).map { .same($0) }
    }
    let numbers = list.compactMap(whole)
    guard numbers.count == list.count, let first = numbers.first else { throw senseless }
    return numbers.allSatisfy { $0 == first } ? .same(first) : .listed(numbers)
  }

  /// The integer of a key, or the first of a list; nil where the key is missing or null.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  func firstInteger(_ key: String) throws(CheckpointError) -> Int? {
    switch try layerNumbers(key) {
    case .listed(let numbers): numbers.first { $0 != 0 }
    case .byLayer(let numbers): numbers.min { $0.key < $1.key }?.value
    case .same, nil: try integer(key)
    }
  }

  /// The positive integer of the first key that is there, or the first of its list.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``, also where no key is there.
  func firstSize(_ keys: [String]) throws(CheckpointError) -> Int {
    for key in keys {
      if case .listed = try layerNumbers(key), let size = try firstInteger(key), size > 0 {
        return size
      }
    }
    return try size(keys)
  }

  /// The integers of a key that has a list of them, or a word with commas between them; nil where the
  /// key is missing or null.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  func listedIntegers(_ key: String) throws(CheckpointError) -> [Int]? {
    guard let word = values[key]?.stringValue else { return try integers(key) }
    let numbers = word.split(separator: ",").map { Int($0.filter { !$0.isWhitespace }) }
    guard !numbers.contains(nil) else {
      throw .badConfig(path: path, key: key, reason: "is not a list of whole numbers")
    }
    return numbers.compactMap(\.self)
  }

  /// The list of integers of a key; nil where the key is missing or null.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  public func integers(_ key: String) throws(CheckpointError) -> [Int]? {
    try list(key, of: "whole numbers") { $0.integerValue }
  }

  /// The list of finite numbers of a key; nil where the key is missing or null.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  public func numbers(_ key: String) throws(CheckpointError) -> [Double]? {
    try list(key, of: "finite numbers") { value in
      value.doubleValue.flatMap { $0.isFinite ? $0 : nil }
    }
  }

  /// The list of words of a key; nil where the key is missing or null.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  public func strings(_ key: String) throws(CheckpointError) -> [String]? {
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
