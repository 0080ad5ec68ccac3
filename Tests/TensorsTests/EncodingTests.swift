import Tensors
import Testing

/// Checks the contract written above `encode(_:as:into:)`, clause by clause.
@Suite struct EncodingTests {
  /// Encodes values to a place `offset` bytes into an array; returns the stored elements' bits.
  static func encoded(_ values: [Float], as type: ElementType, offset: Int = 0) -> [UInt64] {
    let width = type.bitCount / 8
    var bytes = [UInt8](repeating: 0xa5, count: offset + width * values.count)
    var space = bytes.mutableSpan
    // Safe: bytes have no padding, and take any value.
    var whole = unsafe space.mutableBytes
    var target = whole._mutatingExtracting(offset...)
    encode(values.span, as: type, into: &target)
    return values.indices.map { index in
      (0..<width).reduce(0) { $0 | UInt64(bytes[offset + index * width + $1]) << (8 * $1) }
    }
  }

  static let halfWords: [ElementType] = [.bf16, .f16]

  /// Every number and infinity that 16 bits hold, by its bits.
  static func numbers(of type: ElementType) -> [(bits: UInt16, value: Float)] {
    zip(
      DecodingTests.everyHalfWord, DecodingTests.decoded(DecodingTests.everyHalfWord, of: type)
    ).filter { !$0.1.isNaN }.map { ($0.0, $0.1) }
  }

  /// Expects the same bits in every place, and tells the first value that has others.
  private func expectBits(
    _ values: [Float], as type: ElementType, _ expected: [UInt16],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let found = Self.encoded(values, as: type)
    let wrong = zip(found, expected).enumerated().first { $0.element.0 != UInt64($0.element.1) }
    #expect(
      wrong == nil, "\(wrong.map { values[$0.offset] } ?? 0)", sourceLocation: sourceLocation)
  }

  // MARK: Every 16-bit value

  @Test("is the other way round than decoding, for every 16-bit pattern", arguments: halfWords)
  func everyPattern(type: ElementType) {
    let numbers = Self.numbers(of: type)
    expectBits(numbers.map(\.value), as: type, numbers.map(\.bits))
    let others = DecodingTests.decoded(DecodingTests.everyHalfWord, of: type).filter(\.isNaN)
    let stored = Self.encoded(others, as: type).map { UInt16($0) }
    let again = DecodingTests.decoded(stored, of: type)
    #expect(others.count == (type == .bf16 ? 254 : 2046))
    #expect(again.allSatisfy { $0.isNaN })
    #expect(zip(again, others).allSatisfy { $0.sign == $1.sign })
  }

  @Test(
    "rounds between any two neighbours to the nearer, and halfway to the even one",
    arguments: halfWords)
  func everyTie(type: ElementType) {
    // From 0 on upwards, to the largest and the infinity behind it.
    let upwards = Self.numbers(of: type).filter { $0.bits & 0x8000 == 0 }
    var values: [Float] = []
    var expected: [UInt16] = []
    for (low, high) in zip(upwards, upwards.dropFirst()) {
      // Halfway to infinity is where the next number would be, were there one.
      let next = high.value.isFinite ? Double(high.value) : type == .f16 ? 65536 : 0x1p128
      let half = Float((Double(low.value) + next) / 2)
      #expect(Double(half) * 2 == Double(low.value) + next)
      let even = low.bits & 1 == 0 ? low.bits : high.bits
      for (value, bits) in [(half, even), (half.nextDown, low.bits), (half.nextUp, high.bits)] {
        values += [value, -value]
        expected += [bits, bits | 0x8000]
      }
    }
    expectBits(values, as: type, expected)
    #expect(values.count == 6 * 0x7f80 || type == .f16)
  }

  @Test("agrees with the language's own conversion to F16 on patterns of all kinds")
  func againstFloat16() {
    // A step that meets every exponent and no pattern of low bits twice in a row.
    let values = stride(from: UInt32(0), to: .max - 9973, by: 9973).map { Float(bitPattern: $0) }
      .filter { !$0.isNaN }
    expectBits(values, as: .f16, values.map { Float16($0).bitPattern })
  }

  // MARK: Known values

  @Test(
    "Overflow, subnormal values, zeros and infinities",
    arguments: [
      (ElementType.f16, 65504, 0x7bff), (.f16, 65519.99, 0x7bff), (.f16, 65520, 0x7c00),
      (.f16, 1e10, 0x7c00), (.f16, -.infinity, 0xfc00), (.f16, 0x1p-24, 0x0001),
      (.f16, 0x1p-25, 0x0000), (.f16, 0x1.000002p-25, 0x0001), (.f16, -0x1p-25, 0x8000),
      (.f16, 0x1.8p-24, 0x0002), (.f16, 0x1p-14, 0x0400), (.f16, 0x1.ff8p-15, 0x03ff),
      (.f16, -0.0, 0x8000), (.bf16, 3.4e38, 0x7f80), (.bf16, 0x1.fep127, 0x7f7f),
      (.bf16, 0x1.fefffep127, 0x7f7f), (.bf16, 0x1.ffp127, 0x7f80), (.bf16, .infinity, 0x7f80),
      (.bf16, 0x1p-134, 0x0000), (.bf16, 0x1.8p-133, 0x0002), (.bf16, 0x1p-133, 0x0001),
      (.bf16, -0.0, 0x8000), (.bf16, 1.00390625, 0x3f80), (.bf16, 1.01171875, 0x3f82),
    ] as [(ElementType, Float, UInt64)])
  func known(type: ElementType, value: Float, bits: UInt64) {
    #expect(Self.encoded([value], as: type) == [bits])
  }

  @Test("NaN stays NaN, whatever its payload", arguments: halfWords)
  func notANumber(type: ElementType) {
    let patterns: [UInt32] = [0x7f80_0001, 0x7fbf_ffff, 0x7fff_ffff, 0xff80_0001, 0xffff_ffff]
    let values = patterns.map { Float(bitPattern: $0) }
    let stored = Self.encoded(values, as: type).map { UInt16($0) }
    #expect(DecodingTests.decoded(stored, of: type).allSatisfy { $0.isNaN })
    #expect(stored.map { $0 >> 15 } == [0, 0, 0, 1, 1])
  }

  @Test("F32 and F64 keep every value")
  func wider() {
    let values =
      stride(from: UInt32(0), to: .max - 99_991, by: 99_991)
      .map { Float(bitPattern: $0) } + [.leastNonzeroMagnitude, -0.0, .greatestFiniteMagnitude]
    #expect(Self.encoded(values, as: .f32) == values.map { UInt64($0.bitPattern) })
    let numbers = values.filter { !$0.isNaN }
    #expect(Self.encoded(numbers, as: .f64) == numbers.map { Double($0).bitPattern })
  }

  // MARK: Places

  @Test(
    "any count, at any address", arguments: DecodingTests.counts,
    [ElementType.bf16, .f16, .f32, .f64])
  func counts(count: Int, type: ElementType) {
    let values = (0..<count).map { Float($0) - 3.25 }
    let first = Self.encoded(values, as: type)
    for offset in [1, 3] { #expect(Self.encoded(values, as: type, offset: offset) == first) }
    for (value, bits) in zip(values, first) {
      #expect(Self.encoded([value], as: type) == [bits])
    }
  }

  @Test("Sizes that do not agree, and a type without values, are a trap")
  func traps() async {
    await #expect(processExitsWith: .failure) {
      var bytes = [UInt8](repeating: 0, count: 5)
      var space = bytes.mutableSpan
      // Safe: bytes have no padding, and take any value.
      var target = unsafe space.mutableBytes
      encode([Float](repeating: 1, count: 2).span, as: .bf16, into: &target)
    }
    await #expect(processExitsWith: .failure) {
      var bytes = [UInt8](repeating: 0, count: 2)
      var space = bytes.mutableSpan
      // Safe: bytes have no padding, and take any value.
      var target = unsafe space.mutableBytes
      encode([Float](repeating: 1, count: 2).span, as: .f8E4M3, into: &target)
    }
  }

  @Test("numbers are rounded as they are stored", arguments: [ElementType.f32, .f16, .bf16, .f64])
  func rounding(type: ElementType) {
    var values: [Float] = [
      0, -0, 1, 1.001, 65_519, 65_520, 1e-8, 6e-8, -3e-5, .infinity, -.infinity, 3.4e38, 0x1p-140,
      .pi, 1.003_906_25, 1.011_718_75,
    ]
    var bytes = [UInt8](repeating: 0, count: values.count * type.bitCount / 8)
    var space = bytes.mutableSpan
    // Safe: bytes have no padding, and take any value.
    var target = unsafe space.mutableBytes
    encode(values.span, as: type, into: &target)
    var expected = values
    var decoded = expected.mutableSpan
    // Safe: bytes have no padding.
    decode(unsafe bytes.span.bytes, of: type, into: &decoded)
    var rounded = values.mutableSpan
    round(&rounded, to: type)
    #expect(values.map(\.bitPattern) == expected.map(\.bitPattern))
  }
}
