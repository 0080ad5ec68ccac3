/// Floating-point numbers of eight bits with scales beside them, as DeepSeek-V3 and the FP8 forms of
/// most families are published: one scale for a block of outputs and inputs, for a row, a column,
/// or the whole matrix.
///
/// Source: DeepSeek-V3, `inference/kernel.py`: w = q * scale, block by block; compressed-tensors,
/// `float-quantized`: the same with one scale a row or a matrix.
public struct BlockFloat8: Packing {
  /// What messages call it.
  public let name = "FP8"

  /// The scales, as DeepSeek, compressed-tensors and DeepSeek-V4 call them.
  public let companions: [CompanionRole: [NameEnding]] = [
    .scales: [
      NameEnding(adding: "_scale_inv"), NameEnding(adding: "_scale"),
      NameEnding(".scale", insteadOf: ".weight"),
    ]
  ]

  /// Makes the packing.
  public init() {}

  /// Makes what decodes numbers of eight bits.
  public func codec(of stored: PackedMatrix) throws(PackingProblem) -> (any Codec)? {
    let type = stored.values.elementType
    guard type == .f8E4M3 || type == .f8E5M2 else { return nil }
    let shape = [stored.rowCount, stored.columnCount]
    guard stored.values.shape == shape else { throw .wrongShape(nil, expected: shape) }
    guard let scales = stored.companions[.scales] else { throw .missing(.scales) }
    let types: [ElementType] = [.f32, .bf16, .f16, .f8E8M0]
    guard types.contains(scales.elementType) else { throw .wrongType(.scales, expected: types) }
    let block = try block(of: stored, scales: scales.shape)
    return BlockFloat8Codec(type: type, block: block)
  }

  /// The rows and columns that share a scale.
  private func block(
    of stored: PackedMatrix, scales shape: [Int]
  ) throws(PackingProblem) -> (rows: Int, columns: Int) {
    let (rows, columns) = (max(1, stored.rowCount), max(1, stored.columnCount))
    if shape.allSatisfy({ $0 == 1 }) { return (rows, columns) }
    if shape == [rows, 1] || shape == [rows] { return (1, columns) }
    if shape == [1, columns] { return (rows, 1) }
    let block = stored.notes.block ?? [128, 128]
    let expected = [(rows + block[0] - 1) / block[0], (columns + block[1] - 1) / block[1]]
    guard shape == expected else { throw .wrongShape(.scales, expected: expected) }
    return (block[0], block[1])
  }
}

struct BlockFloat8Codec: Codec {
  let type: ElementType
  let block: (rows: Int, columns: Int)
  let companions: [CompanionRole] = [.scales]

  var name: String {
    "FP8 \(type == .f8E4M3 ? "E4M3" : "E5M2"), a scale for \(block.rows) x \(block.columns)"
  }

  func decode(_ bytes: RawSpan, of rows: CodedRows, into values: inout MutableSpan<Float>) {
    let scales = rows.companions[0].numbers()
    let across = (rows.columnCount + block.columns - 1) / block.columns
    let table = type == .f8E4M3 ? Float8Table.e4m3 : Float8Table.e5m2
    var place = 0
    for row in rows.range {
      for first in stride(from: 0, to: rows.columnCount, by: block.columns) {
        let scale = scales[row / block.rows * across + first / block.columns]
        for _ in first..<min(rows.columnCount, first + block.columns) {
          // Safe: as many bytes as places.
          let byte = unsafe bytes.unsafeLoad(fromByteOffset: place, as: UInt8.self)
          values[place] = table[Int(byte)] * scale
          place += 1
        }
      }
    }
  }
}

extension CodedRows.Companion {
  /// Its elements as numbers.
  ///
  /// - Precondition: They are plain numbers, or powers of two in eight bits.
  func numbers() -> [Float] {
    if elementType == .f8E8M0 {
      return bytes.map { $0 == 255 ? .nan : Float(sign: .plus, exponent: Int($0) - 127, significand: 1) }
    }
    var numbers = [Float](repeating: 0, count: bytes.count * 8 / elementType.bitCount)
    var space = numbers.mutableSpan
    // Safe: bytes have no padding.
    Tensors.decode(unsafe bytes.span.bytes, of: elementType, into: &space)
    return numbers
  }
}

/// The 256 numbers of a floating-point type of eight bits.
enum Float8Table {
  /// One sign, four bits of exponent with bias 7, three of mantissa; no infinity.
  static let e4m3 = (0..<256).map { byte -> Float in
    let magnitude = byte & 0x7f
    if magnitude == 0x7f { return .nan }
    let (exponent, mantissa) = (magnitude >> 3, Float(magnitude & 7))
    let value =
      exponent == 0 ? mantissa * 0x1p-9 : (8 + mantissa) * Float(sign: .plus, exponent: exponent - 10, significand: 1)
    return byte >= 128 ? -value : value
  }

  /// One sign, five bits of exponent with bias 15, two of mantissa: the upper half of an F16.
  static let e5m2 = (0..<256).map { byte -> Float in
    let magnitude = byte & 0x7f
    let (exponent, mantissa) = (magnitude >> 2, Float(magnitude & 3))
    let value: Float =
      exponent == 31
      ? (mantissa == 0 ? .infinity : .nan)
      : exponent == 0
        ? mantissa * 0x1p-16 : (4 + mantissa) * Float(sign: .plus, exponent: exponent - 17, significand: 1)
    return byte >= 128 ? -value : value
  }
}
