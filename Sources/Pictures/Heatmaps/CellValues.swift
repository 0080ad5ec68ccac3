internal import Foundation

/// A number for each cell of a heatmap as a grey picture that a page turns back into numbers.
///
/// A value is stored as its number of steps plus 20 000, and 0 stands for what was not measured.
/// The upper half of the picture holds the high bytes, the lower half the low ones, which deflates
/// well. Of a symmetric heatmap the cells below the diagonal are left at 0.
package struct CellValues: Encodable, Sendable {
  /// The picture as a PNG file, in base 64.
  package let png: String
  /// The difference of two steps: a thousandth of the power of ten at or below the scale's end.
  package let step: Double
  /// The sum of all stored numbers, by which a reader sees that it got them unchanged.
  package let sum: Int

  private static let zero = 20_000

  /// Encodes numbers of a heatmap's cells; nil where it has none.
  ///
  /// - Parameters:
  ///   - values: The numbers, row by row; NaN where there is none.
  ///   - heatmap: The heatmap.
  ///   - end: About the largest number, which decides on the step.
  package init?(_ values: [Double], of heatmap: Heatmap, upTo end: Double) {
    let rows = heatmap.rowLabels.count
    let columns = heatmap.columnLabels.count
    guard rows > 0, columns > 0 else { return nil }
    let step = stepOfThreeDigits(end)
    var pixels = [UInt8](repeating: 0, count: 2 * rows * columns)
    var sum = 0
    for row in 0..<rows {
      for column in (heatmap.hasNeutralDiagonal ? min(row + 1, columns) : 0)..<columns {
        let value = values[row * columns + column]
        guard value.isFinite else { continue }
        let steps = (value / step).rounded()
        let stored = Self.zero + Int(min(max(steps, -19_999), 45_000))
        pixels[row * columns + column] = UInt8(stored >> 8)
        pixels[(rows + row) * columns + column] = UInt8(stored & 255)
        sum += stored
      }
    }
    let image = PNGImage(width: columns, height: 2 * rows, pixels: pixels)
    guard let file = image.encoded() else { return nil }
    png = Data(file).base64EncodedString()
    self.step = step
    self.sum = sum
  }
}

/// The step by which numbers up to an end are told with three digits: 0.001 up to 1 and from 0.1 on.
func stepOfThreeDigits(_ end: Double) -> Double {
  guard end > 0, end.isFinite else { return 0.001 }
  let exponent = Int(ceil(log10(end) - 1e-9))
  return exponent >= 3 ? powerOfTen(exponent - 3) : 1 / powerOfTen(3 - exponent)
}
