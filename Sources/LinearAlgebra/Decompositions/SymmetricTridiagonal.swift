/// A symmetric matrix of three diagonals.
struct SymmetricTridiagonal {
  /// The elements on the diagonal.
  var diagonal: [Double]
  /// The squares of the elements beside the diagonal; the last place is not used.
  var besideSquared: [Double]

  init(size: Int) {
    diagonal = [Double](repeating: 0, count: size)
    besideSquared = diagonal
  }

  /// Puts the eigenvalues in the place of the diagonal, in any order.
  ///
  /// They have an absolute error of a few ulp of the largest.
  ///
  /// - Returns: Whether the iteration ended.
  /// - Precondition: Every element is finite.
  /// - Complexity: O(size^2)
  ///
  /// Source: QL without square roots, after Pal, Walker and Kahan; B. N. Parlett, The Symmetric
  /// Eigenvalue Problem, sec. 8-15; LAPACK's `sterf`.
  mutating func solve() -> Bool {
    let size = diagonal.count
    guard size > 0, besideSquared.count == size else { return true }
    var norm = abs(diagonal[size - 1])
    for index in 0..<size - 1 {
      norm = max(norm, abs(diagonal[index]) + besideSquared[index].squareRoot())
    }
    guard norm > 0 else { return true }
    // An element beside the diagonal that is below an ulp of the norm moves no eigenvalue by more.
    let negligible = norm * norm * 0x1p-104
    var remaining = 30 * size
    return unsafe diagonal.withUnsafeMutableBufferPointer { d in
      unsafe besideSquared.withUnsafeMutableBufferPointer { e in
        // Safe: both have `size` elements, and first <= last < size.
        for first in 0..<size {
          while true {
            var last = first
            while last + 1 < size, unsafe e[last] > negligible { last += 1 }
            guard last > first else { break }
            if last == first + 1 {
              let mean = unsafe (d[first] + d[last]) / 2
              let half = unsafe (d[first] - d[last]) / 2
              let radius = unsafe (half * half + e[first]).squareRoot()
              unsafe d[first] = mean + radius
              unsafe d[last] = mean - radius
              unsafe e[first] = 0
              break
            }
            guard remaining > 0 else { return false }
            remaining -= 1
            unsafe sweep(d, e, first, last)
          }
        }
        return true
      }
    }
  }
}

/// One step of the QL iteration on the rows `first...last`, with the eigenvalue of the upper 2 x 2
/// corner nearer to d[first] as the shift.
///
/// - Precondition: No element between is negligible, so that r below is never zero.
private func sweep(
  _ d: UnsafeMutableBufferPointer<Double>, _ e: UnsafeMutableBufferPointer<Double>, _ first: Int,
  _ last: Int
) {
  // Safe: the caller's rows lie in both.
  let beside = unsafe e[first].squareRoot()
  let ratio = unsafe (d[first + 1] - d[first]) / (2 * beside)
  let root = (ratio * ratio + 1).squareRoot()
  let shift = unsafe d[first] - beside / (ratio + (ratio < 0 ? -root : root))
  var cosine = 1.0
  var sine = 0.0
  var gamma = unsafe d[last] - shift
  var p = gamma * gamma
  for index in stride(from: last - 1, through: first, by: -1) {
    let square = unsafe e[index]
    let r = p + square
    if index != last - 1 { unsafe e[index + 1] = sine * r }
    let oldCosine = cosine
    cosine = p / r
    sine = square / r
    let oldGamma = gamma
    let alpha = unsafe d[index]
    gamma = cosine * (alpha - shift) - sine * oldGamma
    unsafe d[index + 1] = oldGamma + (alpha - gamma)
    p = cosine != 0 ? gamma * gamma / cosine : oldCosine * square
  }
  unsafe e[first] = sine * p
  unsafe d[first] = shift + gamma
}
