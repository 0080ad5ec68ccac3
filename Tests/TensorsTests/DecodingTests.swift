import Tensors
import Testing

/// Checks the contract written above `decode(_:of:into:)`, clause by clause.
@Suite struct DecodingTests {
  /// Counts on both sides of every vector width, up to sixteen lanes and over.
  static let counts = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 127, 1001]

  /// Decodes integers that hold the stored elements, placed `offset` bytes into an array.
  static func decoded<Stored: FixedWidthInteger>(
    _ stored: [Stored], of type: ElementType, offset: Int = 0
  ) -> [Float] {
    var bytes = [UInt8](repeating: 0xa5, count: offset)
    for element in stored {
      for byte in 0..<Stored.bitWidth / 8 {
        bytes.append(UInt8(truncatingIfNeeded: element >> (8 * byte)))
      }
    }
    // A wrong element that was never written would show as this value.
    var values = [Float](repeating: 12345, count: stored.count)
    var span = values.mutableSpan
    // Safe: bytes have no padding to be read.
    unsafe decode(bytes.span.bytes.extracting(offset...), of: type, into: &span)
    return values
  }

  /// Expects the same bits in every place.
  static func expectBits(
    _ values: [Float], _ expected: [UInt32], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(values.count == expected.count, sourceLocation: sourceLocation)
    let wrong = zip(values, expected).enumerated().first { $1.0.bitPattern != $1.1 }
    #expect(wrong == nil, sourceLocation: sourceLocation)
  }

  static let everyHalfWord = (0...UInt16.max).map { $0 }

  // MARK: Every value

  @Test("BF16 is the upper half of a Float, for all 65,536 patterns")
  func everyBF16() {
    let values = Self.decoded(Self.everyHalfWord, of: .bf16)
    Self.expectBits(values, Self.everyHalfWord.map { UInt32($0) << 16 })
    #expect(values[0x3f80] == 1)
    #expect(values[0xc049] == -3.140625)
    #expect(values[0x7f80] == .infinity)
    #expect(values[0x0001] == 0x1p-133)
  }

  @Test("F16 is kept exactly, for all 65,536 patterns")
  func everyF16() {
    let values = Self.decoded(Self.everyHalfWord, of: .f16)
    Self.expectBits(
      values,
      Self.everyHalfWord.map { pattern in
        let value = Float16(bitPattern: pattern)
        guard value.isNaN else { return Float(value).bitPattern }
        // The processor's conversion would make a signalling NaN quiet; kept exactly, the payload
        // moves up as it is.
        return UInt32(pattern & 0x8000) << 16 | 0x7f80_0000 | UInt32(pattern & 0x03ff) << 13
      })
    #expect(values[0x3c00] == 1)
    #expect(values[0x0001] == 0x1p-24)
    #expect(values[0x83ff] == -1023 * 0x1p-24)
    #expect(values[0xfc00] == -.infinity)
    #expect(values[0x7e00].isNaN && values[0x7c01].isNaN)
  }

  @Test("F32 keeps its bits, NaN with payload too")
  func f32() {
    let bits: [UInt32] = [
      0, 0x8000_0000, 1, 0x807f_ffff, 0x3f80_0000, 0x7f7f_ffff, 0x7f80_0000, 0xff80_0000,
      0x7fc0_0000, 0x7fa1_2345, 0xffff_ffff,
    ]
    Self.expectBits(Self.decoded(bits, of: .f32), bits)
  }

  @Test("F64 is rounded to the nearest Float, ties to even")
  func f64Rounds() {
    let cases: [(Double, Float)] = [
      (0.1, 0.1), (1 + 0x1p-24, 1), (1 + 0x1.8p-23, 1 + 0x1p-22), (1 + 0x1.000001p-24, 1 + 0x1p-23),
      (-1.0 / 3, -1.0 / 3), (0x1p-149, 0x1p-149), (0x1p-150, 0), (0x1.8p-150, 0x1p-149),
      (-0.0, -0.0),
    ]
    Self.expectBits(
      Self.decoded(cases.map(\.0.bitPattern), of: .f64), cases.map(\.1.bitPattern))
  }

  @Test("F64 that is too large becomes infinite, and NaN stays NaN")
  func f64Overflows() {
    let largest = Double(Float.greatestFiniteMagnitude)
    let values = Self.decoded(
      [1e39, -1e300, .infinity, -.infinity, largest, 0x1.fffffefffffffp127, 0x1.ffffffp127, .nan]
        .map { (value: Double) in value.bitPattern }, of: .f64)
    #expect(values[0] == .infinity && values[1] == -.infinity)
    #expect(values[2] == .infinity && values[3] == -.infinity)
    // Half a unit past the largest Float is where rounding to infinity begins.
    #expect(values[4] == .greatestFiniteMagnitude && values[5] == .greatestFiniteMagnitude)
    #expect(values[6] == .infinity)
    #expect(values[7].isNaN)
  }

  // MARK: Every layout

  @Test("any count at any address decodes", arguments: counts, [0, 1, 2, 3, 5, 7])
  func countsAndAddresses(count: Int, offset: Int) {
    let halves = (0..<count).map { UInt16(0x0100 + 13 * $0) }
    Self.expectBits(
      Self.decoded(halves, of: .bf16, offset: offset), halves.map { UInt32($0) << 16 })
    Self.expectBits(
      Self.decoded(halves, of: .f16, offset: offset),
      halves.map { Float(Float16(bitPattern: $0)).bitPattern })
    let singles = (0..<count).map { Float($0) * 0.37 - 5 }
    Self.expectBits(
      Self.decoded(singles.map(\.bitPattern), of: .f32, offset: offset), singles.map(\.bitPattern))
    let doubles = (0..<count).map { Double($0) * 0.37 - 5 }
    Self.expectBits(
      Self.decoded(doubles.map(\.bitPattern), of: .f64, offset: offset),
      doubles.map { Float($0).bitPattern })
  }

  @Test("no elements decode to none", arguments: [ElementType.bf16, .f16, .f32, .f64])
  func empty(type: ElementType) {
    #expect(Self.decoded([UInt8](), of: type).isEmpty)
  }

  // MARK: Traps

  @Test("sizes that do not agree trap", arguments: [ElementType.bf16, .f16, .f32, .f64], [-1, 1])
  func wrongSize(type: ElementType, excess: Int) async {
    let name = type.rawValue
    await #expect(processExitsWith: .failure) { [name = name as String, excess = excess as Int] in
      guard let type = ElementType(rawValue: name) else { return }
      let bytes = [UInt8](repeating: 0, count: 4 * type.bitCount / 8 + excess)
      var values = [Float](repeating: 0, count: 4)
      var span = values.mutableSpan
      // Safe: bytes have no padding to be read.
      unsafe decode(bytes.span.bytes, of: type, into: &span)
    }
  }

  @Test("types that cannot be decoded trap, even for no elements")
  func undecodable() async {
    await #expect(processExitsWith: .failure) {
      var values: [Float] = []
      var span = values.mutableSpan
      // Safe: there are no bytes at all.
      unsafe decode([UInt8]().span.bytes, of: .f8E4M3, into: &span)
    }
  }
}
