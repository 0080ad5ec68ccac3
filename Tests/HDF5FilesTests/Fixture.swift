import Foundation
import HDF5Files
import Tensors

/// Where the committed test files lie.
enum Fixture {
  static func path(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Fixtures/\(name)").path
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path(name))))
  }
}

/// A folder of its own for one test, gone with it.
struct ScratchFolder: ~Copyable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "hdf5-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  func path(_ name: String) -> String { url.appending(path: name).path }

  func write(_ bytes: [UInt8], as name: String) throws -> String {
    try Data(bytes).write(to: url.appending(path: name))
    return path(name)
  }

  var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}

/// The little-endian bytes of elements as the generators number them: element i is i * 0.5 - 3 in a
/// floating-point tensor, and i in a tensor of integers.
func numberedBytes(_ type: ElementType, _ indices: Range<Int>) -> [UInt8] {
  func bits<Bits: FixedWidthInteger>(_ value: Bits) -> [UInt8] {
    (0..<Bits.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
  return indices.flatMap { index -> [UInt8] in
    let number = Double(index) * 0.5 - 3
    return switch type {
    case .f64: bits(number.bitPattern)
    case .f32: bits(Float(number).bitPattern)
    case .f16: bits(Float16(number).bitPattern)
    case .bf16: bits(UInt16(Float(number).bitPattern >> 16))
    default: Array(bits(UInt64(index)).prefix(type.bitCount / 8))
    }
  }
}

extension TensorDescription {
  /// A description whose byte count follows from type and shape.
  static func of(_ name: String, _ type: ElementType, _ shape: [Int]) -> TensorDescription {
    TensorDescription(
      name: name, elementType: type, shape: shape,
      byteCount: shape.reduce(type.bitCount / 8, *))
  }

  /// The bytes of its elements, numbered.
  var numbered: [UInt8] { numberedBytes(elementType, 0..<shape.reduce(1, *)) }
}

/// A name that a file was expected to have.
struct NoSuchTensor: Error {
  let name: String
}

extension HDF5File {
  func tensor(_ name: String) throws -> TensorDescription {
    guard let tensor = tensors.first(where: { $0.name == name }) else {
      throw NoSuchTensor(name: name)
    }
    return tensor
  }

  /// The bytes of rows, read into memory that held something else.
  func bytes(of name: String, _ slice: TensorSlice) throws -> [UInt8] {
    let tensor = try tensor(name)
    let count = slice.elements(of: tensor.shape).count * tensor.elementType.bitCount / 8
    var bytes = [UInt8](repeating: 0xAA, count: count)
    var span = bytes.mutableSpan
    // Safe: any bytes are sound elements of `UInt8`.
    var raw = unsafe span.mutableBytes
    try read(slice, of: tensor, into: &raw)
    return bytes
  }

  func bytes(of name: String, rows: Range<Int>? = nil) throws -> [UInt8] {
    let tensor = try tensor(name)
    let rows = rows ?? 0..<tensor.rowCount
    let rowByteCount = tensor.rowCount == 0 ? 0 : tensor.byteCount / tensor.rowCount
    var bytes = [UInt8](repeating: 0xAA, count: rows.count * rowByteCount)
    var span = bytes.mutableSpan
    // Safe: any bytes are sound elements of `UInt8`.
    var raw = unsafe span.mutableBytes
    try read(rows: rows, of: tensor, into: &raw)
    return bytes
  }
}

extension HDF5Writer {
  func write(_ tensor: TensorDescription, elements: [UInt8]) throws(HDF5Error) {
    // Safe: bytes have no padding that could be read.
    try unsafe write(tensor, bytes: elements.span.bytes)
  }
}
