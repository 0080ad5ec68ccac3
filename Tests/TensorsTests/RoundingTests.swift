import Foundation
import Tensors
import Testing

/// Checks what is said of the rounding of formats against rounding done.
@Suite struct RoundingTests {
  /// Formats, by name: FP8 E4M3, integers of four and eight bits, MXFP4.
  static let formats: [(name: String, rounding: Rounding)] = [
    ("E4M3 in blocks of 128 x 128", Rounding(levels: e4m3, blockSize: 128 * 128)),
    ("int4 in groups of 32", Rounding(bitCount: 4, blockSize: 32)),
    ("int4 in groups of 128", Rounding(bitCount: 4, blockSize: 128)),
    ("int8 in rows of 2048", Rounding(bitCount: 8, blockSize: 2048)),
    ("Q4_0", Rounding(levels: (-8...7).map(Float.init), blockSize: 32)),
    ("NVFP4", Rounding(levels: e2m1, blockSize: 16)),
    ("MXFP4", Rounding(levels: e2m1, blockSize: 32, hasPowersOfTwo: true)),
  ]

  /// As OCP 8-bit Floating Point Specification 1.0 has them.
  static let e4m3: [Float] = (0..<127).flatMap { bits -> [Float] in
    let (exponent, mantissa) = (bits >> 3, Float(bits & 7) / 8)
    let value =
      exponent == 0 ? mantissa * exp2(-6) : (1 + mantissa) * exp2(Float(exponent - 7))
    return [value, -value]
  }

  static let e2m1: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6].flatMap { [$0, -$0] }

  @Test("The relative error is that of normal numbers rounded one by one", arguments: 0..<7)
  func relativeError(format: Int) {
    let (name, rounding) = Self.formats[format]
    var random = NormalNumbers(seed: UInt64(format))
    var (errors, total) = (0.0, 0.0)
    let blocks = max(8, 200_000 / rounding.blockSize)
    for _ in 0..<blocks {
      let numbers = (0..<rounding.blockSize).map { _ in random.next() }
      for (number, rounded) in zip(numbers, Self.rounded(numbers, rounding)) {
        errors += (number - rounded) * (number - rounded)
        total += number * number
      }
    }
    let seen = (errors / total).squareRoot()
    let said = rounding.relativeError
    // The sample's own error, and what the method states.
    #expect(abs(said / seen - 1) < 0.02, "\(name): \(said), seen \(seen)")
  }

  @Test("Known values stay")
  func values() {
    let said = Self.formats.map { ($0.rounding.relativeError * 1e4).rounded() / 1e4 }
    #expect(said == [0.0265, 0.0905, 0.1094, 0.0082, 0.0936, 0.0941, 0.1146])
  }

  @Test("A format of one level loses everything")
  func nothing() {
    #expect(Rounding(levels: [0], blockSize: 32).relativeError == 1)
    #expect(Rounding(levels: [.nan], blockSize: 32).relativeError == 1)
  }

  /// Numbers of a block as a format stores them, to the nearest level by search.
  static func rounded(_ numbers: [Double], _ rounding: Rounding) -> [Double] {
    let levels = rounding.levels.map(Double.init)
    let top = levels.map(\.magnitude).max() ?? 1
    let largest = numbers.map(\.magnitude).max() ?? 0
    let unit =
      rounding.hasPowersOfTwo
      ? exp2(floor(log2(largest)) - floor(log2(top))) : largest / top
    return numbers.map { number in
      (levels.min { abs($0 * unit - number) < abs($1 * unit - number) } ?? 0) * unit
    }
  }
}

/// Independent normal numbers, always the same.
private struct NormalNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> Double {
    let (first, second) = (uniform(), uniform())
    return (-2 * log(first)).squareRoot() * cos(2 * Double.pi * second)
  }

  /// Source: Knuth's MMIX generator, of which the upper bits are taken.
  private mutating func uniform() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (Double(state >> 11) + 0.5) * 0x1p-53
  }
}
