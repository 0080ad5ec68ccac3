import LinearAlgebra
import Testing

/// Checks k, which must be exact.
@Suite struct LeadingCountTests {
  static let known: [(Double, Int, Int)] = [
    (0.07, 100, 7), (0.01, 1408, 15), (0.01, 100, 1), (0.01, 101, 2), (0.01, 1, 1), (1, 1, 1),
    (1, 1408, 1408), (0.1, 48, 5), (0.1, 40, 4), (0.29, 100, 29), (0.57, 100, 57),
    (0.58, 100, 58), (0.55, 100, 55), (0.3, 10, 3), (0.5, 7, 4), (1e-5, 100_000, 1),
    (1e-5, 100_001, 2), (1e-300, 16_384, 1), (.leastNonzeroMagnitude, 16_384, 1),
    (1.0.nextDown, 100, 100),
    // 1/3 reads 0.3333333333333333: a third of 3 is under 1, of 3e15 it is 999999999999999.9.
    (1.0 / 3, 3, 1), (1.0 / 3, 9, 3), (2.0 / 3, 3, 2), (2.0 / 3, 300, 200),
  ]

  @Test("k by hand", arguments: known)
  func byHand(fraction: Double, rank: Int, expected: Int) {
    #expect(leadingCount(fraction: fraction, rank: rank) == expected)
  }

  @Test("k of decimal fractions is that of integer arithmetic", arguments: 1...6)
  func decimals(digits: Int) throws {
    var power = 1
    for _ in 0..<digits { power *= 10 }
    var generator = SeededGenerator(seed: UInt64(digits))
    // Every fraction of up to three digits, and a sample of the longer ones.
    let numerators =
      digits <= 3
      ? Array(1...power) : (0..<1000).map { _ in Int.random(in: 1...power, using: &generator) }
    for numerator in numerators {
      var text = String(numerator)
      text = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
      let place = text.index(text.endIndex, offsetBy: -digits)
      let fraction = try #require(Double("\(text[..<place]).\(text[place...])"))
      for rank in [1, 2, 7, 16, 100, 128, 999, 1000, 1408, 2048, 7168, 16_384] {
        let expected = max(1, (numerator * rank + power - 1) / power)
        let actual = leadingCount(fraction: fraction, rank: rank)
        guard actual == expected else {
          Issue.record("\(fraction) of \(rank) is \(actual), not \(expected)")
          return
        }
      }
    }
  }

  @Test("k of any fraction is that of its shortest decimal form")
  func anyFraction() throws {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<5000 {
      let fraction = Double.random(in: 0.0001..<1, using: &generator)
      let rank = Int.random(in: 1...20_000, using: &generator)
      // 0.0001 and more are written without an exponent: "0." and up to 20 digits.
      let digits = try #require(fraction.description.split(separator: ".").last)
      let numerator = try #require(Int128(digits))
      var power: Int128 = 1
      for _ in digits { power *= 10 }
      let expected = (numerator * Int128(rank) + power - 1) / power
      #expect(leadingCount(fraction: fraction, rank: rank) == Int(expected))
    }
  }
}
