/// The numbers that the 256 values of a byte stand for.
enum ByteCodes {
  /// One sign, four bits of exponent with bias 7, three of mantissa; no infinity.
  static let e4m3 = (0..<256).map { byte -> Float in
    let magnitude = byte & 0x7f
    if magnitude == 0x7f { return .nan }
    let (exponent, mantissa) = (magnitude >> 3, Float(magnitude & 7))
    let value = exponent == 0 ? mantissa * 0x1p-9 : (8 + mantissa) * power(exponent - 10)
    return byte >= 128 ? -value : value
  }

  /// One sign, five bits of exponent with bias 15, two of mantissa: the upper half of an F16.
  static let e5m2 = (0..<256).map { byte -> Float in
    let magnitude = byte & 0x7f
    let (exponent, mantissa) = (magnitude >> 2, Float(magnitude & 3))
    if exponent == 31 && mantissa > 0 { return .nan }
    let value: Float =
      exponent == 31
      ? .infinity
      : exponent == 0 ? mantissa * 0x1p-16 : (4 + mantissa) * power(exponent - 17)
    return byte >= 128 ? -value : value
  }

  /// The exponent of a power of two with bias 127; the last one is NaN.
  static let e8m0 = (0..<256).map { $0 == 255 ? Float.nan : power($0 - 127) }

  /// Signed integers.
  static let int8 = (0..<256).map { Float(Int8(truncatingIfNeeded: $0)) }

  /// Integers with 128 added.
  static let offset128 = (0..<256).map { Float($0 - 128) }

  private static func power(_ exponent: Int) -> Float {
    Float(sign: .plus, exponent: exponent, significand: 1)
  }
}

/// The pairs of numbers that the 256 values of a byte stand for, where each number has four bits.
enum NibbleCodes {
  /// One sign, two bits of exponent with bias 1, one of mantissa: E2M1.
  static let e2m1 = pairs(of: magnitudes + magnitudes.map { -$0 })

  /// The same where minus zero is zero.
  static let e2m1WithOneZero = pairs(of: magnitudes + magnitudes.map { $0 == 0 ? 0 : -$0 })

  /// Integers with 8 added.
  static let offset8 = pairs(of: (0..<16).map { Float($0 - 8) })

  private static let magnitudes: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]

  /// The pairs where the number of the lower bits stands first.
  ///
  /// - Parameter numbers: What the sixteen values of four bits stand for.
  /// - Returns: 256 pairs.
  static func pairs(of numbers: [Float]) -> [SIMD2<Float>] {
    (0..<256).map { SIMD2(numbers[$0 & 15], numbers[$0 >> 4]) }
  }
}
