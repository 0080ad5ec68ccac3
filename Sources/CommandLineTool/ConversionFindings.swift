import Experts
import SpectralDecoupling

/// What `sdmoe convert --json` tells: what was done, unit by unit, for scripts.
struct ConversionFindings: Encodable {
  enum Action: String, Encodable {
    case split, merged
    /// The output was there already, made from the same input.
    case wasThere = "was there"
  }

  struct Unit: Encodable {
    /// The mean similarity of experts and its floor, before and after.
    struct Similarity: Encodable {
      var before, floorBefore, after, floorAfter: Double?
    }

    var layer: Int
    var projection: String
    var commonRank: Int
    /// The share of the squared weights in common directions beyond the common part; nil for
    /// weights that are all zero.
    var remainderEnergy: Double?
    var similarity: Similarity?
    var largestError: Double?
    var corrections: Int
  }

  var output: String
  var action: Action
  var bytesBefore: Int
  var bytesAfter: Int
  /// Nil where the checkpoint had plain numbers.
  var decoded: DecodedTensors?
  var notCarried: [String]
  var units: [Unit]

  init(_ summary: ConversionSummary, output: String, isMerging: Bool) {
    self.output = output
    action = summary.wasThere ? .wasThere : isMerging ? .merged : .split
    bytesBefore = summary.bytesBefore
    bytesAfter = summary.bytesAfter
    decoded = summary.decoded
    notCarried = summary.leftBehind
    units = summary.units.map { unit in
      Unit(
        layer: unit.layer, projection: unit.projection.rawValue, commonRank: unit.commonRank,
        remainderEnergy: unit.remainderEnergy.orNull,
        similarity: unit.similarity.map {
          Unit.Similarity(
            before: $0.before.orNull, floorBefore: $0.floorBefore.orNull, after: $0.after.orNull,
            floorAfter: $0.floorAfter.orNull)
        },
        largestError: unit.largestError?.orNull, corrections: unit.corrections)
    }
  }
}
