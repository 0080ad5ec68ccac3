internal import Experts
internal import Findings

/// The means of a run's layers and projections, each beside its floor.
struct LayerMeans: Sendable {
  /// What a mean is of.
  struct Key: Hashable, Comparable {
    let measure: ComparedMeasure
    let layer: Int
    let projection: Projection

    /// The unit that was measured.
    var unit: UnitKey {
      UnitKey(
        layer: layer, projection: projection,
        subject: measure.isOfGradients ? .gradients : .weights)
    }

    static func < (first: Key, second: Key) -> Bool {
      first.order.lexicographicallyPrecedes(second.order)
    }

    private var order: [Int] {
      [
        ComparedMeasure.allCases.firstIndex(of: measure) ?? 0, layer,
        Projection.allCases.firstIndex(of: projection) ?? 0,
      ]
    }
  }

  private(set) var values: [Key: MeasuredValue] = [:]
  /// How many routed experts were measured in each unit whose tables tell.
  private(set) var expertNumbers: [UnitKey: Int] = [:]

  /// Reads the small tables of a run.
  init(of run: RunFolder) throws {
    for measure in LayerMeasure.all {
      guard let table = try run.table(measure.table) else { continue }
      for mean in measure.read(table) {
        guard let projection = mean.unit.projection else { continue }
        let key = Key(measure: measure.name, layer: mean.unit.layer, projection: projection)
        values[key] = mean.value
        if let experts = mean.experts { expertNumbers[key.unit] = experts }
      }
    }
  }

  /// Takes the means of a unit without some experts.
  ///
  /// - Throws: `FindingsError` for a damaged table.
  /// - Complexity: O(pairs of experts)
  mutating func leaveOut(_ experts: Set<ExpertName>, of unit: RunUnit, in run: RunFolder) throws {
    for measure in LayerMeasure.all {
      guard let projection = unit.projection else { continue }
      let key = Key(measure: measure.name, layer: unit.layer, projection: projection)
      guard key.unit == unit.key, values[key] != nil else { continue }
      values[key] = try run.table(measure.detail.table, of: unit).map {
        measure.detail.mean($0, experts)
      }
    }
  }
}

extension ComparedMeasure {
  /// Whether gradients are measured, and not weights.
  var isOfGradients: Bool { self == .gradientSimilarity || self == .gradientEnergy }
}
