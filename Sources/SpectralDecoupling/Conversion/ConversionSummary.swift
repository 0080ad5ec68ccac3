public import Experts

/// What a finished conversion can tell.
public struct ConversionSummary: Sendable {
  /// The units, in the order of layers and projections.
  public let units: [UnitSummary]
  /// The size of all weights that were read.
  public let bytesBefore: Int
  /// The size of all weights that were written.
  public let bytesAfter: Int
  /// What was decoded and dropped; nil where the checkpoint had plain numbers.
  public let decoded: DecodedTensors?
  /// Files that were not carried over.
  public let leftBehind: [String]
  /// Whether the output was there already: then the sizes of its files were looked at, not their bytes.
  public let wasThere: Bool

  init(_ certificate: Certificate, wasThere: Bool) {
    units = certificate.units.map { unit in
      UnitSummary(
        layer: unit.layer, projection: unit.projection, commonRank: unit.commonRank,
        remainderEnergy: unit.remainderEnergy ?? .nan,
        similarity: unit.similarity.map { ($0.before, $0.floorBefore, $0.after, $0.floorAfter) },
        largestError: unit.largestReconstructionError, corrections: unit.corrections)
    }
    bytesBefore = certificate.bytesBefore
    bytesAfter = certificate.bytesAfter
    decoded = certificate.decoded
    leftBehind = certificate.source.leftBehind
    self.wasThere = wasThere
  }
}

/// What a conversion decoded and dropped of a quantised checkpoint, as its certificate tells it.
public struct DecodedTensors: Codable, Sendable, Hashable {
  /// The number of matrices, by the way in which they were stored.
  public let matrices: [String: Int]
  /// The types that they have now.
  public let types: [String]
  /// The number of tensors that stood beside packed values, by the last word of their names.
  public let dropped: [String: Int]
  /// The keys of config.json that spoke of them, and are gone.
  public let configKeys: [String]
}

/// What a unit that was converted came to.
public struct UnitSummary: Sendable {
  /// The layer, counted from 0.
  public let layer: Int
  /// The projection.
  public let projection: Projection
  /// k_c.
  public let commonRank: Int
  /// What strict mode drops: sum ||Delta||^2 / sum ||W||^2; NaN for weights that are all zero.
  public let remainderEnergy: Double
  /// Mean principal similarity and floor, before and after; nil where it was not asked for.
  public let similarity: (before: Double, floorBefore: Double, after: Double, floorAfter: Double)?
  /// The largest reconstruction error of an expert; nil where it is not known.
  public let largestError: Double?
  /// The number of weights that are put right one by one.
  public let corrections: Int
}
