public import Checkpoints
import Tensors

/// How a checkpoint is brought to SD-MoE form; all of it changes the result.
public struct ConversionOptions: Sendable {
  /// How many common directions a unit gets.
  public enum Rank: Sendable, Hashable {
    /// The same number in every unit.
    case fixed(Int)
    /// The smallest number up to a limit that brings the mean principal similarity of the unique
    /// parts to the target or below it.
    case target(similarity: Double, limit: Int)
  }

  /// The layout of the output.
  public enum Form: String, Sendable, Codable {
    /// The parts of every expert, beside the untouched tensors.
    case factored
    /// The ordinary layout and names.
    case merged
  }

  /// What each expert counts in sums over the experts.
  public enum Weights: Sendable, Hashable {
    /// All the same.
    case uniform
    /// Its share of tokens, by layer; `source` tells where they come from.
    case usage(loads: [Int: [Double]], source: String)
  }

  /// The type in which unique parts (factored) or matrices (merged) are stored.
  public enum StoredType: String, Sendable, Codable {
    case f32, bf16
    /// That of the checkpoint.
    case keep

    /// The type for a matrix that is stored as `original`.
    func elementType(of original: ElementType) -> ElementType {
      switch self {
      case .f32: .f32
      case .bf16: .bf16
      case .keep: original
      }
    }
  }

  /// How much the certificate tells.
  public enum Detail: String, Sendable, Codable {
    /// Everything.
    case full
    /// Everything but the similarities before and after, which need a decomposition of each matrix.
    case basic
  }

  /// k_c, or how it is chosen.
  public var rank = Rank.fixed(8)
  /// Whose leading directions the common bases are.
  public var bases = SDMoEForm.Bases.joint
  /// Whether what each expert has along the bases is kept.
  public var mode = SDMoEForm.Mode.exact
  /// The layout of the output.
  public var form = Form.factored
  /// What each expert counts.
  public var weights = Weights.uniform
  /// Whether W_c is cut to rank k_c.
  public var cutsCommonRank = false
  /// Which sides are projected.
  public var sides = SDMoEForm.Sides.both
  /// The type of what is stored; nil for F32 in factored form and the checkpoint's own in merged.
  public var storedType: StoredType?
  /// How much the certificate tells.
  public var detail = Detail.full
  /// The layers to convert; nil for all that have experts.
  public var layers: [Int]?
  /// The size from which on a file of weights is followed by another, in bytes.
  public var shardByteCount = 5_000_000_000

  /// The options of the command line's defaults.
  public init() {}

  /// The type of what is stored.
  var type: StoredType { storedType ?? (form == .factored ? .f32 : .keep) }
}
