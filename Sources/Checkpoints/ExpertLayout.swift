/// How the weights of one projection of a layer's experts are stored.
///
/// The form can say more than this version reads: ``isOneMatrixEach`` tells what it does.
struct StoredProjection: Decodable, Sendable {
  /// An axis of the stored tensor.
  enum Axis: String, Decodable, Sendable {
    case expert
    case output = "out"
    case input = "in"
  }

  /// The share of the output axis that belongs to this projection, where two are stored as one.
  enum Part: String, Decodable, Sendable {
    case firstHalf = "first half of out"
    case secondHalf = "second half of out"
    case even = "even of out"
    case odd = "odd of out"
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
  let part: Part?
  /// How values are packed; nil for plain elements.
  let packing: String?
  /// The scales, where there are any.
  let scales: BlockScales?

  /// Whether each expert has a plain tensor of its own, stored out x in.
  var isOneMatrixEach: Bool {
    axes == [.output, .input] && part == nil && packing == nil && scales == nil
  }

  /// What stands in the way of reading it, in words; nil where nothing does.
  var refusal: String? {
    if let packing { return "holds weights packed as \(packing)" }
    if axes.contains(.expert) { return "stacks the weights of all experts in one tensor" }
    return isOneMatrixEach ? nil : "stores an expert in another way than one matrix, out x in"
  }
}

/// How the three projections of a layer's experts are stored.
struct ExpertLayout: Decodable, Sendable {
  private let gate_proj: StoredProjection
  private let up_proj: StoredProjection
  private let down_proj: StoredProjection

  subscript(projection: Projection) -> StoredProjection {
    switch projection {
    case .gate: gate_proj
    case .up: up_proj
    case .down: down_proj
    }
  }
}
