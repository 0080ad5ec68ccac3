import Captures
import TestSupport
import Testing

/// Checks that runs of one token at the ends of sequences are told where no mask is there.
@Suite struct SameTokensTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Twenty sequences of five rows, no two tokens the same but for those that are given.
  private func rows(
    _ tokens: [Int: [Int]], same: [[Int]] = [], change: (inout ToyCapture) -> Void = { _ in }
  ) throws -> CapturedRows {
    var toy = RecurringRowsTests.toy(same: same)
    var all = Array(1000..<1100)
    for (token, rows) in tokens { for row in rows { all[row] = token } }
    toy["tokens"] = integers("tokens", all)
    change(&toy)
    let capture = try Capture(path: toy.written(in: folder))
    #expect(capture.tokenCount == 100)
    return capture.rows
  }

  @Test("three of one token at the end or start of two sequences are told, and count as tokens")
  func runs() throws {
    let end = try rows([7: [2, 3, 4, 47, 48, 49]])
    #expect(end.sameTokenCount == 6 && end.sameToken == 7)
    #expect(end.repeatedCount == 0 && end.blankCount == 0 && end.paddingCount == 0)
    #expect(try rows([0: [5, 6, 7, 90, 91, 92, 93]]).sameTokenCount == 7)
    // At either end of one sequence: fewer than a twentieth of all rows need two sequences.
    #expect(try rows([0: [2, 3, 4]]).sameTokenCount == 0)
    #expect(try rows([0: [0, 1, 2, 3, 4]]).sameTokenCount == 5)
    // Not at the end, or two alone.
    #expect(try rows([0: [1, 2, 3, 46, 47, 48]]).sameTokenCount == 0)
    #expect(try rows([0: (0..<20).flatMap { [5 * $0 + 3, 5 * $0 + 4] }]).sameToken == nil)
    let two = try rows([3: [2, 3, 4, 7, 8, 9], -1: [10, 11, 12, 15, 16, 17, 18]])
    #expect(two.sameTokenCount == 13 && two.sameToken == -1)
  }

  @Test("where a mask or lengths are there, they decide")
  func masks() throws {
    let padding = [7: [2, 3, 4, 47, 48, 49]]
    let mask = integers("attention_mask", Array(repeating: 1, count: 100))
    #expect(try rows(padding) { $0["attention_mask"] = mask }.sameTokenCount == 0)
    let lengths = integers("lengths", Array(repeating: 5, count: 20))
    #expect(try rows(padding) { $0["lengths"] = lengths }.sameTokenCount == 0)
    #expect(try rows(padding) { $0["tokens"] = nil }.sameTokenCount == 0)
  }

  @Test("rows that are told as repeats are not told twice")
  func repeats() throws {
    let both = try rows([7: [2, 3, 4, 47, 48, 49]], same: [[2, 3, 4, 47, 48]])
    #expect(both.repeatedCount == 5 && both.sameTokenCount == 1 && both.sameToken == 7)
  }
}
