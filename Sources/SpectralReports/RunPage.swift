internal import Findings
internal import Mustache

/// The page of a run: one file of HTML that needs nothing else.
struct RunPage {
  /// The page.
  let html: String

  /// Puts the page together.
  ///
  /// - Parameters:
  ///   - run: The run.
  ///   - profiles: The figures over all layers.
  ///   - shuffles: The figures of single projections.
  ///   - parts: What the run's units give, in their order.
  /// - Throws: `FindingsError` for damaged tables, and what the template does.
  init(
    run: RunFolder, profiles: [Figure], shuffles: [Figure], parts: [PagePart]
  ) throws {
    let manifest = run.manifest
    let means = try LayerMeans(of: run)
    let tables = parts.reduce(into: Set(shuffles.map(\.table))) { $0.formUnion($1.tables) }
    let overview = PageOverview(of: means, options: manifest.options)
    let sections = ReportSection.allCases.filter { section in
      section == .profiles
        ? overview != nil || !profiles.isEmpty : !tables.isDisjoint(with: section.tables)
    }
    let sentences = FindingSentences(
      of: try SummarisedUnits(of: run), options: manifest.options)
    let data = PageData(
      layers: manifest.options.layers, projections: manifest.options.projections,
      overview: overview, profiles: profiles.compactMap { PagePanel($0) },
      byProjection: manifest.options.projections.compactMap { projection in
        let name = figureName([TableDefinition.shuffle.name, projection])
        return shuffles.first { $0.name == name }.map {
          PageUnit(layer: 0, projection: projection, figures: [$0])
        }
      })
    html = try Page(
      title: "\(manifest.checkpoint.modelType): spectra of experts",
      heading: manifest.checkpoint.modelType,
      lead:
        "What the spectrum of the weights says of the experts of this checkpoint, beside what chance alone would show.",
      facts: manifest.facts(experts: means.expertCounts), verdicts: sentences.paragraphs,
      sections: sections.map { ($0.rawValue, $0.title, $0.lead) },
      absent: ReportSection.allCases.filter { !sections.contains($0) && $0 != .profiles }.map {
        ($0.title, $0.command)
      }, data: try scriptJSON(data), units: parts
    ).html
  }
}

/// What the page's script knows of the whole run.
struct PageData: Encodable {
  let layers: [Int]
  let projections: [String]
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
  init?(of means: LayerMeans, options: RunManifest.Options) {
    let found = LayerMeans.Measure.allCases.first { measure in
      means.values.keys.contains { $0.measure == measure }
    }
    guard let measure = found else { return nil }
    func cells(_ value: (MeasuredValue) -> Double) -> [[Double?]] {
      options.layers.map { layer in
        options.projections.map { projection in
          let key = LayerMeans.Key(
            measure: measure, unit: Unit(layer: layer, projection: projection))
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
    let counts = pairCounts.values.map { expertCount(ofPairs: $0) }
    guard let least = counts.min(), let most = counts.max() else { return nil }
    return least...most
  }
}

extension RunManifest {
  /// What was analysed, in words.
  func facts(experts: ClosedRange<Int>?) -> [(name: String, value: String)] {
    var facts = [("model family", checkpoint.modelType)]
    facts.append(("layers", "\(options.layers.count): \(options.layerRanges)"))
    if let experts {
      let text =
        experts.lowerBound == experts.upperBound
        ? "\(experts.lowerBound)" : "\(experts.lowerBound) to \(experts.upperBound)"
      facts.append(("routed experts", text))
    }
    if let part = options.part { facts.append(("part", part)) }
    return facts + [
      ("top", "\(trimmedText(options.fraction * 100, places: 6)) % of directions, k = \(k)"),
      ("fingerprint", checkpoint.fingerprint),
      ("options", options.arguments),
      ("made by", "sdmoe \(version)"),
    ]
  }
}
