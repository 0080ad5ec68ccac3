import CKernels
package import Tensors

/// A matrix W, m x n, whose rows the kernels multiply as they are stored.
package protocol KernelRows<Scalar>: Sendable {
  /// The scalar in which products are made.
  associatedtype Scalar: LAPACKScalar

  /// m.
  var rowCount: Int { get }
  /// n.
  var columnCount: Int { get }

  /// Computes W X and adds W^T (W X), in one pass over W.
  ///
  /// - Parameters:
  ///   - block: Where X stands: n-vectors in this matrix's order of columns.
  ///   - image: Where W X goes, m-vectors.
  ///   - square: What W^T W X is added to, n-vectors in the same order.
  ///   - first: The first of the four vectors, in each of the three.
  /// - Precondition: The sizes agree, and the three are different panels.
  /// - Complexity: 16 m n operations.
  func addSquare(
    of block: VectorPanel<Scalar>, image: VectorPanel<Scalar>, to square: VectorPanel<Scalar>,
    first: Int)

  /// Where in an n-vector the element of a column stands.
  func place(ofColumn column: Int, _ set: InstructionSet) -> Int

  /// The sum of the squares of all elements: of BF16 and single precision the same bits with every
  /// instruction set.
  func squaredNorm(_ set: InstructionSet) -> Double
}

extension Matrix: KernelRows where Scalar: LAPACKScalar {
  package func addSquare(
    of block: VectorPanel<Scalar>, image: VectorPanel<Scalar>, to square: VectorPanel<Scalar>,
    first: Int
  ) {
    let (x, y, z) = unsafe vectors(of: self, block, image, square, first)
    unsafe elements.withUnsafeBufferPointer { w in
      // Safe: w holds rowCount * columnCount elements, and the vectors are as long as they must be.
      unsafe Scalar.kernels.square(
        block.set.kernels, w.baseAddress, rowCount, columnCount, columnCount, x, z, block.stride, y,
        image.stride)
    }
  }

  package func place(ofColumn column: Int, _ set: InstructionSet) -> Int { column }

  package func squaredNorm(_ set: InstructionSet) -> Double {
    unsafe elements.withUnsafeBufferPointer { w in
      // Safe: w is as long as it says.
      unsafe Scalar.kernels.norm(set.kernels, w.baseAddress, w.count)
    }
  }
}

extension BF16Matrix: KernelRows {
  package func addSquare(
    of block: VectorPanel<Float>, image: VectorPanel<Float>, to square: VectorPanel<Float>,
    first: Int
  ) {
    let (x, y, z) = unsafe vectors(of: self, block, image, square, first)
    unsafe elements.withUnsafeBufferPointer { w in
      // Safe: w holds rowCount * columnCount elements, and the vectors are as long as they must be.
      unsafe ck_square_bf16(
        block.set.kernels, w.baseAddress, rowCount, columnCount, columnCount, x, z, block.stride, y,
        image.stride)
    }
  }

  package func place(ofColumn column: Int, _ set: InstructionSet) -> Int {
    ck_place(set.kernels, column)
  }

  package func squaredNorm(_ set: InstructionSet) -> Double {
    unsafe elements.withUnsafeBufferPointer { w in
      // Safe: w is as long as it says.
      unsafe ck_norm_bf16(set.kernels, w.baseAddress, w.count)
    }
  }
}

/// The first of the four vectors in each of three panels that fit a matrix.
private func vectors<Rows: KernelRows>(
  of rows: Rows, _ block: VectorPanel<Rows.Scalar>, _ image: VectorPanel<Rows.Scalar>,
  _ square: VectorPanel<Rows.Scalar>, _ first: Int
) -> (
  UnsafeMutablePointer<Rows.Scalar>, UnsafeMutablePointer<Rows.Scalar>,
  UnsafeMutablePointer<Rows.Scalar>
) {
  precondition(
    block.length == rows.columnCount && square.length == rows.columnCount
      && image.length == rows.rowCount && block.set == image.set && block.set == square.set,
    "the vectors do not fit")
  return unsafe (block.four(from: first), image.four(from: first), square.four(from: first))
}
