public import Tensors

/// A matrix of activations on disk: one row for each token.
public struct ActivationRows: Sendable {
  /// The file that holds it.
  public let file: any TensorFile
  /// The matrix as the file describes it: two axes, of a type that can be decoded.
  public let tensor: TensorDescription

  /// Takes a tensor for activations.
  ///
  /// - Precondition: It is one of the file's, with two axes, none of them empty, and of a type that
  ///   can be decoded.
  package init(file: any TensorFile, tensor: TensorDescription) {
    precondition(
      tensor.shape.count == 2 && !tensor.shape.contains(0) && tensor.elementType.isDecodable,
      "'\(tensor.name)' is no matrix of activations")
    self.file = file
    self.tensor = tensor
  }

  /// The number of tokens.
  public var rowCount: Int { tensor.shape[0] }
  /// The number of values of one token.
  public var width: Int { tensor.shape[1] }
  /// Where the matrix lies, for messages.
  public var place: String { "\(file.path): tensor '\(tensor.name)'" }

  /// The size of a row as it is stored, in bytes.
  var rowByteCount: Int { width * tensor.elementType.bitCount / 8 }
}
