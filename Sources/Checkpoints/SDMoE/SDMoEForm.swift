public import Experts
public import Tensors

/// What the section `sd_moe` of config.json says of a checkpoint in the factored SD-MoE form
/// (Method.md section 6).
public struct SDMoEForm: Sendable, Hashable {
  /// Whether the parts add up to the original.
  public enum Mode: String, Sendable, Hashable, CaseIterable, Codable {
    /// The remainders are kept.
    case exact
    /// The remainders were dropped.
    case strict
  }

  /// Where the common bases come from.
  public enum Bases: String, Sendable, Hashable, CaseIterable, Codable {
    /// Leading eigenvectors of the sums of W W^T and of W^T W.
    case joint
    /// Leading singular vectors of the mean.
    case mean
  }

  /// How much each expert counts for what is common.
  public enum ExpertWeights: String, Sendable, Hashable, CaseIterable, Codable {
    /// All the same.
    case uniform
    /// By the share of tokens that it sees.
    case usage
  }

  /// The sides on which what is common is projected out.
  public enum Sides: String, Sendable, Hashable, CaseIterable, Codable {
    /// Both.
    case both
    /// The one in the residual stream alone.
    case hidden

    /// Whether the left vectors of a projection are projected, so that it has a left basis.
    public func projectLeft(of projection: Projection) -> Bool {
      self == .both || !projection.hiddenSideIsRight
    }

    /// Whether the right vectors of a projection are projected, so that it has a right basis.
    public func projectRight(of projection: Projection) -> Bool {
      self == .both || projection.hiddenSideIsRight
    }
  }

  /// The version of the form that this program reads and writes.
  public static let currentVersion = 1

  /// The version of the form.
  public var version: Int
  /// Whether the parts add up to the original.
  public var mode: Mode
  /// Where the common bases come from.
  public var bases: Bases
  /// How much each expert counted for what is common.
  public var weights: ExpertWeights
  /// The sides that are projected.
  public var sides: Sides
  /// Whether W_c was cut to the common rank.
  public var commonRankExact: Bool
  /// The type in which the experts' unique parts are stored.
  public var dtype: ElementType
  /// Whether unique parts of all experts are stacked in one tensor, as the weights were.
  public var isStacked: Bool
  /// The layers and projections that are factored.
  public var units: [FactoredUnit]

  /// Describes a form.
  public init(
    version: Int = SDMoEForm.currentVersion, mode: Mode, bases: Bases, weights: ExpertWeights,
    sides: Sides, commonRankExact: Bool, dtype: ElementType, isStacked: Bool = false,
    units: [FactoredUnit]
  ) {
    self.version = version
    self.mode = mode
    self.bases = bases
    self.weights = weights
    self.sides = sides
    self.commonRankExact = commonRankExact
    self.dtype = dtype
    self.isStacked = isStacked
    self.units = units
  }

  /// The unit of a layer and projection; nil where its experts have ordinary weights.
  ///
  /// - Complexity: O(units)
  public func unit(layer: Int, projection: Projection) -> FactoredUnit? {
    units.first { $0.layer == layer && $0.projection == projection }
  }

  /// The number of directions that are left to the unique part of a matrix of that shape.
  ///
  /// - Parameters:
  ///   - unit: One of ``units``.
  ///   - rows: The rows of its weights.
  ///   - columns: The columns of its weights.
  /// - Returns: min(rows, columns), after the common rank was taken from each projected side.
  public func uniqueRank(of unit: FactoredUnit, rows: Int, columns: Int) -> Int {
    min(
      rows - (sides.projectLeft(of: unit.projection) ? unit.commonRank : 0),
      columns - (sides.projectRight(of: unit.projection) ? unit.commonRank : 0))
  }
}
