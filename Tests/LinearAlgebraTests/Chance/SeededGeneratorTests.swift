import LinearAlgebra
import Testing

/// Checks the contract of `SeededGenerator`.
///
/// Statistics are of fixed seeds: they pass or fail, always the same.
@Suite struct SeededGeneratorTests {
  static let draws = 100_000
  static let seeds: [UInt64] = [0, 1, 0xdead_beef]

  /// Mean and variance of a sample.
  static func moments(seed: UInt64, _ draw: (inout SeededGenerator) -> Double) -> (Double, Double) {
    var generator = SeededGenerator(seed: seed)
    let sample = (0..<draws).map { _ in draw(&generator) }
    let mean = sample.reduce(0, +) / Double(draws)
    let variance = sample.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(draws - 1)
    return (mean, variance)
  }

  @Test("gives the numbers of SplitMix64's reference implementation")
  func fixedValues() {
    var generator = SeededGenerator(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
    ]
    for value in expected { #expect(generator.next() as UInt64 == value) }
    var zero = SeededGenerator(seed: 0)
    #expect(zero.next() as UInt64 == 0xe220_a839_7b1d_cdaf)
  }

  @Test("evenly drawn numbers stay inside (0, 1), at both ends of the generator's range")
  func openInterval() {
    // SplitMix64 is a bijection: these seeds were found backwards from a first output of all ones
    // and of zero.
    var highest = SeededGenerator(seed: 0x3162_8af6_7b21_31ab)
    var lowest = SeededGenerator(seed: 0x61c8_8646_80b5_83eb)
    var probe = highest
    let allOnes: UInt64 = probe.next()
    probe = lowest
    let allZeros: UInt64 = probe.next()
    #expect(allOnes == .max && allZeros == 0)
    #expect(highest.uniform() == 1 - 0x1p-53)
    #expect(lowest.uniform() == 0x1p-54)
  }

  // Five standard errors: the mean of n draws has sqrt(variance / n), their variance sqrt((m4 -
  // variance^2) / n).

  @Test("evenly drawn numbers have mean 1/2 and variance 1/12", arguments: seeds)
  func uniform(seed: UInt64) {
    let (mean, variance) = Self.moments(seed: seed) { $0.uniform() }
    let n = Double(Self.draws)
    #expect(abs(mean - 0.5) <= 5 * (1 / 12 / n).squareRoot())
    #expect(abs(variance - 1.0 / 12) <= 5 * ((1.0 / 80 - 1.0 / 144) / n).squareRoot())
  }

  @Test("normal numbers have mean 0, variance 1 and the normal tails", arguments: seeds)
  func normal(seed: UInt64) {
    let n = Double(Self.draws)
    let (mean, variance) = Self.moments(seed: seed) { $0.normal() }
    #expect(abs(mean) <= 5 / n.squareRoot())
    #expect(abs(variance - 1) <= 5 * (2 / n).squareRoot())
    // 4.55 % lie beyond two standard deviations.
    let (tail, _) = Self.moments(seed: seed) { abs($0.normal()) > 2 ? 1 : 0 }
    #expect(abs(tail - 0.0455003) <= 5 * (0.0455 * 0.9545 / n).squareRoot())
    // Numbers come in pairs: neighbours must not be related.
    let (pairs, _) = Self.moments(seed: seed) { $0.normal() * $0.normal() }
    #expect(abs(pairs) <= 5 / n.squareRoot())
  }

  @Test(
    "squares of chi numbers have the moments of chi squared", arguments: [1, 2, 3, 7, 100, 7000],
    seeds)
  func chi(degrees: Int, seed: UInt64) {
    let n = Double(Self.draws)
    let d = Double(degrees)
    let (mean, variance) = Self.moments(seed: seed) { generator in
      let value = generator.chi(degrees: degrees)
      return value * value
    }
    // Chi squared: mean d, variance 2 d, fourth central moment 12 d (d + 4).
    #expect(abs(mean - d) <= 5 * (2 * d / n).squareRoot())
    #expect(abs(variance - 2 * d) <= 5 * ((12 * d * (d + 4) - 4 * d * d) / n).squareRoot())
  }

  @Test("the same seed gives the same numbers, another seed others")
  func determinism() {
    let sequence = { (seed: UInt64) in
      var generator = SeededGenerator(seed: seed)
      return (0..<10).map { _ in generator.normal() }
    }
    #expect(sequence(7) == sequence(7))
    #expect(sequence(7) != sequence(8))
  }

  @Test("no degree of freedom traps", arguments: [0, -1])
  func noDegree(degrees: Int) async {
    await #expect(processExitsWith: .failure) { [degrees = degrees as Int] in
      var generator = SeededGenerator(seed: 1)
      _ = generator.chi(degrees: degrees)
    }
  }
}
