import Checkpoints
import Experts
import SpectralDecoupling
import Tensors

/// What a conversion did, for a terminal of 80 columns.
struct ConversionText {
  let output: String
  let plan: ConversionPlan
  let summary: ConversionSummary

  /// The width of lines.
  static let width = 80

  /// A column of the table, and what its numbers mean.
  private struct Column {
    let name: String
    var meaning: String?
    let cell: (UnitSummary) -> String
  }

  private var mode: SDMoEForm.Mode { plan.checkpoint.form?.mode ?? plan.options.mode }

  /// All of it.
  var text: String {
    let leftBehind =
      (summary.decoded.map { Self.decoded($0) } ?? []) + Self.leftBehind(summary.leftBehind)
    if summary.wasThere {
      return lines(
        wordWrapped(
          "\(output): was there already, made from the same input; sdmoe verify checks its bytes",
          width: Self.width) + leftBehind)
    }
    var table = TextTable(columns: columns.map(\.name))
    for unit in summary.units { table.append(columns.map { $0.cell(unit) }) }
    let verb = plan.isMerging ? "merged" : "split"
    let sizes =
      "\(bytesText(summary.bytesBefore)) of weights became \(bytesText(summary.bytesAfter))"
    return lines(
      ["\(output): \(verb), \(sizes)"] + wordWrapped(sameness, width: Self.width)
        + ["", table.text, ""] + meanings + leftBehind
        + ["check it at any time with: sdmoe verify \(output)"])
  }

  /// What was packed and is plain now, and what went with it.
  static func decoded(_ decoded: DecodedTensors) -> [String] {
    let matrices = decoded.matrices.sorted { $0.key < $1.key }
      .map { "\($0.value) matrices stored as \($0.key)" }
    let dropped =
      decoded.dropped.sorted { $0.key < $1.key }.map { "\($0.value) tensors \($0.key)" }
      + decoded.configKeys.map { "\($0) of config.json" }
    let types = decoded.types.joined(separator: " or ")
    return
      (matrices.isEmpty
      ? []
      : wordWrapped(
        "decoded to \(types): \(matrices.joined(separator: "; "))", width: width))
      + (dropped.isEmpty
        ? [] : wordWrapped("dropped: \(dropped.joined(separator: ", "))", width: width))
  }

  /// The files that are not in the output, by name.
  static func leftBehind(_ names: [String]) -> [String] {
    guard !names.isEmpty else { return [] }
    let most = 20
    let more = names.count > most ? ", and \(names.count - most) more" : ""
    return wordWrapped(
      "not carried: " + names.prefix(most).joined(separator: ", ") + more, width: width)
  }

  private func lines(_ lines: [String]) -> String { lines.joined(separator: "\n") }

  /// Whether the model is still the same.
  private var sameness: String {
    if let form = plan.checkpoint.form {
      if form.mode == .strict { return "the weights of strict mode, which are not the original's" }
      return form.dtype == .f32
        ? "the original's weights again"
        : "the original's weights up to rounding: its parts were stored as \(form.dtype.rawValue)"
    }
    if plan.options.mode == .strict {
      return "the model is another: what strict mode drops is not in the output"
    }
    if let error = summary.units.compactMap(\.largestError).max(), error > 0 {
      return
        "the model is the same up to rounding: no expert is off by more than \(shortest(error)) of its norm"
    }
    return "nothing is lost: the parts add up to the original"
  }

  private var columns: [Column] {
    var columns = [
      Column(name: "layer") { String($0.layer) },
      Column(name: "projection") { $0.projection.rawValue },
      Column(name: "rank", meaning: "common directions on each side") { String($0.commonRank) },
    ]
    if let (name, what) = remainder {
      columns.append(
        Column(
          name: name,
          meaning:
            "energy that experts have along the common directions beyond the common part; \(what)"
        ) { $0.remainderEnergy.isNaN ? "-" : "\(rounded(100 * $0.remainderEnergy, digits: 1)) %" })
    }
    if summary.units.contains(where: { $0.similarity != nil }) {
      let parts: [(String, String, (UnitSummary) -> (Double, Double)?)] = [
        (
          "before",
          "mean similarity of the experts' leading directions; (floor) is what independent random directions would show",
          { $0.similarity.map { ($0.before, $0.floorBefore) } }
        ),
        (
          "after", "the same of the unique parts, within the directions that are left to them",
          { $0.similarity.map { ($0.after, $0.floorAfter) } }
        ),
      ]
      for (name, meaning, numbers) in parts {
        columns += [
          Column(name: name, meaning: meaning) {
            numbers($0).map { rounded($0.0, digits: 3) } ?? "-"
          },
          Column(name: "(floor)") { numbers($0).map { "(\(rounded($0.1, digits: 3)))" } ?? "-" },
        ]
      }
    }
    if mode == .exact, plan.isMerging || plan.options.form == .factored {
      columns.append(
        Column(
          name: "corrected",
          meaning:
            "weights that the sum of the parts misses by rounding, and that are kept one by one"
        ) { String($0.corrections) })
    }
    return columns
  }

  /// What the column of the remainder is called, and what becomes of it.
  private var remainder: (name: String, what: String)? {
    switch mode {
    case .strict:
      plan.isMerging ? nil : ("dropped", "the output lacks it")
    case .exact:
      plan.isMerging
        ? ("put back", "it is in the weights again")
        : ("kept", plan.options.form == .factored ? "each expert keeps its own" : "it is no loss")
    }
  }

  private var meanings: [String] {
    let widest = columns.map(\.name.count).max() ?? 0
    return columns.flatMap { column -> [String] in
      guard let meaning = column.meaning else { return [] }
      let lines = wordWrapped(meaning, width: Self.width - widest - 2)
      return lines.enumerated().map { place, line in
        let start = place == 0 ? column.name : ""
        let space = String(repeating: " ", count: widest + 2 - start.count)
        return start + space + (place == 0 ? line : String(line.dropFirst(2)))
      }
    }
  }
}
