import Checkpoints
import Experts

/// The spaces in which the directions of a unit's routed experts live, and how many there can be.
///
/// A unique part has no direction along what is common, nor can chance give it one: the floors of
/// Method.md section 2 are those of the space that is left.
struct DirectionSpace: Sendable, Hashable {
  /// The number of directions of a matrix.
  let rank: Int
  /// The dimension of the space on the hidden side.
  let hidden: Int
  /// The dimension of the space on the neuron side.
  let neuron: Int
  /// k_c, the number of directions that were projected out; nil where matrices are whole.
  let commonRank: Int?

  /// The dimension of the space on a side.
  func dimension(on side: Side) -> Int { side == .hidden ? hidden : neuron }
}

extension DirectionSpace {
  /// The spaces of whole matrices.
  init(ofWhole sizes: Checkpoint.Sizes) {
    self.init(
      rank: min(sizes.hiddenSize, sizes.expertWidth), hidden: sizes.hiddenSize,
      neuron: sizes.expertWidth, commonRank: nil)
  }

  /// The spaces of the weights that a checkpoint holds of a layer and projection.
  init(of projection: Projection, layer: Int, in checkpoint: Checkpoint) {
    let sizes = checkpoint.sizes
    guard let form = checkpoint.form,
      let unit = form.unit(layer: layer, projection: projection)
    else {
      self.init(ofWhole: sizes)
      return
    }
    let isRight = projection.hiddenSideIsRight
    self.init(
      rank: form.uniqueRank(
        of: unit, rows: isRight ? sizes.expertWidth : sizes.hiddenSize,
        columns: isRight ? sizes.hiddenSize : sizes.expertWidth),
      hidden: sizes.hiddenSize - unit.commonRank,
      neuron: sizes.expertWidth - (form.sides == .both ? unit.commonRank : 0),
      commonRank: unit.commonRank)
  }
}
