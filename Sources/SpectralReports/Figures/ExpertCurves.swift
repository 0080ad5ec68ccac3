internal import Experts
internal import Pictures

/// Values of all experts of a unit over singular directions or values, counted from 1, as lines.
struct ExpertCurves {
  /// The columns of a table that are drawn.
  struct Columns {
    let experts: [ExpertName]
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

  /// How the values of routed experts are shown.
  enum Form {
    /// A thin line for each: values that hardly change from one place to the next.
    case lines
    /// How far they reach at each place: lines of values that jump would be a tangle.
    case spread
  }

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
  ///   - reach: The largest place that the axis shows at least.
  init(rows: [Int], of columns: Columns, axis: Axis, name: String, reach: Int = 1) {
    let rows = rows.filter { columns.places[$0] >= 1 }
    last = max(rows.map { columns.places[$0] }.max() ?? 1, reach)
    xScale =
      switch axis {
      case .logarithmic: .logarithmic
      case .logarithmicBeyond(let count): last > count ? .logarithmic : .linear
      }
    let byExpert = Dictionary(grouping: rows) { columns.experts[$0] }
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

  /// The routed experts, their median, each shared expert in a colour of its own, and the floor.
  ///
  /// - Parameters:
  ///   - form: How the routed experts are shown.
  ///   - floorName: The words in the legend for the floor.
  /// - Returns: The groups in the order of drawing.
  func groups(_ form: Form, floorName: String = "random floor") -> [LineChart.Group] {
    routedGroups(form) + sharedGroups + LineChart.Group.floor(floorName, floors)
  }

  private func routedGroups(_ form: Form) -> [LineChart.Group] {
    let routed = lines.filter(\.expert.isRouted).map(\.points)
    guard !routed.isEmpty else { return [] }
    let count = routed.count == 1 ? "1 routed expert" : "\(routed.count) routed experts"
    let opacity = routed.count > 100 ? 0.18 : (routed.count > 24 ? 0.3 : 0.5)
    var experts = LineChart.Group(
      label: count, colour: "#31688e", width: 1, opacity: opacity, lines: [])
    switch form {
    case .lines: experts.lines = routed
    case .spread: experts.spread = LineChart.spread(of: routed)
    }
    return [
      experts,
      LineChart.Group(
        label: "median of the routed", colour: Ink.text, width: 2.5,
        lines: [LineChart.medians(of: routed)]),
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
