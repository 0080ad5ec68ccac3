import Tensors

/// The element types that hold whole numbers.
let integerTypes: Set<ElementType> = [.i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8]

/// A list of integers in a file, of any width, read in blocks.
struct StoredIntegers {
  private static let blockCount = 1 << 16

  private let file: any TensorFile
  private let tensor: TensorDescription
  private var bytes: [UInt8]
  private var values: [Int] = []
  private var start = 0

  /// Prepares to read a list.
  ///
  /// - Precondition: The tensor has one axis and one of the integer types.
  init(_ tensor: TensorDescription, of file: any TensorFile) {
    precondition(tensor.shape.count == 1 && integerTypes.contains(tensor.elementType))
    self.file = file
    self.tensor = tensor
    let elementByteCount = tensor.elementType.bitCount / 8
    bytes = [UInt8](
      repeating: 0, count: min(Self.blockCount, tensor.rowCount) * elementByteCount)
  }

  /// The number at a place; that of a lower one has to be asked for before.
  ///
  /// - Throws: ``CaptureError/numberTooLarge(path:tensor:place:value:)``, and the file's error.
  mutating func value(at place: Int) throws -> Int {
    if place >= start + values.count {
      start = place
      try readBlock()
    }
    return values[place - start]
  }

  private mutating func readBlock() throws {
    let elementByteCount = tensor.elementType.bitCount / 8
    let count = min(Self.blockCount, tensor.rowCount - start)
    let rows = start..<start + count
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
    case .u8: try decode(count, as: UInt8.self)
    default: preconditionFailure("\(tensor.elementType.rawValue) is no integer")
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
