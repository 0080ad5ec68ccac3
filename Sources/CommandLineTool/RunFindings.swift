import Experts
import Findings
import SpectralReports

/// What `sdmoe analyze --json` tells: the summary of a run, for scripts.
struct RunFindings: Encodable {
  /// The numbers of one projection, each the mean over layers and experts; nil where it was not
  /// measured.
  struct OfProjection: Encodable {
    /// The similarity of two experts' top directions on the hidden side.
    struct Similarity: Encodable {
      var mean, floor, excess: Double?
      /// The means of the layers that are least and most alike.
      var leastLayer, mostLayer: Double?
    }

    /// The share of a router row in the top directions of its own and of the other experts.
    struct Router: Encodable {
      var own, others, floor: Double?
    }

    var projection: String
    var similarity: Similarity?
    var energy: Double?
    var router: Router?
  }

  /// What was left out, and why.
  struct LeftOut: Encodable {
    var layer: Int
    var projection: String?
    var expert: String
    var reason: String
  }

  var run: String
  var modelType: String
  var fingerprint: String
  var layers: [Int]
  var analyses: [String]
  var fraction: Double
  var k: Int
  /// What was measured of each routed expert of a checkpoint in SD-MoE form.
  var part: String?
  /// What a reader has to know: rows and analyses that were left out.
  var remarks: [String]
  var projections: [OfProjection]
  /// The sentences of the summary and of the page.
  var findings: [String]
  var leftOut: [LeftOut]
  var page: String
  var tables: String

  /// Reads what a finished run holds.
  ///
  /// - Throws: `FindingsError` for damaged tables.
  init(of folder: RunFolder) throws {
    let units = try SummarisedUnits(of: folder)
    let options = folder.manifest.options
    run = folder.path
    modelType = folder.manifest.checkpoint.modelType
    fingerprint = folder.manifest.checkpoint.fingerprint
    layers = options.layers
    analyses = options.analyses
    fraction = options.fraction
    k = folder.manifest.k
    part = options[.part]
    remarks = folder.manifest.remarks
    projections = options.projections.map { OfProjection($0, in: units) }
    findings = FindingSentences(of: units, options: options).paragraphs
    leftOut = try [TableDefinition.leftOut, .leftOut.ofGradients].flatMap {
      try folder.table($0).map { LeftOut.all(in: $0) } ?? []
    }
    page = "\(folder.path)/index.html"
    tables = "\(folder.path)/tables"
  }
}

extension RunFindings.LeftOut {
  static func all(in table: Table) -> [Self] {
    let layers = table[LeftOutParts.layer]
    let projections = table[LeftOutParts.projection]
    let experts = table[LeftOutParts.expert]
    let reasons = table[LeftOutParts.reason]
    return (0..<table.rowCount).map {
      Self(
        layer: layers[$0], projection: projections[$0]?.rawValue, expert: experts[$0],
        reason: reasons[$0])
    }
  }
}

extension RunFindings.OfProjection {
  init(_ projection: Projection, in units: SummarisedUnits) {
    self.projection = projection.rawValue
    func mean(_ column: Column<Double>, _ table: TableDefinition, _ cells: Table.NamedCell...)
      -> Double?
    {
      plainMean(units.numbers(column, of: table, where: cells)).orNull
    }
    if units.has(.summary) {
      let cells = [Summary.projection(projection), Summary.side(.hidden)]
      let means = units.numbers(Summary.mean, of: .summary, where: cells)
      similarity = Similarity(
        mean: plainMean(means).orNull, floor: mean(Summary.floor, .summary, cells[0], cells[1]),
        excess: mean(Summary.excess, .summary, cells[0], cells[1]), leastLayer: means.min(),
        mostLayer: means.max())
    }
    if units.has(.energy) { energy = plainMean(units.energies(projection)).orNull }
    // down_proj writes to the residual stream: no router row meets its input.
    let row = RouterSummary.projection(projection)
    if let own = mean(RouterSummary.matched, .routerSummary, row) {
      router = Router(
        own: own, others: mean(RouterSummary.mismatched, .routerSummary, row),
        floor: mean(RouterSummary.floor, .routerSummary, row))
    }
  }
}
