import Tensors

/// A header that has been checked: sound tensors that own every byte of the data, each byte once.
struct SafetensorsHeader: Sendable {
  /// The most bytes that the JSON text of a header may have, by the format.
  static let byteLimit = 100_000_000

  let metadata: [String: String]

  /// The tensors in the order of their data.
  let tensors: [TensorDescription]

  /// Where each tensor of ``tensors`` begins, counted from the start of the data.
  let begins: [Int]

  /// Where each name stands in ``tensors``.
  let places: [String: Int]

  /// Reads the JSON text of a header and checks all that it says.
  ///
  /// - Parameters:
  ///   - bytes: The text, without the eight bytes of its length.
  ///   - path: The name of the file, for the errors.
  ///   - fileByteCount: The size of the file, at least `8 + bytes.count`.
  /// - Throws: The first thing that is wrong, in the order of the text, then of the data.
  init(_ bytes: [UInt8], path: String, fileByteCount: Int) throws(SafetensorsError) {
    var scanner = HeaderScanner(bytes)
    var metadata: [String: String]?
    var found: [PlacedTensor] = []
    while let member = try Self.nextMember(of: &scanner, path: path) {
      switch member {
      case .tensor(let entry): found.append(try PlacedTensor(entry, path: path))
      case .metadata(let map):
        guard metadata == nil else { throw .duplicateName(path: path, name: metadataKey) }
        metadata = map
      case .invalidMetadata(let text): throw .invalidMetadata(path: path, found: text)
      }
    }
    self.metadata = metadata ?? [:]

    found = PlacedTensor.sortedByData(found)
    tensors = found.map(\.description)
    begins = found.map(\.begin)
    places = try Self.places(of: tensors, path: path)
    try Self.checkLayout(
      found, path: path, dataOffset: 8 + bytes.count, fileByteCount: fileByteCount)
  }

  private static func nextMember(
    of scanner: inout HeaderScanner, path: String
  ) throws(SafetensorsError) -> HeaderMember? {
    do {
      return try scanner.next()
    } catch {
      throw .invalidHeader(path: path, name: scanner.currentName, error)
    }
  }

  /// Where each name stands among `tensors`, which no two may share.
  static func places(
    of tensors: [TensorDescription], path: String
  ) throws(SafetensorsError) -> [String: Int] {
    var places = [String: Int](minimumCapacity: tensors.count)
    for (index, tensor) in tensors.enumerated() {
      guard places.updateValue(index, forKey: tensor.name) == nil else {
        throw .duplicateName(path: path, name: tensor.name)
      }
    }
    return places
  }

  /// Checks that each tensor begins where the one before it ends, and the last ends with the file.
  private static func checkLayout(
    _ tensors: [PlacedTensor], path: String, dataOffset: Int, fileByteCount: Int
  ) throws(SafetensorsError) {
    var end = 0
    for tensor in tensors {
      guard tensor.begin == end else {
        throw .brokenLayout(
          path: path, tensor: tensor.description.name, expectedOffset: end,
          actualOffset: tensor.begin)
      }
      end = tensor.end
    }

    let (fileEnd, overflow) = dataOffset.addingReportingOverflow(end)
    if overflow || fileEnd > fileByteCount {
      throw .truncated(
        path: path, expectedBytes: overflow ? .max : fileEnd, actualBytes: fileByteCount)
    }
    if fileEnd < fileByteCount {
      throw .unownedBytes(path: path, count: fileByteCount - fileEnd)
    }
  }
}
