public import Tensors

/// A weight matrix that can be read, or its gradient: a tensor of its own, stored out x in.
public struct Weight: Sendable {
  /// The file that holds it.
  public let file: any TensorFile

  /// Its name, type and shape: rows x columns.
  public let tensor: TensorDescription

  /// The number of rows.
  public var rowCount: Int { tensor.shape[0] }

  /// The number of columns.
  public var columnCount: Int { tensor.shape[1] }

  /// Names a matrix in a file; the caller has checked that it has two axes and can be decoded.
  public init(file: any TensorFile, tensor: TensorDescription) {
    self.file = file
    self.tensor = tensor
  }

  /// The file and the tensor, for messages.
  public var place: String { "\(file.path): tensor '\(tensor.name)'" }
}

/// A matrix and the memory that it is read through, used again for one weight after the other.
public struct WeightBuffer: Sendable {
  /// The weight that was read last, row after row.
  public private(set) var matrix = Matrix<Float>(rowCount: 0, columnCount: 0)

  private var reader = RowReader()

  /// Makes an empty buffer.
  public init() {}

  /// Reads a weight and converts it to single precision.
  ///
  /// - Parameter weight: Any weight of a checkpoint.
  /// - Throws: The file's error when the bytes cannot be read; the matrix then holds nothing of
  ///   use.
  /// - Complexity: O(rows * columns); one pass over the bytes.
  public mutating func read(_ weight: Weight) throws {
    let rows = weight.rowCount
    let columns = weight.columnCount
    if matrix.rowCount != rows || matrix.columnCount != columns {
      // Let go of the old storage first: two large matrices at once are not needed.
      matrix = Matrix(rowCount: 0, columnCount: 0)
      matrix = Matrix(rowCount: rows, columnCount: columns)
    }
    try reader.read(
      rows: 0..<rows, of: weight.tensor, in: weight.file, into: &matrix.elements)
  }
}
