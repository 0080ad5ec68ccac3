import Pictures
import Testing

@Suite struct TextWidthTests {
  /// Sums of the advance widths of DejaVu Sans and DejaVu Sans Bold 2.37, in shares of the size.
  static let measured: [(text: String, plain: Double, bold: Double)] = [
    ("0123456789", 6.362, 6.958), ("shared0", 4.065, 4.565), ("mean cosine", 6.363, 7.063),
    ("floor", 2.265, 2.645), ("0.0717", 3.499, 3.859),
    ("Layer 3 · gate_proj · hidden side · top k = 15", 22.372, 25.07),
    ("median of the routed", 10.606, 11.964),
  ]

  @Test("is at least that of a wide font, and not much more", arguments: measured)
  func width(sample: (text: String, plain: Double, bold: Double)) {
    let plain = textWidth(sample.text, size: 10)
    let bold = textWidth(sample.text, size: 10, isBold: true)
    #expect(plain >= sample.plain * 10 && plain <= sample.plain * 12.5)
    #expect(bold >= sample.bold * 10 && bold <= sample.bold * 12.5)
  }

  @Test("wraps between words, and inside one that is too long")
  func wrapping() {
    let lines = wrapped("top one percent \(String(repeating: "x", count: 40))", width: 80, size: 10)
    #expect(lines.first == "top one")
    #expect(lines.dropFirst().first == "percent")
    #expect(lines.allSatisfy { textWidth($0, size: 10) <= 80 })
    #expect(lines.joined().filter { $0 == "x" }.count == 40)
  }
}
