/// Values of all experts of a unit over singular directions or values, counted from 1, as lines.
struct ExpertCurves {
  /// The columns of a table that are drawn.
  struct Columns {
    let experts: [String]
    let places: [Int]
    let values: [Double]
    /// What chance alone would show; empty where the table does not say.
    var floors: [Double] = []
  }

  /// How the horizontal axis is chosen.
  enum Axis {
    case logarithmic
    /// Logarithmic where there are so many places that the leading ones would be lost.
    case logarithmicBeyond(Int)
  }

  private let lines: [(expert: ExpertName, points: [LineChart.Point])]
  private let floors: [LineChart.Point]

  /// The largest place.
  let last: Int
  let xScale: AxisScale

  /// A sentence for below the chart where not all places are drawn.
  let notes: [String]

  /// How many points all lines of experts may have together: about 310 kB of markup.
  private static let pointBudget = 24_000
  /// More than one point for two pixels of the axis cannot be told apart.
  private static let mostPlaces = 270

  /// Collects the lines.
  ///
  /// - Parameters:
  ///   - rows: The rows of one unit; those whose place is under 1 are left out.
  ///   - columns: The columns of the table.
  ///   - axis: How the horizontal axis is chosen.
  ///   - name: What the places are, in the plural.
  init(rows: [Int], of columns: Columns, axis: Axis, name: String) {
    let rows = rows.filter { columns.places[$0] >= 1 }
    last = rows.map { columns.places[$0] }.max() ?? 1
    xScale =
      switch axis {
      case .logarithmic: .logarithmic
      case .logarithmicBeyond(let count): last > count ? .logarithmic : .linear
      }
    let byExpert = Dictionary(grouping: rows) { ExpertName(columns.experts[$0]) }
    let most =
      xScale == .linear
      ? last : min(Self.mostPlaces, max(60, Self.pointBudget / max(byExpert.count, 1)))
    let thinned = ThinnedPlaces(to: last, atMost: max(most, 2))
    notes = thinned.note(name).map { [$0] } ?? []

    let kept = Set(thinned.places)
    func points(_ rows: [Int], _ values: [Double]) -> [LineChart.Point] {
      rows.filter { kept.contains(columns.places[$0]) }
        .map { LineChart.Point(x: Double(columns.places[$0]), y: values[$0]) }
        .sorted { $0.x < $1.x }
    }
    lines = byExpert.sorted { $0.key < $1.key }
      .map { expert, rows in (expert: expert, points: points(rows, columns.values)) }
    let floorPoints = columns.floors.isEmpty ? [] : points(rows, columns.floors)
    floors = Dictionary(grouping: floorPoints.filter(\.y.isFinite), by: \.x)
      .compactMap { x, points in points.map(\.y).max().map { LineChart.Point(x: x, y: $0) } }
      .sorted { $0.x < $1.x }
  }

  /// The marks of the horizontal axis.
  var xTicks: [Tick] {
    xScale == .linear ? countingTicks(to: last, atMost: 16) : logarithmicCountingTicks(to: last)
  }

  /// The words to add to the horizontal axis' title.
  var xRemark: String { xScale == .linear ? "" : ", logarithmic" }

  /// A thin line for each routed expert, their median, each shared expert in a colour of its own,
  /// and the floor.
  ///
  /// - Parameter floorName: The words in the legend for the floor.
  /// - Returns: The groups in the order of drawing.
  func groups(floorName: String = "random floor") -> [LineChart.Group] {
    routedGroups + sharedGroups + LineChart.Group.floor(floorName, floors)
  }

  private var routedGroups: [LineChart.Group] {
    let routed = lines.filter(\.expert.isRouted).map(\.points)
    guard !routed.isEmpty else { return [] }
    let count = routed.count == 1 ? "1 routed expert" : "\(routed.count) routed experts"
    let opacity = routed.count > 100 ? 0.18 : (routed.count > 24 ? 0.3 : 0.5)
    return [
      LineChart.Group(
        label: count, colour: "#31688e", width: 1, opacity: opacity, lines: routed),
      LineChart.Group(
        label: "median of the routed", colour: Ink.text, width: 2.5, lines: [medians(of: routed)]),
    ]
  }

  private var sharedGroups: [LineChart.Group] {
    let dashes = ["", "7 5", "2 5", "10 4 2 4"]
    return lines.filter { !$0.expert.isRouted }.enumerated().map { index, line in
      // Vermilion stands apart from blue and black for the colour-blind too (Okabe and Ito).
      LineChart.Group(
        label: line.expert.text, colour: "#d55e00", width: 2.5,
        dashes: dashes[index % dashes.count], lines: [line.points])
    }
  }
}

/// The median over the lines at each place where any line has a value.
private func medians(of lines: [[LineChart.Point]]) -> [LineChart.Point] {
  let points = lines.flatMap(\.self).filter(\.y.isFinite)
  return Dictionary(grouping: points, by: \.x).sorted { $0.key < $1.key }.map { x, points in
    let sorted = points.map(\.y).sorted()
    let middle = sorted.count / 2
    let median =
      sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    return LineChart.Point(x: x, y: median)
  }
}
