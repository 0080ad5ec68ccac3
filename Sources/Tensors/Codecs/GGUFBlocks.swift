/// Blocks of 32, 64 or 256 numbers with their scales, as GGUF files hold them.
///
/// Thirteen block types are read, among them all that llama.cpp falls back to. Those whose numbers come
/// from tables of hundreds of words (IQ1, IQ2, IQ3), ternary ones (TQ), Q8_1 and Q8_K, which
/// llama.cpp keeps in memory alone, and NVFP4, which has a further scale in another tensor, are not.
///
/// A number is d * q, or d * q + m with a minimum; in blocks of 256, d and m are multiplied with small
/// integers of their parts first. All of it is exact until its one rounding: d and m are F16, and the
/// integers have so few bits that products fit a `Float`, but for the last one of Q6_K.
///
/// Source: the PyPI package gguf 0.19.0, `gguf.quants`, whose results these are bit for bit; it has
/// them of ggml's `ggml-quants.c`.
public struct GGUFBlocks: Packing {
  /// What messages call it.
  public let name = "GGUF"

  /// Makes the packing.
  public init() {}

  /// Makes what decodes blocks.
  public func codec(of stored: PackedMatrix) throws(PackingProblem) -> (any Codec)? {
    let type = stored.values.elementType
    guard type.isBlock else { return nil }
    guard let codec = GGUFBlockCodec(of: type) else {
      let read = ElementType.allCases.filter { GGUFBlockCodec(of: $0) != nil }
      throw .unsupported(
        "blocks of \(type.rawValue)",
        advice: "quantise the model as one of \(read.map(\.rawValue).joined(separator: ", "))")
    }
    // A row that does not fill its blocks never has the shape that is there.
    let (whole, rest) = stored.columnCount.quotientAndRemainder(dividingBy: type.numberCount)
    let blocksOfRow = whole + rest.signum()
    let shape = [stored.rowCount, blocksOfRow]
    guard stored.values.shape == shape, rest == 0 else {
      throw .wrongShape(nil, expected: shape)
    }
    return codec
  }
}

/// Decodes blocks of one type.
struct GGUFBlockCodec: Codec {
  /// Decodes one block into as many numbers as it holds.
  typealias Decoder = (
    _ block: UnsafePointer<UInt8>, _ numbers: UnsafeMutablePointer<Float>
  ) -> Void

  let type: ElementType

  /// Makes the codec of a type; nil where its blocks are not read.
  init?(of type: ElementType) {
    switch type {
    case .q4Zero, .q4One, .q5Zero, .q5One, .q8Zero, .q2K, .q3K, .q4K, .q5K, .q6K, .iq4NL, .iq4XS,
      .mxfp4:
      self.type = type
    default: return nil
    }
  }

  var name: String { "GGUF \(type.rawValue), blocks of \(type.numberCount)" }

  var rounding: Rounding? {
    func signed(_ range: ClosedRange<Int>, _ blockSize: Int) -> Rounding {
      Rounding(levels: range.lazy.map { Float($0) }, blockSize: blockSize)
    }
    return switch type {
    case .q4Zero: signed(-8...7, 32)
    case .q5Zero: signed(-16...15, 32)
    case .q8Zero: signed(-127...127, 32)
    case .q3K: signed(-4...3, 16)
    case .q6K: signed(-32...31, 16)
    case .q4One, .q4K: Rounding(bitCount: 4, blockSize: 32)
    case .q5One, .q5K: Rounding(bitCount: 5, blockSize: 32)
    case .q2K: Rounding(bitCount: 2, blockSize: 16)
    case .iq4NL, .iq4XS: Rounding(levels: (0..<16).map { unevenIntegers[$0] }, blockSize: 32)
    case .mxfp4:
      Rounding(levels: NibbleCodes.e2m1.map(\.x), blockSize: 32, hasPowersOfTwo: true)
    default: nil
    }
  }

  func decode(_ bytes: RawSpan, of rows: CodedRows, into values: inout MutableSpan<Float>) {
    switch type {
    case .q4Zero: unsafe decodeAll(bytes, into: &values, decodeQ4Zero)
    case .q4One: unsafe decodeAll(bytes, into: &values, decodeQ4One)
    case .q5Zero: unsafe decodeAll(bytes, into: &values, decodeQ5Zero)
    case .q5One: unsafe decodeAll(bytes, into: &values, decodeQ5One)
    case .q8Zero: unsafe decodeAll(bytes, into: &values, decodeQ8Zero)
    case .q2K: unsafe decodeAll(bytes, into: &values, decodeQ2K)
    case .q3K: unsafe decodeAll(bytes, into: &values, decodeQ3K)
    case .q4K: unsafe decodeAll(bytes, into: &values, decodeQ4K)
    case .q5K: unsafe decodeAll(bytes, into: &values, decodeQ5K)
    case .q6K: unsafe decodeAll(bytes, into: &values, decodeQ6K)
    case .iq4NL: unsafe decodeAll(bytes, into: &values, decodeIQ4NL)
    case .iq4XS: unsafe decodeAll(bytes, into: &values, decodeIQ4XS)
    case .mxfp4: unsafe decodeAll(bytes, into: &values, decodeMXFP4)
    default: preconditionFailure("blocks of \(type.rawValue) are not read")
    }
  }

  /// Decodes block after block.
  ///
  /// - Precondition: The bytes are whole blocks, and there is a place for each of their numbers.
  @inline(__always)
  private func decodeAll(
    _ bytes: RawSpan, into values: inout MutableSpan<Float>, _ decodeBlock: Decoder
  ) {
    let (blockBytes, blockNumbers) = (type.bitCount / 8, type.numberCount)
    let count = bytes.byteCount / blockBytes
    precondition(
      count * blockBytes == bytes.byteCount && count * blockNumbers == values.count,
      "\(bytes.byteCount) bytes of \(type.rawValue) do not hold \(values.count) numbers")
    // Safe: the precondition holds the two counts together, and each decoder stays in its block.
    unsafe bytes.withUnsafeBytes { source in
      unsafe values.withUnsafeMutableBufferPointer { target in
        guard var block = unsafe source.baseAddress?.assumingMemoryBound(to: UInt8.self),
          var numbers = target.baseAddress
        else { return }
        for _ in 0..<count {
          unsafe decodeBlock(block, numbers)
          unsafe block += blockBytes
          unsafe numbers += blockNumbers
        }
      }
    }
  }
}

/// An F16 at a place of a block.
@inline(__always)
func half(_ block: UnsafePointer<UInt8>, _ offset: Int) -> Float {
  // Safe: the caller's block holds two bytes there.
  unsafe float(ofF16: UInt32(block[offset]) | UInt32(block[offset &+ 1]) &<< 8)
}

/// A number of few bits as a `Float`.
@inline(__always)
func small(_ bits: UInt8) -> Float { Float(Int32(bits)) }

/// A number of few bits, less than what stands for zero, as a `Float`.
@inline(__always)
func small(_ bits: UInt8, less offset: Int32) -> Float { Float(Int32(bits) &- offset) }
