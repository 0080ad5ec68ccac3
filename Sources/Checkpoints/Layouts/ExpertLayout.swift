import Experts
import Tensors

/// How the weights of one projection of a layer's experts are laid out.
///
/// How their numbers are stored, plainly or packed, is not said here: a ``Packing`` tells.
struct StoredProjection: Decodable, Sendable {
  /// An axis of the stored tensor.
  enum Axis: String, Decodable, Sendable, CaseIterable {
    case expert
    /// The outputs of one expert after those of the other, in one axis.
    case expertOutput = "expert x out"
    /// The inputs of one expert after those of the other, in one axis.
    case expertInput = "expert x in"
    case output = "out"
    case input = "in"
  }

  /// The name of the plain tensor inside the MoE block, with `{E}` for the expert where each has a
  /// tensor of its own.
  let tensor: String
  /// What the axes of the tensor mean, outermost first.
  let axes: [Axis]
  /// The share of the tensor; nil for all of it.
  let part: WeightPart?
  /// The names of the packings that are laid out so; nil for any.
  let packings: [String]?

  private enum Key: String, CodingKey {
    case tensor, axes, part, packings
  }

  /// Decodes an object, or the name of a tensor that is the matrix of a linear layer.
  init(from decoder: any Decoder) throws {
    if let name = try? decoder.singleValueContainer().decode(String.self) {
      (tensor, axes, part, packings) = (name, [.output, .input], nil, nil)
      return
    }
    let values = try decoder.container(keyedBy: Key.self)
    tensor = try values.decode(String.self, forKey: .tensor)
    axes = try values.decode([Axis].self, forKey: .axes)
    part = try values.decodeIfPresent(WeightPart.self, forKey: .part)
    packings = try values.decodeIfPresent([String].self, forKey: .packings)
  }

  /// Whether one tensor holds the matrices of all experts.
  var isStacked: Bool { axes.first == .expert || isFlat }

  /// Whether that tensor has two axes, the first of which counts experts too.
  var isFlat: Bool { axes.first == .expertOutput || axes.first == .expertInput }

  /// What the axes of one matrix mean.
  var matrixAxes: [Axis] {
    switch axes.first {
    case .expert: Array(axes.dropFirst())
    case .expertOutput: [.output] + axes.dropFirst()
    case .expertInput: [.input] + axes.dropFirst()
    default: axes
    }
  }

  /// Whether another projection would be read from some of the same elements.
  func overlaps(_ other: StoredProjection) -> Bool {
    guard tensor == other.tensor else { return false }
    let halves: [Set<WeightPart>] = [[.firstHalf, .secondHalf], [.even, .odd]]
    return axes != other.axes || !halves.contains(Set([part, other.part].compactMap(\.self)))
  }

  /// Whether the inputs stand before the outputs.
  var isTransposed: Bool { axes.last == .output }

  /// Whether values that are packed so may be laid out like this.
  func allows(_ packing: any Packing) -> Bool { packings?.contains(packing.name) ?? true }
}

/// How the projections of a layer's experts are stored.
struct ExpertLayout: Decodable, Sendable {
  private let gate_proj: StoredProjection?
  private let up_proj: StoredProjection
  private let down_proj: StoredProjection

  /// The name of the layout that the same experts have when their numbers are plain; nil for this
  /// one.
  let plain: String?

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

  /// Whether each matrix is the same share of its tensor as in another layout, though the order of
  /// its axes may differ.
  func hasShares(of other: ExpertLayout) -> Bool {
    Projection.allCases.allSatisfy { projection in
      self[projection]?.isStacked == other[projection]?.isStacked
        && self[projection]?.part == other[projection]?.part
    }
  }
}
