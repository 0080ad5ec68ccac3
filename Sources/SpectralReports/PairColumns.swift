internal import Findings

/// The columns of a table with one row for each pair of experts or of other things.
struct PairColumns {
  private let first: [String]
  private let second: [String]
  private let values: [Double]
  private let floors: [Double]

  /// Reads a table of pairs.
  ///
  /// - Parameters:
  ///   - table: A table with the two columns that name the pair, numbers or words, and those of the
  ///     value and of its floor.
  ///   - names: The columns that name the pair.
  ///   - value: The column that is drawn.
  init(_ table: Table, names: (String, String) = ("expert_a", "expert_b"), value: String) {
    first = table.words(names.0)
    second = table.words(names.1)
    values = table.numbers(value)
    floors = table.numbers("floor_\(value)")
  }

  /// Takes columns that are known already.
  init(first: [String], second: [String], values: [Double], floors: [Double]) {
    self.first = first
    self.second = second
    self.values = values
    self.floors = floors
  }

  /// The same pairs with other values.
  func with(_ values: [Double], floors: [Double]) -> PairColumns {
    PairColumns(first: first, second: second, values: values, floors: floors)
  }

  /// A symmetric heatmap of some rows, with their floor in its subtitle.
  ///
  /// - Parameters:
  ///   - rows: The rows of one figure.
  ///   - title: The title.
  ///   - subtitle: What is shown, without the floor.
  ///   - measure: The word above the colour bar.
  ///   - thing: What is compared, such as `expert`, and the same with its article.
  ///   - scaleMaximum: The value of the last colour.
  /// - Returns: The heatmap, its names in the order of experts, and shared experts apart.
  func heatmap(
    of rows: [Int], title: String, subtitle: String, measure: String,
    thing: (plain: String, withArticle: String) = ("expert", "an expert"), scaleMaximum: Double
  ) -> Heatmap {
    let names = Set(rows.flatMap { [first[$0], second[$0]] }).map(ExpertName.init).sorted()
    let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1.text, $0) })
    func cells(_ column: [Double]) -> [Double] {
      var cells = [Double](repeating: .nan, count: names.count * names.count)
      for row in rows {
        guard let a = places[first[row]], let b = places[second[row]] else { continue }
        cells[a * names.count + b] = column[row]
        cells[b * names.count + a] = column[row]
      }
      return cells
    }

    let floor = FloorRange(rows.map { floors[$0] })
    var heatmap = Heatmap(
      title: title, subtitle: subtitle + (floor.map { "; random floor \($0.text)" } ?? ""),
      measure: measure, rowTitle: thing.plain, columnTitle: thing.plain,
      rowLabels: names.map(\.text), columnLabels: names.map(\.text),
      separatedCount: names.count { !$0.isRouted }, values: cells(values), hasNeutralDiagonal: true,
      floor: floor?.high ?? .nan, scaleMaximum: scaleMaximum)
    heatmap.thing = thing.withArticle
    if let floor, floor.low < floor.high {
      heatmap.cellFloors = cells(floors)
      heatmap.notes.append("The floor differs between pairs; the mark shows the highest.")
    }
    return heatmap
  }
}

/// The floors of the rows of a figure: mostly one number, two where pairs differ in rank.
struct FloorRange {
  let low: Double
  let high: Double

  /// Collects the floors that are known; nil where none is.
  init?(_ floors: [Double]) {
    let known = floors.filter(\.isFinite)
    guard let low = known.min(), let high = known.max() else { return nil }
    self.low = low
    self.high = high
  }

  var text: String {
    low == high ? shareText(high) : "\(shareText(low)) to \(shareText(high))"
  }
}

/// The rank or, where rows differ, the ranks: `15` or `2 to 15`.
func rankText(_ ranks: [Int]) -> String {
  guard let low = ranks.min(), let high = ranks.max() else { return "?" }
  return low == high ? "\(low)" : "\(low) to \(high)"
}

extension Table {
  /// A column of words, or of whole numbers written out.
  fileprivate func words(_ column: String) -> [String] {
    let kind = definition.columns.first { $0.name == column }?.kind
    return kind == .integer ? integers(column).map { "\($0)" } : texts(column)
  }
}
