import Tensors

/// The orthonormal basis Q of a Krylov space of A = W^T W, and the products W Q and A Q.
final class KrylovSpace<Rows: KernelRows> {
  typealias Scalar = Rows.Scalar
  typealias Panel = VectorPanel<Scalar>

  let rows: Rows
  let set: InstructionSet
  /// The number of basis vectors.
  private(set) var size = 0
  /// Q, n-vectors in the matrix's order of columns.
  let basis: Panel
  /// W Q, m-vectors.
  let images: Panel
  /// A Q, as the basis.
  let products: Panel
  /// Q^T A Q column by column, each down to the end of its own block.
  private(set) var projected: [[Scalar]] = []

  /// The block that the basis grows by next: A times the last one, or the start.
  private let block: Panel
  private let spare: Panel
  private let blockWidth: Int
  private var generator = SeededGenerator(seed: 0x5d40e)

  /// Makes an empty space whose first block is random, from a fixed seed: any start without
  /// structure serves.
  init(_ rows: Rows, blockWidth: Int, expectedSize: Int, _ set: InstructionSet) {
    let (m, n) = (rows.rowCount, rows.columnCount)
    self.rows = rows
    self.blockWidth = blockWidth
    self.set = set
    basis = Panel(count: expectedSize, length: n, set)
    images = Panel(count: expectedSize, length: m, set)
    products = Panel(count: expectedSize, length: n, set)
    block = Panel(count: blockWidth, length: n, set)
    spare = Panel(count: blockWidth, length: n, set)
    for vector in 0..<blockWidth { fillEvenly(vector) }
  }

  /// Adds a block to the basis, and multiplies it.
  ///
  /// - Returns: False if there is no block that is orthogonal to the basis.
  func grow() -> Bool {
    guard orthonormalise() else { return false }
    let end = size + blockWidth
    for panel in [basis, images, products] where panel.capacity < end {
      panel.reserve(max(end, panel.capacity + panel.capacity / 2))
    }
    basis.copy(0..<blockWidth, of: block, to: size)
    for first in stride(from: size, to: end, by: Panel.width) {
      rows.addSquare(of: basis, image: images, to: products, first: first)
    }
    block.copy(size..<end, of: products, to: 0)
    size = end
    // The first round of what makes the next block orthogonal yields Q^T A Q.
    for first in stride(from: 0, to: blockWidth, by: Panel.width) {
      let coefficients = basis.innerProducts(count: size, with: block, first: first)
      basis.addSums(count: size, coefficients, times: -1, to: block, first: first)
      for vector in 0..<Panel.width {
        projected.append(Array(coefficients[vector * size..<(vector + 1) * size]))
      }
    }
    return true
  }

  /// The products that residuals are made of: A v - theta v of every Ritz pair, as norms.
  func residualNorms(of ritz: RitzPairs<Scalar>) -> [Double] {
    let residuals = ritz.sums(of: products)
    for first in stride(from: 0, to: ritz.paddedCount, by: Panel.width) {
      var scaled = ritz.coefficients(from: first)
      for vector in 0..<Panel.width where first + vector < ritz.values.count {
        let value = Scalar(ritz.values[first + vector])
        for place in vector * size..<(vector + 1) * size { scaled[place] *= value }
      }
      basis.addSums(count: size, scaled, times: -1, to: residuals, first: first)
    }
    return ritz.values.indices.map { residuals.squaredNorm(of: $0).squareRoot() }
  }

  // MARK: The next block

  /// Fills a vector of the block with evenly distributed numbers, in the order of the columns.
  private func fillEvenly(_ vector: Int) {
    block.clear(vector..<vector + 1)
    for column in 0..<rows.columnCount {
      block[vector, rows.place(ofColumn: column, set)] = Scalar(generator.uniform() - 0.5)
    }
  }

  /// Makes the vectors of the block orthonormal, and orthogonal to the basis.
  ///
  /// Twice is enough where Cholesky's way works: the second round takes away what rounding left in
  /// the first. What is left of a vector that depends on the others is rounding; scaled to length
  /// 1 it is a direction as good as any other, and needs rounds of its own.
  private func orthonormalise() -> Bool {
    var clean = 0
    for round in 0..<8 {
      // `grow` has made the first round against the basis.
      if size > 0, round > 0 {
        for first in stride(from: 0, to: blockWidth, by: Panel.width) {
          let coefficients = basis.innerProducts(count: size, with: block, first: first)
          basis.addSums(count: size, coefficients, times: -1, to: block, first: first)
        }
      }
      clean = choleskyOrthonormalise() ? clean + 1 : 0
      if clean == 2 { return true }
    }
    return false
  }

  /// Multiplies the block by the inverse of the Cholesky factor of its Gram matrix.
  ///
  /// - Returns: Whether its vectors were independent; if not, another round is needed.
  private func choleskyOrthonormalise() -> Bool {
    let b = blockWidth
    let norms = (0..<b).map { block.squaredNorm(of: $0) }
    for vector in 0..<b where !(norms[vector] > 0) || !norms[vector].isFinite {
      fillEvenly(vector)
    }
    guard norms.allSatisfy({ $0 > 0 && $0.isFinite }) else { return false }
    // Row i of the Gram matrix of the vectors scaled to length 1.
    var gram = [Double](repeating: 0, count: b * b)
    for first in stride(from: 0, to: b, by: Panel.width) {
      let products = block.innerProducts(count: b, with: block, first: first)
      for vector in 0..<Panel.width {
        let row = first + vector
        for column in 0..<b {
          gram[row * b + column] =
            Double(products[vector * b + column]) / (norms[row] * norms[column]).squareRoot()
        }
      }
    }
    let (inverse, isIndependent) = inverseCholeskyFactor(of: gram, size: b)
    spare.clear(0..<b)
    for first in stride(from: 0, to: b, by: Panel.width) {
      let coefficients = (first * b..<(first + Panel.width) * b).map { place in
        Scalar(inverse[place] / norms[place % b].squareRoot())
      }
      block.addSums(count: b, coefficients, to: spare, first: first)
    }
    block.copy(0..<b, of: spare, to: 0)
    return isIndependent
  }

  /// The inverse of L in G = L L^T, row after row, and whether no pivot was near zero; those that
  /// were count as small ones, so that the inverse is finite.
  private func inverseCholeskyFactor(
    of gram: [Double], size b: Int
  ) -> (inverse: [Double], isIndependent: Bool) {
    // The rounding of inner products, times as many ulp as vectors may lose here.
    let smallest = 1e3 * Double(Scalar.ulpOfOne)
    var factor = [Double](repeating: 0, count: b * b)
    var inverse = factor
    var isIndependent = true
    for row in 0..<b {
      for column in 0...row {
        let sum = (0..<column).reduce(gram[row * b + column]) {
          $0 - factor[row * b + $1] * factor[column * b + $1]
        }
        if column < row {
          factor[row * b + column] = sum / factor[column * b + column]
        } else {
          if !(sum > smallest) { isIndependent = false }
          factor[row * b + row] = max(sum, smallest).squareRoot()
        }
      }
      for column in 0...row {
        let sum = (column..<row).reduce(row == column ? 1.0 : 0.0) {
          $0 - factor[row * b + $1] * inverse[$1 * b + column]
        }
        inverse[row * b + column] = sum / factor[row * b + row]
      }
    }
    return (inverse, isIndependent)
  }
}
