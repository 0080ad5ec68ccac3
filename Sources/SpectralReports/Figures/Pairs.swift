internal import Experts
internal import Pictures

/// What a table says of pairs of experts or of other things, a row for each.
struct Pairs {
  /// The first and the second thing of each row.
  let first, second: [ExpertName]
  /// What is drawn.
  let values: [Double]
  /// What chance alone would show.
  let floors: [Double]

  /// The same pairs with other values.
  func with(_ values: [Double], floors: [Double]) -> Pairs {
    Pairs(first: first, second: second, values: values, floors: floors)
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
    let names = Set(rows.flatMap { [first[$0], second[$0]] }).sorted()
    let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
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
