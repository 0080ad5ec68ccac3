import Checkpoints
import Experts
import LinearAlgebra
import TestSupport
import Tensors

extension Matrix where Scalar == Double {
  /// Some neighbouring columns.
  func columns(_ range: Range<Int>) -> Matrix {
    var part = Matrix(rowCount: rowCount, columnCount: range.count)
    for row in 0..<rowCount {
      for (place, column) in range.enumerated() { part[row, place] = self[row, column] }
    }
    return part
  }

  /// One column as a list.
  func column(_ column: Int) -> [Double] { (0..<rowCount).map { self[$0, column] } }

  /// The columns of several matrices side by side.
  static func joined(_ parts: [Matrix]) -> Matrix {
    var whole = Matrix(
      rowCount: parts[0].rowCount, columnCount: parts.reduce(0) { $0 + $1.columnCount })
    var start = 0
    for part in parts {
      for row in 0..<part.rowCount {
        for column in 0..<part.columnCount { whole[row, start + column] = part[row, column] }
      }
      start += part.columnCount
    }
    return whole
  }

  /// A matrix of these rows.
  init(rows: [[Double]]) {
    self.init(rowCount: rows.count, columnCount: rows[0].count, elements: rows.flatMap(\.self))
  }
}

extension ToyCheckpoint {
  /// Replaces a projection of an expert by one with that spectrum and those directions in the
  /// residual stream, hidden size x r; its neurons are random.
  mutating func plant(
    _ projection: Projection, ofExpert expert: Int?, spectrum: [Double], stream: Matrix<Double>,
    width: Int, seed: UInt64
  ) throws {
    plant(
      try .projection(projection, spectrum: spectrum, stream: stream, width: width, seed: seed),
      as: Self.name(projection, ofExpert: expert))
  }
}

extension Matrix where Scalar == Double {
  /// A projection, or the gradient of one, with that spectrum and those directions in the residual
  /// stream, hidden size x r; its neurons are random.
  static func projection(
    _ projection: Projection, spectrum: [Double], stream: Matrix, width: Int, seed: UInt64
  ) throws -> Matrix {
    let neurons = try Matrix.orthonormal(width, spectrum.count, seed: seed)
    return projection == .down
      ? .with(spectrum: spectrum, left: stream, right: neurons)
      : .with(spectrum: spectrum, left: neurons, right: stream)
  }
}
