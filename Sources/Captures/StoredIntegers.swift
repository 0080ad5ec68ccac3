import Tensors

/// The element types that hold whole numbers.
let integerTypes: Set<ElementType> = [.i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8]

/// Integers in a file, of any width and shape, read in blocks, one row after the other.
///
/// Masks may be stored as truth values or as floating-point numbers too.
struct StoredIntegers {
  private static let blockCount = 1 << 16

  private let file: any TensorFile
  private let tensor: TensorDescription
  /// The number of integers in a slice along the first axis.
  private let rowLength: Int
  private var bytes: [UInt8]
  private var values: [Int] = []
  private var start = 0

  /// Prepares to read integers.
  ///
  /// - Precondition: The tensor has an axis, and one of the integer types, the type of truth values
  ///   or one that can be decoded.
  init(_ tensor: TensorDescription, of file: any TensorFile) {
    precondition(!tensor.shape.isEmpty)
    self.file = file
    self.tensor = tensor
    rowLength = tensor.shape.dropFirst().reduce(1, *)
    let elementByteCount = tensor.elementType.bitCount / 8
    bytes = [UInt8](
      repeating: 0,
      count: min(Self.rowsAtOnce(rowLength), tensor.rowCount) * rowLength * elementByteCount)
  }

  private static func rowsAtOnce(_ rowLength: Int) -> Int { max(1, blockCount / max(1, rowLength)) }

  /// The number at a place; that of a lower one has to be asked for before.
  ///
  /// - Throws: ``CaptureError/numberTooLarge(path:tensor:place:value:)``,
  ///   ``CaptureError/notAMask(path:tensor:place:value:)``, and the file's error.
  mutating func value(at place: Int) throws -> Int {
    if place >= start + values.count {
      start = place / rowLength * rowLength
      try readBlock()
    }
    return values[place - start]
  }

  private mutating func readBlock() throws {
    let elementByteCount = tensor.elementType.bitCount / 8
    let row = start / rowLength
    let rows = row..<min(tensor.rowCount, row + Self.rowsAtOnce(rowLength))
    let count = rows.count * rowLength
    let (file, tensor) = (file, tensor)
    var space = bytes.mutableSpan
    var part = space._mutatingExtracting(0..<count * elementByteCount)
    // Safe: any bytes are sound elements.
    var target = unsafe part.mutableBytes
    try file.read(rows: rows, of: tensor, into: &target)
    switch tensor.elementType {
    case .i64: try decode(count, as: Int64.self)
    case .i32: try decode(count, as: Int32.self)
    case .i16: try decode(count, as: Int16.self)
    case .i8: try decode(count, as: Int8.self)
    case .u64: try decode(count, as: UInt64.self)
    case .u32: try decode(count, as: UInt32.self)
    case .u16: try decode(count, as: UInt16.self)
    case .u8, .bool: try decode(count, as: UInt8.self)
    default: try decodeNumbers(count)
    }
  }

  private mutating func decodeNumbers(_ count: Int) throws(CaptureError) {
    var numbers = [Float](repeating: 0, count: count)
    var target = numbers.mutableSpan
    // Safe: bytes have no padding.
    Tensors.decode(
      unsafe bytes.span.bytes.extracting(0..<count * tensor.elementType.bitCount / 8),
      of: tensor.elementType, into: &target)
    values.removeAll(keepingCapacity: true)
    for (place, number) in numbers.enumerated() {
      guard let value = Int(exactly: number) else {
        throw .notAMask(
          path: file.path, tensor: tensor.name, place: start + place, value: "\(number)")
      }
      values.append(value)
    }
  }

  private mutating func decode<Stored: FixedWidthInteger & BitwiseCopyable>(
    _ count: Int, as type: Stored.Type
  ) throws(CaptureError) {
    values.removeAll(keepingCapacity: true)
    for place in 0..<count {
      // Safe: the block holds `count` elements of this type.
      let stored = unsafe bytes.span.bytes.unsafeLoadUnaligned(
        fromByteOffset: place * MemoryLayout<Stored>.size, as: Stored.self)
      let number = Stored(littleEndian: stored)
      guard let value = Int(exactly: number) else {
        throw .numberTooLarge(
          path: file.path, tensor: tensor.name, place: start + place, value: UInt64(number))
      }
      values.append(value)
    }
  }
}
