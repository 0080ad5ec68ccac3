import Tensors

/// The bytes of a file before its data, and how many bytes of data must follow.
func encodedHeader(
  of tensors: [TensorDescription], metadata: [String: String], path: String
) throws(SafetensorsError) -> (bytes: [UInt8], dataByteCount: Int) {
  _ = try SafetensorsHeader.places(of: tensors, path: path)
  var members: [String] = []
  if !metadata.isEmpty {
    let pairs = metadata.sorted { $0.key < $1.key }
      .map { "\(jsonString($0.key)):\(jsonString($0.value))" }
    members.append("\"\(metadataKey)\":{\(pairs.joined(separator: ","))}")
  }

  var end = 0
  for tensor in tensors {
    let begin = end
    end = try endOfTensor(tensor, begin: begin, path: path)
    let shape = tensor.shape.map(String.init).joined(separator: ",")
    members.append(
      """
      \(jsonString(tensor.name)):{"dtype":"\(tensor.elementType.rawValue)",\
      "shape":[\(shape)],"data_offsets":[\(begin),\(end)]}
      """)
  }

  var text = Array("{\(members.joined(separator: ","))}".utf8)
  // Spaces make the data begin at a multiple of eight.
  text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
  guard text.count <= SafetensorsHeader.byteLimit else {
    throw .tooManyTensors(path: path, tensorCount: tensors.count, headerBytes: text.count)
  }
  let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
  return (length + text, end)
}

/// Where a tensor's bytes end, after checking what its description says.
private func endOfTensor(
  _ tensor: TensorDescription, begin: Int, path: String
) throws(SafetensorsError) -> Int {
  guard tensor.name != metadataKey else { throw .reservedName(path: path, name: tensor.name) }
  guard tensor.shape.allSatisfy({ $0 >= 0 }) else {
    throw .invalidShape(path: path, tensor: tensor.name, found: "\(tensor.shape)")
  }
  precondition(
    !tensor.elementType.isBlock, "safetensors has no blocks of \(tensor.elementType.rawValue)")
  let byteCount = try tensor.elementType.byteCount(
    of: tensor.shape, path: path, tensor: tensor.name)
  guard byteCount == tensor.byteCount else {
    throw .sizeMismatch(
      path: path, tensor: tensor.name, describedBytes: byteCount, storedBytes: tensor.byteCount)
  }
  let (end, overflow) = begin.addingReportingOverflow(byteCount)
  // The header has to fit before the data.
  guard !overflow, end <= Int.max - 8 - SafetensorsHeader.byteLimit else {
    throw .sizeOverflow(path: path, tensor: tensor.name, shape: tensor.shape)
  }
  return end
}

/// A text as a JSON string, in its quotes.
private func jsonString(_ text: String) -> String {
  var bytes: [UInt8] = [UInt8(ascii: "\"")]
  for byte in text.utf8 {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(byte)
    case ..<0x10: bytes.append(contentsOf: "\\u000\(String(byte, radix: 16))".utf8)
    case ..<0x20: bytes.append(contentsOf: "\\u00\(String(byte, radix: 16))".utf8)
    default: bytes.append(byte)
    }
  }
  bytes.append(UInt8(ascii: "\""))
  return String(decoding: bytes, as: UTF8.self)
}
