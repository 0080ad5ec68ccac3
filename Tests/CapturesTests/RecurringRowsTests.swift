import Captures
import Tensors
import TestSupport
import Testing

/// Checks that rows which repeat others are told wherever they lie.
@Suite struct RecurringRowsTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Not divisible by four, so that no column has a place of its own.
  static let width = 7

  /// Sequences of five rows, layers 0 and 2, each row beginning with its own number.
  ///
  /// Of each group all rows but the first become copies of it, in the layers that are named.
  static func toy(
    sequences: Int = 20, same groups: [[Int]], inLayers layers: [Int] = [0, 2],
    change: (_ row: Int, _ values: inout [Double]) -> Void = { _, _ in }
  ) -> ToyCapture {
    var toy = ToyCapture()
    let rowCount = 5 * sequences
    toy.tensors = [integers("sequence_offsets", (0...sequences).map { 5 * $0 })]
    toy.attributes = [:]
    for layer in [0, 2] {
      var rows = (0..<rowCount).map { row in
        [Double(row + 1)] + exactRandomValues(count: width - 1, seed: UInt64(row << 8 + layer))
      }
      for group in groups where layers.contains(layer) {
        for row in group.dropFirst() {
          rows[row] = rows[group[0]]
          change(row, &rows[row])
        }
      }
      toy.tensors.append(
        ToyTensor(
          "layers.\(layer).moe_input", .f32, [rowCount, width], values: rows.flatMap(\.self)))
    }
    return toy
  }

  private func rows(of toy: ToyCapture, dropsRepeats: Bool = false) throws -> CapturedRows {
    try Capture(path: toy.written(in: folder), dropsRepeats: dropsRepeats).rows
  }

  /// Every second row of each sequence.
  static let alternating = (0..<20).flatMap { [5 * $0 + 1, 5 * $0 + 3] }

  @Test("padding between tokens is told, and left out where that is asked for")
  func betweenTokens() throws {
    for layers in [[0, 2], [2]] {
      let path = try Self.toy(same: [Self.alternating], inLayers: layers).written(in: folder)
      let told = try Capture(path: path)
      #expect(told.rows.repeatedCount == 40 && told.tokenCount == 100)
      #expect(told.rows.blankCount == 0 && told.rows.paddingCount == 0)
      let left = try Capture(path: path, dropsRepeats: true)
      #expect(left.rows.repeatedCount == 40 && left.tokenCount == 60)
      #expect(left.sequences == (0..<20).map { 3 * $0..<3 * $0 + 3 })
      var reader = ActivationReader()
      let input = try #require(left.layer(0)?.input)
      let first = try reader.read(0..<6, of: input)
      #expect((0..<6).map { first[$0, 0] } == [1, 3, 5, 6, 8, 10])
    }
  }

  @Test("two rows that are the same are no padding; three are, if a sequence has two of them")
  func fewest() throws {
    #expect(try rows(of: Self.toy(same: [[1, 3], [6, 42]])).repeatedCount == 0)
    #expect(try rows(of: Self.toy(same: [[1, 3, 42]])).repeatedCount == 3)
    #expect(try rows(of: Self.toy(same: [[1, 3, 42], [7, 9, 99, 50]])).repeatedCount == 7)
  }

  @Test("equal beginnings of sequences are told from a twentieth of all rows on")
  func beginnings() throws {
    // The first two tokens of four sequences of twenty.
    let beginnings = [0, 1].map { place in (0..<4).map { 25 * $0 + place } }
    let few = try rows(of: Self.toy(same: beginnings), dropsRepeats: true)
    #expect(few.repeatedCount == 0)
    let all = [Array(stride(from: 0, to: 100, by: 5))]
    #expect(try rows(of: Self.toy(same: all)).repeatedCount == 20)
  }

  @Test("rows that differ in any one column are not the same", arguments: 0..<width)
  func columns(column: Int) throws {
    let toy = Self.toy(same: [Self.alternating]) { row, values in
      values[column] = Double(row) / 128
    }
    #expect(try rows(of: toy).repeatedCount == 0)
  }

  @Test("rows far apart are compared, and NaN with NaN")
  func farApart() throws {
    // More values than are read at once.
    let same = [[1, 3, 99_999]]
    #expect(try rows(of: Self.toy(sequences: 20_000, same: same)).repeatedCount == 3)
    let toy = Self.toy(same: [Self.alternating]) { _, values in values[2] = .nan }
    #expect(try rows(of: toy).repeatedCount == 39)
  }

  @Test("what a mask leaves out, and rows of zeros, are not told twice")
  func otherwiseKnown() throws {
    var toy = Self.toy(same: [Self.alternating]) { row, values in
      if row > 90 { values = values.map { _ in 0 } }
    }
    let mask = (0..<100).map { $0 < 50 && Self.alternating.contains($0) ? 0 : 1 }
    toy["attention_mask"] = integers("attention_mask", mask)
    let found = try rows(of: toy)
    #expect(found.paddingCount == 20 && found.blankCount == 4 && found.repeatedCount == 16)
  }
}
