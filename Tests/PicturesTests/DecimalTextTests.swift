import Pictures
import Testing

@Suite struct DecimalTextTests {
  @Test(
    "has exactly the decimals asked for",
    arguments: [
      (0, 2, "0.00"), (1.005, 1, "1.0"), (-0.25, 3, "-0.250"), (12, 0, "12"), (0.0717, 4, "0.0717"),
      (-0.001, 2, "0.00"), (1e20, 2, "1e+20"), (.infinity, 2, "inf"), (.nan, 2, "not measured"),
    ] as [(Double, Int, String)])
  func fixed(number: Double, places: Int, text: String) {
    #expect(fixedText(number, places: places) == text)
  }

  @Test(
    "drops zeros at the end",
    arguments: [(100, "100"), (0.5, "0.5"), (0.125, "0.13"), (-0.004, "0"), (10.10, "10.1")]
      as [(Double, String)])
  func trimmed(number: Double, text: String) {
    #expect(trimmedText(number, places: 2) == text)
  }

  @Test(
    "says at least three digits of a floor",
    arguments: [
      (0.0717, "0.0717"), (0.1087, "0.1087"), (0.00732, "0.00732"), (0.000123, "0.000123"),
      (0, "0.0000"), (0.015625, "0.0156"),
    ] as [(Double, String)])
  func share(number: Double, text: String) {
    #expect(shareText(number) == text)
  }
}
