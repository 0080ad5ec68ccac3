import Captures
import Checkpoints
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks that padding in captures changes no number of any analysis.
@Suite struct PaddedCaptureTests {
  /// One layer of four experts, hidden size 24; two of them for each token.
  static let toy: ToyCheckpoint = {
    var toy = ToyCheckpoint.gaussian(experts: 4, hidden: 24, width: 20, seed: 901)
    toy.config["num_experts_per_tok"] = 2
    return toy
  }()

  static let analyses: [Analysis] = [
    .routerData, .activationRatio, .shuffle, .dataAlignment, .routing,
  ]

  static var options: AnalysisOptions {
    var options = AnalysisOptions(analyses: analyses)
    options.routedOnly = true
    return options
  }

  /// Tokens of two sequences, 20 and 14.
  static let lengths = [20, 14]

  /// What the padding holds, and where it lies.
  struct Padding: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The value of every element of a padding row.
    let value: Double
    let isBefore: Bool
    /// The mask or the lengths, or neither.
    let tensor: String?
    var dropsRepeats = false
  }

  static let paddings = [
    Padding(testDescription: "mask", value: 0.5, isBefore: false, tensor: "attention_mask"),
    Padding(testDescription: "mask, left", value: .nan, isBefore: true, tensor: "attention_mask"),
    Padding(testDescription: "lengths", value: 0.5, isBefore: false, tensor: "sequence_lengths"),
    Padding(testDescription: "lengths, left", value: 0, isBefore: true, tensor: "sequence_lengths"),
    Padding(testDescription: "zeros", value: 0, isBefore: false, tensor: nil),
    Padding(
      testDescription: "repeats", value: 0.5, isBefore: true, tensor: nil, dropsRepeats: true),
  ]

  /// A capture of the tokens, with so many rows of padding in each sequence.
  static func capture(padding: Padding?, count: Int = 30) -> ToyCapture {
    func padded(_ matrix: Matrix<Double>) -> Matrix<Double> {
      guard let padding else { return matrix }
      var rows: [[Double]] = []
      var start = 0
      for length in lengths {
        let tokens = (start..<start + length).map { row in
          (0..<matrix.columnCount).map { matrix[row, $0] }
        }
        let filling = [[Double]](
          repeating: [Double](repeating: padding.value, count: matrix.columnCount),
          count: count - length)
        rows += padding.isBefore ? filling + tokens : tokens + filling
        start += length
      }
      return Matrix(rows: rows)
    }
    var capture = ToyCapture(
      padded(.gaussian(34, 24, seed: 902)), logits: padded(.gaussian(34, 4, seed: 903)),
      shuffled: padded(.gaussian(34, 24, seed: 904)))
    capture.offsets = padding == nil ? [0, 20, 34] : [0, count, 2 * count]
    if padding?.tensor == "sequence_lengths" { capture.lengths = lengths }
    if let padding, padding.tensor == "attention_mask" {
      capture.mask = lengths.flatMap { length in
        let ones = [Int](repeating: 1, count: length)
        let zeros = [Int](repeating: 0, count: count - length)
        return padding.isBefore ? zeros + ones : ones + zeros
      }
    }
    return capture
  }

  private func tables(
    of capture: ToyCapture, dropsRepeats: Bool, as form: ToyCapture.Form
  ) async throws -> (tables: [String], manifest: RunManifest) {
    let checkpoint = try Self.toy.written()
    let (folder, out) = (try TemporaryFolder(), try TemporaryFolder())
    var options = Self.options
    options.dropsRepeats = dropsRepeats
    let inputs = AnalysisInputs(
      checkpoint: try Checkpoint(path: checkpoint.path),
      capture: try Capture(
        path: capture.written(in: folder, as: form), dropsRepeats: dropsRepeats))
    let plan = try AnalysisPlan(for: inputs, options: options, version: "test")
    let run = try await carryOut(plan, in: out.path, effort: AnalysisEffort(workers: 2))
    let tables = try run.manifest.tables.compactMap { try run.table($0).map { "\($0.lines)" } }
    return (tables, run.manifest)
  }

  @Test(
    "Every table is that of the tokens alone, byte for byte", arguments: paddings,
    ToyCapture.Form.allCases)
  func sameNumbers(padding: Padding, form: ToyCapture.Form) async throws {
    let bare = try await tables(
      of: Self.capture(padding: nil), dropsRepeats: padding.dropsRepeats, as: form)
    let padded = try await tables(
      of: Self.capture(padding: padding), dropsRepeats: padding.dropsRepeats, as: form)
    #expect(bare.manifest.capturedRows == nil)
    #expect(padded.tables == bare.tables)
    let rows = try #require(padded.manifest.capturedRows)
    #expect(rows.stored == 60)
    let counts = [rows.padding, rows.zeros, rows.repeats].sorted()
    #expect(counts == [0, 0, 26])
    #expect(padded.manifest.remarks.count == 1)
    #expect(
      padded.manifest.remarks[0].hasPrefix("26 of 60 captured rows were left out: "),
      "\(padded.manifest.remarks)")
    #expect(padded.manifest.captures != bare.manifest.captures)
  }

  @Test("A repeated row counts as a token and is told, with the option that leaves it out")
  func repeats() async throws {
    let padding = Padding(testDescription: "", value: 0.5, isBefore: false, tensor: nil)
    let run = try await ToyRun(
      of: Self.toy, options: AnalysisOptions(analyses: [.routing]),
      capture: Self.capture(padding: padding))
    #expect(try run.table(.routingSummary).integers("tokens") == [60])
    #expect(
      run.folder.manifest.remarks == [
        "26 of 60 captured rows repeat others bit for bit, as padding does, and count as tokens; --drop-repeats leaves them out"
      ])
    let json = String(decoding: try JSONEncoder().encode(run.folder.manifest), as: UTF8.self)
    #expect(json.contains("\"captured_rows\""))
  }

  @Test("Tokens that are padding by their look are told, with what to write into the file")
  func sameTokens() async throws {
    var capture = Self.capture(padding: nil)
    capture.tokens = Array(100..<134)
    for row in Array(16..<20) + Array(31..<34) { capture.tokens[row] = 0 }
    let run = try await ToyRun(
      of: Self.toy, options: AnalysisOptions(analyses: [.routing]), capture: capture)
    #expect(try run.table(.routingSummary).integers("tokens") == [34])
    let manifest = run.folder.manifest
    #expect(
      manifest.remarks == [
        "7 of 34 captured rows are of one token at the start or end of their sequences (token 0 most of all), as padding is, and count as tokens; if it is padding, write attention_mask or lengths into the file"
      ])
    let json = try JSONEncoder().encode(manifest)
    #expect(try JSONDecoder().decode(RunManifest.self, from: json) == manifest)
  }

  @Test("Experts that the router bars have no load, and no number is lost")
  func barredExperts() async throws {
    var logits = Matrix<Double>.gaussian(34, 4, seed: 905)
    for token in 0..<34 { logits[token, token % 2 == 0 ? 3 : 1] = -.infinity }
    for token in 0..<4 { for expert in 0..<3 { logits[token, expert] = -.infinity } }
    for token in 0..<4 { logits[token, 3] = 1 }
    let capture = ToyCapture(.gaussian(34, 24, seed: 906), logits: logits)
    let run = try await ToyRun(
      of: Self.toy, options: AnalysisOptions(analyses: [.activationRatio, .routing]),
      capture: capture)
    let routing = try run.table(.routing)
    // Four tokens are left one expert each.
    let assignments = routing.integers("tokens").reduce(0, +)
    #expect(assignments == 64)
    let load = routing.numbers("load").reduce(0, +)
    #expect(abs(load - 1) <= 1e-15)
    #expect(try run.table(.routingSummary).integers("tokens") == [34])
    for table in [routing, try run.table(.routingSummary), try run.table(.coactivation)] {
      #expect(!"\(table.lines)".lowercased().contains("nan"))
    }
  }
}
