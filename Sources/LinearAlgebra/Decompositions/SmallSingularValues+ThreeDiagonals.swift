extension SmallSingularValues {
  /// Reduces C^T C to three diagonals with the same eigenvalues, from the last row upwards.
  ///
  /// Columns right of those that are left over are reflected along: it costs nothing, and nothing
  /// reads them.
  ///
  /// Source: J. H. Wilkinson and C. Reinsch, Handbook for Automatic Computation II (Linear
  /// Algebra), contribution II/2 (tred1).
  mutating func reduceToThreeDiagonals() {
    let (size, width) = (size, width)
    unsafe square.withUnsafeMutableBufferPointer { square in
      unsafe reflector.withUnsafeMutableBufferPointer { u in
        unsafe image.withUnsafeMutableBufferPointer { p in
          // Safe: `square` holds size * width groups and the other two `width`; rows stay under
          // `size`, groups under `width`.
          for last in stride(from: size - 1, through: 1, by: -1) {
            let row = last * width
            unsafe tridiagonal.diagonal[last] = square[row + last / 4][last % 4]
            // The row left of the diagonal, with zeros behind.
            let groups = (last + 3) / 4
            for index in 0..<groups { unsafe u[index] = square[row + index] }
            for column in last..<4 * groups { unsafe u[column / 4][column % 4] = 0 }
            var squares = Lanes.zero
            for index in 0..<groups { unsafe squares += u[index] * u[index] }
            let sum = squares.sum()
            tridiagonal.besideSquared[last - 1] = sum
            let edge = unsafe u[(last - 1) / 4][(last - 1) % 4]
            let norm = sum.squareRoot()
            // Half the squared length of the reflector.
            let half = sum + abs(edge) * norm
            guard last > 1, half > 0 else { continue }
            unsafe u[(last - 1) / 4][(last - 1) % 4] = edge + (edge < 0 ? -norm : norm)
            unsafe multiply(square, width: width, rows: last, by: u, into: p)
            // A - u q^T - q u^T with q = p - (u^T p / 2) u, where u^T u = 2.
            var dots = Lanes.zero
            for index in 0..<groups { unsafe dots += u[index] * p[index] }
            let inverse = 1 / half
            let shift = dots.sum() * inverse * inverse / 2
            for index in 0..<groups { unsafe p[index] = p[index] * inverse - u[index] * shift }
            for row in 0..<last {
              let a = unsafe u[row / 4][row % 4]
              let b = unsafe p[row / 4][row % 4]
              for index in 0..<groups {
                unsafe square[row * width + index] -= a * p[index] + b * u[index]
              }
            }
          }
          unsafe tridiagonal.diagonal[0] = square[0][0]
        }
      }
    }
  }
}

/// Computes `p = A u` for a symmetric A as a sum of its rows, four at a time.
private func multiply(
  _ square: UnsafeMutableBufferPointer<SIMD4<Double>>, width: Int, rows: Int,
  by u: UnsafeMutableBufferPointer<SIMD4<Double>>,
  into p: UnsafeMutableBufferPointer<SIMD4<Double>>
) {
  let groups = (rows + 3) / 4
  // Safe: the caller's square holds at least `rows` rows of `width` groups, u and p at least
  // `groups` groups.
  for index in 0..<groups { unsafe p[index] = .zero }
  for group in 0..<rows / 4 {
    let factors = unsafe u[group]
    let start = 4 * group * width
    for index in 0..<groups {
      let first = unsafe factors[0] * square[start + index]
      let second = unsafe factors[1] * square[start + width + index]
      let third = unsafe factors[2] * square[start + 2 * width + index]
      let fourth = unsafe factors[3] * square[start + 3 * width + index]
      unsafe p[index] += (first + second) + (third + fourth)
    }
  }
  for row in rows / 4 * 4..<rows {
    let factor = unsafe u[row / 4][row % 4]
    for index in 0..<groups { unsafe p[index] += factor * square[row * width + index] }
  }
}
