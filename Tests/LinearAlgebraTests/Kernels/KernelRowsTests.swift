import LinearAlgebra
import Tensors
import Testing

/// Checks the kernels of every instruction set against plain loops in double precision.
@Suite struct KernelRowsTests {
  /// Rows and columns on both sides of tiles, chunks and groups of rows, and wide ones.
  static let shapes = [
    (1, 1), (1, 31), (2, 32), (3, 33), (4, 64), (5, 15), (7, 100), (64, 48), (65, 97), (130, 257),
    (9, 5000), (4, 70_001),
  ]
  static let sets = InstructionSet.available

  @Test("squares of BF16 rows are those of double precision, rounded", arguments: sets, shapes)
  func bf16(set: InstructionSet, shape: (Int, Int)) {
    let matrix = Matrix<Float>.random(shape.0, shape.1, seed: 1).inBF16()
    let wide = matrix.widened()
    expectSquare(of: matrix, wide, set)
    // The same numbers in single precision.
    expectSquare(of: wide, wide, set)
  }

  @Test("squares in double precision are exact to its rounding", arguments: sets, shapes)
  func double(set: InstructionSet, shape: (Int, Int)) {
    let matrix = Matrix<Float>.random(shape.0, shape.1, seed: 2)
    expectSquare(of: matrix.doubled(), matrix, set)
  }

  /// Multiplies by four random vectors, and adds to what stands in the target.
  func expectSquare<Rows: KernelRows>(
    of rows: Rows, _ matrix: Matrix<Float>, _ set: InstructionSet
  ) {
    let (m, n) = (matrix.rowCount, matrix.columnCount)
    let factors = Matrix<Float>.random(4, n, seed: 3)
    let start = Matrix<Float>.random(4, n, seed: 4)
    let block = VectorPanel<Rows.Scalar>(count: 8, length: n, set)
    let image = VectorPanel<Rows.Scalar>(count: 8, length: m, set)
    let square = VectorPanel<Rows.Scalar>(count: 8, length: n, set)
    for vector in 0..<4 {
      for column in 0..<n {
        let place = rows.place(ofColumn: column, set)
        block[4 + vector, place] = Rows.Scalar(factors[vector, column])
        square[4 + vector, place] = Rows.Scalar(start[vector, column])
      }
    }
    rows.addSquare(of: block, image: image, to: square, first: 4)
    let wide = matrix.doubled()
    let exact = product(factors.doubled(), wide, rightTransposed: true)
    let added = product(exact, wide)
    // Elements and factors are mostly below 4: sums of n products are off by less than 16 n ulp
    // times their number of additions along one chain, n / 8 or fewer; far less in practice.
    let ulp = Double(Rows.Scalar.ulpOfOne)
    let allowed = 16 * Double(n + 8) * ulp * Double(n + 64).squareRoot()
    var worst = (image: 0.0, square: 0.0)
    for vector in 0..<4 {
      for row in 0..<m {
        worst.image.grow(Double(image[4 + vector, row]) - exact[vector, row])
      }
      for column in 0..<n {
        let place = rows.place(ofColumn: column, set)
        let expected = Double(start[vector, column]) + added[vector, column]
        worst.square.grow(Double(square[4 + vector, place]) - expected)
      }
    }
    #expect(worst.image <= allowed)
    #expect(worst.square <= 4 * Double(m + 8) * allowed)
    // What is not asked for keeps its zeros, and so does what pads the vectors.
    #expect((0..<4).allSatisfy { vector in (0..<m).allSatisfy { image[vector, $0] == 0 } })
    var places = Set(0..<(n + 31) / 32 * 32)
    for column in 0..<n { places.remove(rows.place(ofColumn: column, set)) }
    #expect(places.count == (n + 31) / 32 * 32 - n)
    #expect(places.allSatisfy { place in (4..<8).allSatisfy { square[$0, place] == 0 } })
  }

  @Test("squared norms are the same sixteen sums for all", arguments: sets, shapes)
  func norms(set: InstructionSet, shape: (Int, Int)) {
    let matrix = Matrix<Float>.random(shape.0, shape.1, seed: 5).inBF16()
    let wide = matrix.widened()
    let squares = wide.elements.map { Double($0) * Double($0) }
    let whole = squares.count / 16 * 16
    let sums = (0..<16).map { lane in
      stride(from: lane, to: whole, by: 16).reduce(0) { $0 + squares[$1] }
    }
    let expected = squares[whole...].reduce(sums.reduce(0, +), +)
    #expect(matrix.squaredNorm(set) == expected)
    #expect(wide.squaredNorm(set) == expected)
    // The squares of BF16 are exact here, too.
    #expect(wide.doubled().squaredNorm(set) == expected)
  }

  @Test("squared norms tell what is not finite, wherever it stands", arguments: sets, [0, 33, 76])
  func notFinite(set: InstructionSet, place: Int) {
    for bits in [0x7f80, 0xff80, 0x7fc0, 0x7f81] as [UInt16] {
      var matrix = Matrix<Float>.random(7, 11, seed: 6).inBF16()
      matrix.elements[place] = bits
      #expect(!matrix.squaredNorm(set).isFinite)
      #expect(!matrix.widened().squaredNorm(set).isFinite)
      #expect(throws: LinearAlgebraError.notFinite(row: place / 11, column: place % 11)) {
        try checkedSquaredNorm(of: matrix)
      }
    }
  }

  @Test("squares that overflow or vanish in single precision count", arguments: sets)
  func extremes(set: InstructionSet) {
    let matrix = BF16Matrix(rowCount: 1, columnCount: 3, elements: [0x7f7f, 0, 0x8000])
    let largest = Double(Float(bitPattern: 0x7f7f_0000))
    #expect(matrix.squaredNorm(set) == largest * largest)
    let tiny = BF16Matrix(rowCount: 1, columnCount: 1, elements: [1])
    #expect(tiny.squaredNorm(set) == 0x1p-266)
  }

  @Test("vectors of another length trap")
  func wrongLength() async {
    await #expect(processExitsWith: .failure) {
      let matrix = Matrix<Float>(rowCount: 2, columnCount: 40)
      let short = VectorPanel<Float>(count: 4, length: 39, .portable)
      let image = VectorPanel<Float>(count: 4, length: 2, .portable)
      matrix.addSquare(of: short, image: image, to: short, first: 0)
    }
  }
}

extension Double {
  /// Grows to the size of an error; NaN counts as infinite.
  fileprivate mutating func grow(_ error: Double) {
    self = abs(error) <= self ? self : error.isNaN ? .infinity : abs(error)
  }
}

extension Matrix where Scalar == Float {
  /// The numbers cut to BF16.
  func inBF16() -> BF16Matrix {
    BF16Matrix(
      rowCount: rowCount, columnCount: columnCount,
      elements: elements.map { UInt16(truncatingIfNeeded: $0.bitPattern >> 16) })
  }
}
