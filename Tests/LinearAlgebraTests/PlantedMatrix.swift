import LinearAlgebra
import Tensors

/// A matrix made from singular values and vectors that are chosen first, so that its decomposition
/// is known.
struct PlantedMatrix {
  /// W = U diag(spectrum) V^T, rounded to single precision.
  let matrix: Matrix<Float>
  /// The singular values, largest first.
  let spectrum: [Double]
  /// U, with one vector in each column.
  let left: Matrix<Double>
  /// V, with one vector in each column.
  let right: Matrix<Double>

  /// Plants a spectrum between two bases that have at least as many columns.
  init(_ spectrum: [Double], in bases: RandomBases) {
    self.spectrum = spectrum
    left = bases.left.leadingColumns(spectrum.count)
    right = bases.right.leadingColumns(spectrum.count)
    var scaled = left
    for place in scaled.elements.indices {
      scaled.elements[place] *= spectrum[place % spectrum.count]
    }
    matrix = product(scaled, right, rightTransposed: true).rounded()
  }

  private init(
    matrix: Matrix<Float>, spectrum: [Double], left: Matrix<Double>, right: Matrix<Double>
  ) {
    self.matrix = matrix
    self.spectrum = spectrum
    self.left = left
    self.right = right
  }

  /// The transpose, whose left vectors are this one's right vectors.
  func transposed() -> PlantedMatrix {
    PlantedMatrix(matrix: matrix.transposed(), spectrum: spectrum, left: right, right: left)
  }
}

/// Two random orthonormal bases with as many columns as the smaller side.
struct RandomBases {
  let left: Matrix<Double>
  let right: Matrix<Double>

  init(rowCount: Int, columnCount: Int, seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let rank = min(rowCount, columnCount)
    left = try orthonormalColumns(of: .random(rowCount, rank, using: &generator))
    right = try orthonormalColumns(of: .random(columnCount, rank, using: &generator))
  }
}

extension Matrix {
  /// Standard normal elements from a generator whose state is known.
  static func random(
    _ rowCount: Int, _ columnCount: Int, using generator: inout SeededGenerator
  ) -> Matrix {
    Matrix(
      rowCount: rowCount, columnCount: columnCount,
      elements: (0..<rowCount * columnCount).map { _ in Scalar(generator.normal()) })
  }

  /// Standard normal elements from a seed.
  static func random(_ rowCount: Int, _ columnCount: Int, seed: UInt64) -> Matrix {
    var generator = SeededGenerator(seed: seed)
    return random(rowCount, columnCount, using: &generator)
  }

  /// The elements in double precision.
  func doubled() -> Matrix<Double> {
    Matrix<Double>(
      rowCount: rowCount, columnCount: columnCount, elements: elements.map { Double($0) })
  }

  /// The elements rounded to single precision.
  func rounded() -> Matrix<Float> {
    Matrix<Float>(
      rowCount: rowCount, columnCount: columnCount, elements: elements.map { Float($0) })
  }
}
