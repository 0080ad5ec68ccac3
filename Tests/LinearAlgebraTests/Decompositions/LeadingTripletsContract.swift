import LinearAlgebra
import Tensors
import Testing

/// Known triplets of a matrix, all of them.
struct KnownTriplets {
  let matrix: Matrix<Float>
  let singularValues: [Double]
  let left: Matrix<Double>
  let right: Matrix<Double>

  init(_ planted: PlantedMatrix) {
    matrix = planted.matrix
    singularValues = planted.spectrum
    left = planted.left
    right = planted.right
  }

  /// Takes LAPACK's full decomposition in double precision for the truth.
  init(of matrix: Matrix<Float>) throws {
    let full = try SingularValueDecomposition(of: matrix.doubled())
    self.matrix = matrix
    singularValues = full.singularValues
    left = full.left
    right = full.right
  }

  /// s_k / s_(k+1); infinite where nothing is left.
  func gap(after k: Int) -> Double {
    guard k < singularValues.count, singularValues[k] > 0 else { return .infinity }
    return singularValues[k - 1] / singularValues[k]
  }
}

/// Expects what the documentation of `LeadingTriplets.compute` promises, clause by clause.
///
/// The known values belong to a matrix that was then rounded to single precision: that moves it by
/// at most 2^-24 of its norm, its values by as much (Weyl) and its leading spaces by as much over
/// the gap (Wedin).
func expectContract(
  _ found: LeadingTriplets, _ known: KnownTriplets, count: Int, k: Int, _ comment: Comment? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let matrix = known.matrix
  let place = sourceLocation
  #expect(found.singularValues.count == count, comment, sourceLocation: place)
  #expect(
    found.left.rowCount == matrix.rowCount && found.left.columnCount == count, comment,
    sourceLocation: place)
  #expect(
    found.right.rowCount == matrix.columnCount && found.right.columnCount == count, comment,
    sourceLocation: place)

  let rounding = squaredNorm(of: matrix).squareRoot() * 0x1p-24
  let wrong = (0..<count).first { index in
    let exact = known.singularValues[index]
    return !(abs(found.singularValues[index] - exact) <= 1e-4 * exact + rounding)
  }
  #expect(
    wrong == nil, "values \(found.singularValues), known \(known.singularValues.prefix(count))",
    sourceLocation: place)
  #expect(
    found.singularValues == found.singularValues.sorted(by: >), comment, sourceLocation: place)
  let left = found.left.doubled()
  let right = found.right.doubled()
  #expect(orthonormalityError(left) <= 1e-5, comment, sourceLocation: place)
  #expect(orthonormalityError(right) <= 1e-5, comment, sourceLocation: place)

  let gap = known.gap(after: k)
  guard gap >= 1.001 else { return }
  let sine = max(
    try largestSine(left.leadingColumns(k), known.left.leadingColumns(k)),
    try largestSine(right.leadingColumns(k), known.right.leadingColumns(k)))
  if gap >= 1.0099999 {
    // cos >= 1 - 1e-4 means sin <= sqrt(1 - (1 - 1e-4)^2) = 0.014142.
    #expect(sine <= 0.014142, comment, sourceLocation: place)
  }
  // The bound comes from residuals, whose rounding is a few ulp of s_1^2 over the gap of the
  // squares; a full decomposition is as exact as the rounding of its vectors.
  let first = known.singularValues[0]
  let last = known.singularValues[k - 1]
  let next = k < known.singularValues.count ? known.singularValues[k] : 0
  let ulp = Double(found.isDoublePrecision ? Double.ulpOfOne : Double(Float.ulpOfOne))
  let slack =
    1e-6 + 8 * ulp * first * first / (last * last - next * next) + 2 * rounding / (last - next)
  #expect(sine <= found.angleBound + slack, comment, sourceLocation: place)
}

extension LeadingTriplets {
  /// Whether no step was made in single precision.
  var isDoublePrecision: Bool {
    switch method {
    case .fullDecomposition: true
    case .blockKrylov(_, let doublePrecision): doublePrecision
    }
  }
}
