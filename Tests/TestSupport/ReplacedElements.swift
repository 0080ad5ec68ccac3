import Foundation
import Testing

/// Writes other numbers into a tensor of a safetensors file, in place: each element gets the bytes
/// of another.
///
/// - Parameters:
///   - name: The tensor.
///   - path: The file.
///   - keepingTimes: Whether the file shall look as it did before.
/// - Throws: Where the file has no such tensor, or cannot be written.
public func replaceElements(of name: String, in path: String, keepingTimes: Bool = false) throws {
  let attributes = try FileManager.default.attributesOfItem(atPath: path)
  let data = try Data(contentsOf: URL(filePath: path))
  let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
  let header = try JSONSerialization.jsonObject(with: data.subdata(in: 8..<8 + length))
  let entry = try #require((header as? [String: Any])?[name] as? [String: Any])
  let offsets = try #require(entry["data_offsets"] as? [Int])
  let bytes = data.subdata(in: 8 + length + offsets[0]..<8 + length + offsets[1])
  let handle = try FileHandle(forUpdating: URL(filePath: path))
  try handle.seek(toOffset: UInt64(8 + length + offsets[0]))
  try handle.write(contentsOf: bytes.suffix(bytes.count / 2) + bytes.prefix(bytes.count / 2))
  try handle.close()
  if keepingTimes {
    try FileManager.default.setAttributes(
      [.modificationDate: attributes[.modificationDate] as Any], ofItemAtPath: path)
  }
}
