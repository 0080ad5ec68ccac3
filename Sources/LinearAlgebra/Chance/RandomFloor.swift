import Tensors

/// What independent random k-subspaces of R^n show: the floor under every similarity.
public struct RandomFloor: Sendable, Equatable {
  /// Mean, spread and upper tail of one measure over random pairs.
  public struct Distribution: Sendable, Equatable {
    /// The mean.
    public let mean: Double
    /// The standard deviation of a single pair.
    public let standardDeviation: Double
    /// The value that 95 % of random pairs stay under.
    public let percentile95: Double
  }

  /// The floor of ``SubspaceSimilarity/meanCosine``.
  public let meanCosine: Distribution
  /// The floor of ``SubspaceSimilarity/overlap``; its mean is k / n exactly.
  public let overlap: Distribution
  /// The floor of ``SubspaceSimilarity/maxCosine``.
  public let maxCosine: Distribution
  /// The floor of ``SubspaceSimilarity/minCosine``.
  public let minCosine: Distribution
  /// The floor of ``SubspaceSimilarity/geodesic``, in radians.
  public let geodesic: Distribution

  /// Estimates the floor for k-subspaces of R^n, from a seed that depends on n and k alone.
  ///
  /// All are estimates but the mean overlap. A mean's standard error is its standard deviation over
  /// the square root of the number of pairs: below 6e-4 for the mean cosine where n >= 64, and
  /// larger in spaces of a few dimensions.
  ///
  /// - Parameters:
  ///   - n: The dimension of the space.
  ///   - k: The dimension of the subspaces.
  /// - Throws: ``LinearAlgebraError`` when LAPACK fails.
  /// - Precondition: `1 <= k <= n`.
  /// - Complexity: O(k^3) for each of max(400, min(20000, 400000 / k^2)) random pairs where 2 k <=
  ///   n: time does not grow with n.
  ///
  /// Source: with one subspace along the first k axes, the cosines are the singular values of the
  /// first k rows of a random orthonormal n x k basis G R^-1, and the Gram matrix of the other n -
  /// k rows of the Gaussian G is drawn whole (M. S. Bartlett, Proc. R. Soc. Edinburgh 53, 1933).
  public init(dimension n: Int, rank k: Int) throws(LinearAlgebraError) {
    precondition(1 <= k && k <= n, "there is no \(k)-dimensional subspace of R^\(n)")
    let draws = max(400, min(20_000, 400_000 / (k * k)))
    var generator = SeededGenerator(seed: UInt64(n) &* 0x1_0000_01b3 &+ UInt64(k))
    var found: [SubspaceSimilarity] = []
    found.reserveCapacity(draws)
    for _ in 0..<draws {
      let stacked = randomStack(dimension: n, rank: k, generator: &generator)
      let basis = try orthonormalColumns(of: stacked)
      let top = Matrix(
        rowCount: k, columnCount: k, elements: Array(basis.elements.prefix(k * k)))
      found.append(SubspaceSimilarity(cosines: try singularValues(of: top)))
    }
    meanCosine = Distribution(found.map(\.meanCosine))
    overlap = Distribution(found.map(\.overlap), mean: Double(k) / Double(n))
    maxCosine = Distribution(found.map(\.maxCosine))
    minCosine = Distribution(found.map(\.minCosine))
    geodesic = Distribution(found.map(\.geodesic))
  }
}

extension RandomFloor.Distribution {
  /// Takes the statistics of a sample; a known mean replaces the sample's own.
  fileprivate init(_ sample: [Double], mean known: Double? = nil) {
    let count = Double(sample.count)
    let average = sample.reduce(0, +) / count
    mean = known ?? average
    standardDeviation =
      (sample.reduce(0) { $0 + ($1 - average) * ($1 - average) } / max(1, count - 1)).squareRoot()
    percentile95 = quantile(0.95, of: sample.sorted())
  }
}

/// The value under which a share of a sorted sample lies, interpolated linearly between neighbours.
///
/// - Parameters:
///   - share: 0 for the smallest value, 0.5 for the median, 1 for the largest.
///   - sorted: At least one value, ascending.
/// - Returns: A value between the smallest and the largest of the sample.
/// - Precondition: The sample is not empty, and the share is in 0...1.
/// - Complexity: O(1)
public func quantile(_ share: Double, of sorted: [Double]) -> Double {
  precondition(!sorted.isEmpty && (0...1).contains(share), "no such quantile")
  let place = share * Double(sorted.count - 1)
  let lower = Int(place)
  let upper = min(lower + 1, sorted.count - 1)
  return sorted[lower] + (place - Double(lower)) * (sorted[upper] - sorted[lower])
}

/// Random rows whose orthonormalised first k are distributed as those of a random basis of R^n.
private func randomStack(
  dimension n: Int, rank k: Int, generator: inout SeededGenerator
) -> Matrix<Double> {
  let others = n - k
  guard others >= k else {
    // Bartlett's factor needs k rows: with fewer, the rows themselves are drawn.
    return Matrix(
      rowCount: n, columnCount: k, elements: (0..<n * k).map { _ in generator.normal() })
  }
  var stack = Matrix<Double>(rowCount: 2 * k, columnCount: k)
  for place in 0..<k * k { stack.elements[place] = generator.normal() }
  for row in 0..<k {
    stack[k + row, row] = generator.chi(degrees: others - row)
    for column in (row + 1)..<max(row + 1, k) { stack[k + row, column] = generator.normal() }
  }
  return stack
}
