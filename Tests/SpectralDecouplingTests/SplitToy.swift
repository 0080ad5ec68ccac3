import Experts
import LinearAlgebra
import TestSupport
import Tensors

/// The experts that the tests of single parts of a split look at.
enum SplitToy {
  static let expertCount = 4
  static let hidden = 40
  static let width = 32
  static let rank = 5

  /// Matrices of that rank, and of a thousandth of their norm something else.
  static func nearlyLowRank(_ rows: Int, _ columns: Int, seed: UInt64) -> [Matrix<Double>] {
    let left = Matrix<Double>.normal(rows, rank, seed: seed)
    let right = Matrix<Double>.normal(rank, columns, seed: seed + 1)
    return (0..<expertCount).map { expert in
      let core = Matrix<Double>.normal(rank, rank, seed: seed + 2 + UInt64(expert))
      let low = product(left, product(core, right))
      let rest = Matrix<Double>.normal(rows, columns, seed: seed + 20 + UInt64(expert))
      return low + rest.scaled(low.norm / rest.norm / 1000)
    }
  }

  static func toy(isNearlyLowRank: Bool, type: ElementType = .f32) -> ToyCheckpoint {
    var toy = ToyCheckpoint.normal(experts: expertCount, hidden: hidden, width: width, type: type)
    if isNearlyLowRank {
      toy.plant(nearlyLowRank(width, hidden, seed: 31), as: .gate)
      toy.plant(nearlyLowRank(width, hidden, seed: 61), as: .up)
      toy.plant(nearlyLowRank(hidden, width, seed: 91), as: .down)
    }
    return toy
  }

  /// The matrices of a projection, by expert.
  static func experts(_ projection: Projection, of toy: ToyCheckpoint) -> [Matrix<Double>] {
    (0..<expertCount).compactMap {
      toy.stored[ToyCheckpoint.name(projection, ofExpert: $0)]?.matrix
    }
  }

  /// The tokens that each expert sees, where they are weighted, and its share of them.
  static let loads = [3.0, 0, 1, 2]
  static let shares = loads.map { $0 / 6 }
}
