internal import Experts
internal import Findings
internal import Mustache
internal import Pictures

/// The page of a run: one file of HTML that needs nothing else.
struct RunPage {
  /// The page.
  let html: String

  /// Puts the page together.
  ///
  /// - Parameters:
  ///   - run: The run.
  ///   - parts: What the run's units give, in their order.
  ///   - whole: The figures of the whole run.
  /// - Throws: `FindingsError` for damaged tables, and what the template does.
  init(run: RunFolder, parts: [PagePart], whole: [FigureGroup]) throws {
    let manifest = run.manifest
    let means = try LayerMeans(of: run)
    let overview = PageOverview(of: means, options: manifest.options)
    let drawn = parts.reduce(into: Set(whole.map(\.section))) { $0.formUnion($1.sections) }
      .union(overview == nil ? [] : [.profiles])
    let sections = ReportSection.all.filter(drawn.contains)
    let sentences = FindingSentences(
      of: try SummarisedUnits(of: run), options: manifest.options)
    let data = PageData(
      layers: manifest.options.layers, projections: manifest.options.projections,
      overview: overview,
      profiles: whole.filter { $0.projection == nil }.flatMap(\.figures)
        .compactMap { PagePanel($0) },
      byProjection: manifest.options.projections.compactMap { projection in
        let figures = whole.filter { $0.projection == projection }
        return figures.isEmpty
          ? nil : PageUnit(layer: 0, projection: projection, figures: figures)
      })
    let checkpoint = manifest.checkpoint
    html = try Page(
      title: "\(checkpoint.title): spectra of experts",
      heading: checkpoint.title,
      kind: checkpoint.name == nil ? nil : checkpoint.modelType,
      lead:
        "What the spectrum of the weights says of the experts of this checkpoint, beside what chance alone would show.",
      facts: manifest.facts(experts: means.expertCounts), findings: sentences.findings,
      sections: sections,
      absent: ReportSection.all.filter { section in
        // Gradients of which none could be measured are a finding, not something to be given.
        let wasTried = section == .gradients && manifest.options.analyses.contains("gradients")
        return !sections.contains(section) && section != .profiles && !wasTried
      },
      data: try scriptJSON(data), units: parts, origin: manifest.origin
    ).html
  }
}

/// What the page's script knows of the whole run.
struct PageData: Encodable {
  let layers: [Int]
  let projections: [Projection]
  let overview: PageOverview?
  let profiles: [PagePanel]
  let byProjection: [PageUnit]
  var viridis = ColourMap.viridis.anchors.map(\.hex)
  var redBlue = ColourMap.redBlue.anchors.map(\.hex)
}

/// One number for each layer and projection.
struct PageOverview: Encodable {
  let title: String
  /// A row for each layer, in it a cell for each projection.
  let values: [[Double?]]
  let floors: [[Double?]]
  let scale: Double
  let diverging: Bool
}

extension PageOverview {
  /// Takes the similarity of experts or, in a run without, another measure.
  init?(of means: LayerMeans, options: RunOptions) {
    let found = LayerMeasure.all.first { measure in
      means.values.keys.contains { $0.measure == measure.name }
    }
    guard let measure = found else { return nil }
    func cells(_ value: (MeasuredValue) -> Double) -> [[Double?]] {
      options.layers.map { layer in
        options.projections.map { projection in
          let key = LayerMeans.Key(measure: measure.name, layer: layer, projection: projection)
          return means.values[key].flatMap { threeDigits(value($0)) }
        }
      }
    }
    title = "\(measure.title): \(measure.meaning)"
    values = cells(\.value)
    floors = cells(\.floor)
    diverging = false
    scale = scaleEnd(of: values.flatMap(\.self).compactMap(\.self))
  }
}

extension LayerMeans {
  /// The smallest and the largest number of routed experts of a layer.
  var expertCounts: ClosedRange<Int>? {
    let counts = expertNumbers.values
    guard let least = counts.min(), let most = counts.max() else { return nil }
    return least...most
  }
}

extension RunManifest {
  /// What was analysed, in words.
  func facts(experts: ClosedRange<Int>?) -> [(name: String, value: String)] {
    var facts = [("layers", "\(options.layers.count): \(options.layerRanges)")]
    if let experts {
      let text =
        experts.lowerBound == experts.upperBound
        ? "\(experts.lowerBound)" : "\(experts.lowerBound) to \(experts.upperBound)"
      facts.append(("routed experts", text))
    }
    if let part = options[.part] { facts.append(("part", part)) }
    if let notMeasured { facts.append(("not measured", notMeasured.joined(separator: "; "))) }
    let percent = trimmedText(options.fraction * 100, places: 6)
    return facts + [("leading directions", "k = \(k), the top \(percent) %")]
  }

  /// What tells this run from others, for those who want to make it again.
  var origin: [(name: String, value: String)] {
    [
      ("fingerprint", checkpoint.fingerprint), ("options", options.arguments),
      ("made by", "sdmoe \(version)"),
    ] + remarks.map { ("note", $0) }
  }
}
