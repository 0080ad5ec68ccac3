public import Experts

/// The names of the tensors that one layer and projection shares among its experts in the factored
/// SD-MoE form.
///
/// ```swift
/// FactoredNames(start: "model.layers.0.mlp.", projection: .gate).commonLeft
/// // "model.layers.0.mlp.sd.gate_proj.common.left"
/// ```
public struct FactoredNames: Sendable, Hashable {
  /// U_c, rows x common rank.
  public let basisLeft: String
  /// V_c, columns x common rank.
  public let basisRight: String
  /// The left factor of W_c, rows x r.
  public let commonLeft: String
  /// The right factor of W_c, r x columns.
  public let commonRight: String

  /// Names the tensors.
  ///
  /// - Parameters:
  ///   - start: What all names of the layer's MoE block start with, such as `model.layers.0.mlp.`.
  ///   - projection: The projection, by the names that are the same for all families.
  public init(start: String, projection: Projection) {
    let stem = "\(start)sd.\(projection.rawValue)"
    basisLeft = "\(stem).basis.left"
    basisRight = "\(stem).basis.right"
    commonLeft = "\(stem).common.left"
    commonRight = "\(stem).common.right"
  }
}

/// The names of the tensors that take the place of one expert's weight in the factored SD-MoE form.
///
/// ```swift
/// FactoredExpertNames(weight: "model.layers.0.mlp.experts.3.gate_proj.weight").unique
/// // "model.layers.0.mlp.experts.3.gate_proj.unique"
/// ```
public struct FactoredExpertNames: Sendable, Hashable {
  /// W_u, of the shape of the weight.
  public let unique: String
  /// dB, rows x common rank: what the remainder has on the left of V_c^T.
  public let remainderLeft: String
  /// dA, common rank x columns: what the remainder has on the right of U_c.
  public let remainderRight: String
  /// The places of elements that the sum of all parts misses, counted row after row.
  public let correctionIndex: String
  /// The elements at those places, as the original has them.
  public let correctionValue: String

  /// Names the tensors.
  ///
  /// - Parameter weight: The ordinary name of the weight; a trailing `.weight` is replaced.
  public init(weight: String) {
    let stem = Self.stem(of: weight)
    unique = Self.unique(of: weight)
    remainderLeft = "\(stem).remainder.left"
    remainderRight = "\(stem).remainder.right"
    correctionIndex = "\(stem).correction.index"
    correctionValue = "\(stem).correction.value"
  }

  /// The name of what takes the place of a tensor that holds experts' weights, of one or of many:
  /// their unique parts.
  ///
  /// ```swift
  /// FactoredExpertNames.unique(of: "model.layers.0.mlp.experts.gate_up_proj")
  /// // "model.layers.0.mlp.experts.gate_up_proj.unique"
  /// ```
  public static func unique(of tensor: String) -> String { "\(stem(of: tensor)).unique" }

  private static func stem(of weight: String) -> String {
    let ending = ".weight"
    return weight.hasSuffix(ending) ? String(weight.dropLast(ending.count)) : weight
  }
}
