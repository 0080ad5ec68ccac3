import JSON
import Tensors

/// A header that has been checked: sound keys, and sound tensors that each own their bytes.
struct GGUFHeader: Sendable {
  /// The first bytes of every GGUF file.
  static let signature = Array("GGUF".utf8)

  /// What the file says of itself.
  let metadata: [String: GGUFValue]
  /// The tensors in the order of their data.
  let tensors: [TensorDescription]
  /// Where each tensor of ``tensors`` begins in the file.
  let begins: [Int]
  /// Where each name stands in ``tensors``.
  let places: [String: Int]
  /// The number of bytes before the data, without what fills up to their alignment.
  let byteCount: Int

  /// Reads a header and checks all that it says.
  ///
  /// - Throws: The first thing that is wrong, in the order of the file, then of the data.
  init(of source: GGUFSource) throws(GGUFError) {
    var cursor = GGUFCursor(source)
    try Self.checkStart(&cursor, path: source.path, byteCount: source.byteCount)
    let tensorCount = try cursor.next(UInt64.self)
    let keyCount = try cursor.next(UInt64.self)

    var metadata: [String: GGUFValue] = [:]
    var number: UInt64 = 0
    while number < keyCount {
      number += 1
      cursor.part = "key \(number) of \(keyCount)"
      let key = try cursor.nextName(path: source.path)
      cursor.part = "the key \(quoted(key))"
      let value = try cursor.nextValue(ofKey: key, path: source.path)
      guard metadata.updateValue(value, forKey: key) == nil else {
        throw .duplicateKey(path: source.path, key: key)
      }
    }
    let alignment = try Self.alignment(metadata["general.alignment"], path: source.path)

    var placed: [PlacedTensor] = []
    number = 0
    while number < tensorCount {
      number += 1
      cursor.part = "tensor \(number) of \(tensorCount)"
      placed.append(try cursor.nextTensor(path: source.path))
    }
    self.metadata = metadata
    byteCount = cursor.position
    placed = PlacedTensor.sortedByData(placed)
    tensors = placed.map(\.description)
    places = try Self.places(of: tensors, path: source.path)
    begins = try Self.begins(
      of: placed, dataOffset: Self.aligned(cursor.position, to: alignment), alignment: alignment,
      source: source)
  }

  /// Checks signature and version.
  private static func checkStart(
    _ cursor: inout GGUFCursor, path: String, byteCount: Int
  ) throws(GGUFError) {
    guard byteCount >= 4 else { throw .notGGUF(path: path) }
    var start: [UInt8] = []
    for _ in 0..<4 { start.append(try cursor.next()) }
    guard start == signature else {
      while start.count < min(9, byteCount) { start.append(try cursor.next()) }
      throw MisnamedFormat(firstBytes: start, byteCount: byteCount)
        .map { .misnamed(path: path, format: $0) } ?? .notGGUF(path: path)
    }
    let version = try cursor.next(UInt32.self)
    // A version has few bits: where they stand at the other end, all numbers do.
    if version & 0xffff == 0, version != 0 { throw .bigEndian(path: path) }
    guard version == 2 || version == 3 else {
      throw .unknownVersion(path: path, version: Int(version))
    }
  }

  private static func alignment(_ value: GGUFValue?, path: String) throws(GGUFError) -> Int {
    guard let value else { return 32 }
    guard let alignment = value.integer, alignment > 0, alignment <= 1 << 30,
      alignment & (alignment - 1) == 0
    else { throw .invalidAlignment(path: path, found: value.words) }
    return alignment
  }

  /// The next place that is aligned; headers and tensors end far below the limits of an Int.
  private static func aligned(_ place: Int, to alignment: Int) -> Int {
    (place + alignment - 1) / alignment * alignment
  }

  private static func places(
    of tensors: [TensorDescription], path: String
  ) throws(GGUFError) -> [String: Int] {
    var places = [String: Int](minimumCapacity: tensors.count)
    for (index, tensor) in tensors.enumerated() {
      guard places.updateValue(index, forKey: tensor.name) == nil else {
        throw .duplicateName(path: path, name: tensor.name)
      }
    }
    return places
  }

  /// Checks that each tensor begins at the first aligned place after the one before it, and that all
  /// lie in the file; returns where they begin.
  private static func begins(
    of tensors: [PlacedTensor], dataOffset: Int, alignment: Int, source: GGUFSource
  ) throws(GGUFError) -> [Int] {
    var begins: [Int] = []
    begins.reserveCapacity(tensors.count)
    var end = dataOffset
    for tensor in tensors {
      let expected = aligned(end, to: alignment) - dataOffset
      guard tensor.offset == UInt64(expected) else {
        throw .brokenLayout(
          path: source.path, tensor: tensor.description.name, expectedOffset: expected,
          actualOffset: tensor.offset)
      }
      begins.append(dataOffset + expected)
      end = dataOffset + expected
      guard tensor.description.byteCount <= source.byteCount - end else {
        throw .truncated(
          path: source.path, tensor: tensor.description.name,
          missingBytes: tensor.description.byteCount - max(0, source.byteCount - end),
          actualBytes: source.byteCount)
      }
      end += tensor.description.byteCount
    }
    return begins
  }
}

/// A tensor with its place in the data, checked by itself.
struct PlacedTensor {
  let description: TensorDescription
  /// Where its bytes begin, counted from the start of the data.
  let offset: UInt64

  /// The tensors in the order of their data; those without data before the one that begins where
  /// they stand.
  static func sortedByData(_ tensors: [PlacedTensor]) -> [PlacedTensor] {
    let order = tensors.indices.sorted {
      (tensors[$0].offset, tensors[$0].description.byteCount, $0)
        < (tensors[$1].offset, tensors[$1].description.byteCount, $1)
    }
    return order.map { tensors[$0] }
  }
}

extension GGUFCursor {
  /// The most bytes that a key or the name of a tensor may have, by the format.
  private static var nameLimit: Int { 65_535 }

  /// Reads the name of a key or a tensor.
  mutating func nextName(path: String) throws(GGUFError) -> String {
    let bytes = try nextText(upTo: Self.nameLimit)
    guard let bytes, !bytes.isEmpty, let name = String(validating: bytes, as: UTF8.self) else {
      throw .invalidName(
        path: path, part: part,
        reason: bytes.map { $0.isEmpty ? "is empty" : "is not UTF-8" }
          ?? "has more than \(Self.nameLimit) bytes")
    }
    return name
  }

  /// Reads the description of a tensor.
  mutating func nextTensor(path: String) throws(GGUFError) -> PlacedTensor {
    let name = try nextName(path: path)
    part = "tensor \(quoted(name))"
    let axisCount = try next(UInt32.self)
    guard axisCount <= 4 else {
      throw .tooManyAxes(path: path, tensor: name, count: Int(axisCount))
    }
    var lengths: [UInt64] = []
    for _ in 0..<axisCount { lengths.append(try next(UInt64.self)) }
    let number = try next(UInt32.self)
    let offset = try next(UInt64.self)
    guard let type = ElementType(ggmlNumber: number) else {
      throw .unknownElementType(path: path, tensor: name, number: Int(number))
    }
    return PlacedTensor(
      description: try description(of: name, type, innermostFirst: lengths, path: path),
      offset: offset)
  }

  private func description(
    of name: String, _ type: ElementType, innermostFirst lengths: [UInt64], path: String
  ) throws(GGUFError) -> TensorDescription {
    // Axes of length zero do not excuse the others from fitting.
    var bits = type.bitCount
    var shape: [Int] = []
    for (place, length) in lengths.enumerated() {
      guard var length = Int(exactly: length) else {
        throw .sizeOverflow(path: path, tensor: name, lengths: lengths)
      }
      if place == 0 {
        guard length.isMultiple(of: type.numberCount) else {
          throw .brokenBlock(path: path, tensor: name, elementType: type, rowLength: length)
        }
        length /= type.numberCount
      }
      let (product, overflow) = bits.multipliedReportingOverflow(by: max(1, length))
      if overflow { throw .sizeOverflow(path: path, tensor: name, lengths: lengths) }
      bits = product
      shape.insert(length, at: 0)
    }
    if lengths.isEmpty, type.isBlock {
      throw .brokenBlock(path: path, tensor: name, elementType: type, rowLength: 1)
    }
    return TensorDescription(
      name: name, elementType: type, shape: shape,
      byteCount: shape.contains(0) ? 0 : bits / 8)
  }
}
