import Experts
import Tensors

/// How the weights of one projection of a layer's experts are stored.
///
/// The form can say more than this version reads: ``refusal`` tells what it does not.
struct StoredProjection: Decodable, Sendable {
  /// An axis of the stored tensor.
  enum Axis: String, Decodable, Sendable, CaseIterable {
    case expert
    case output = "out"
    case input = "in"
  }

  /// Factors stored apart from the weights, one for each block.
  struct BlockScales: Decodable, Sendable {
    /// The name of the tensor of scales.
    let tensor: String
    /// The outputs and inputs that share a scale; nil where config.json says it.
    let block: [Int]?
  }

  /// The name inside the MoE block, with `{E}` for the expert where each has a tensor of its own.
  let tensor: String
  /// What the axes of the tensor mean, outermost first.
  let axes: [Axis]
  /// The share of the tensor; nil for all of it.
  let part: WeightPart?
  /// The name of the codec of packed values; nil for plain elements.
  let packing: String?
  /// The scales, where there are any.
  let scales: BlockScales?

  /// Whether one tensor holds the matrices of all experts.
  var isStacked: Bool { axes.first == .expert }

  /// Whether the inputs stand before the outputs.
  var isTransposed: Bool { axes.last == .output }

  /// What decodes the values; nil where this version has no codec of that name.
  var codec: (any Codec)? {
    guard let packing else { return PlainCodec() }
    return Codecs.named(packing)
  }
}

/// How the projections of a layer's experts are stored.
struct ExpertLayout: Decodable, Sendable {
  private let gate_proj: StoredProjection?
  private let up_proj: StoredProjection
  private let down_proj: StoredProjection

  /// How a projection is stored; nil for the gate of experts that have none.
  subscript(projection: Projection) -> StoredProjection? {
    switch projection {
    case .gate: gate_proj
    case .up: up_proj
    case .down: down_proj
    }
  }

  /// The projection that stands first.
  var first: StoredProjection { gate_proj ?? up_proj }
}
