public import Tensors

/// A matrix of activations on disk: one row for each token.
///
/// The file may hold rows that are no tokens, as padding leaves them; they are skipped here.
public struct ActivationRows: Sendable {
  /// The file that holds it.
  public let file: any TensorFile
  /// The matrix as the file describes it: two axes, of a type that can be decoded.
  public let tensor: TensorDescription
  /// Which of the stored rows are tokens.
  let tokens: TokenRows
  /// Whether a value may be -infinity: the logit of an expert that the router may not choose.
  let mayBarExperts: Bool

  /// Takes a tensor for activations.
  ///
  /// - Precondition: It is one of the file's, with two axes, none of them empty, and of a type that
  ///   can be decoded.
  package init(file: any TensorFile, tensor: TensorDescription) {
    self.init(file: file, tensor: tensor, mayBarExperts: false)
  }

  /// Takes a tensor for activations, or for router logits.
  init(
    file: any TensorFile, tensor: TensorDescription, tokens: TokenRows? = nil, mayBarExperts: Bool
  ) {
    precondition(
      tensor.shape.count == 2 && !tensor.shape.contains(0) && tensor.elementType.isDecodable,
      "'\(tensor.name)' is no matrix of activations")
    self.file = file
    self.tensor = tensor
    self.tokens = tokens ?? TokenRows(all: tensor.shape[0])
    self.mayBarExperts = mayBarExperts
  }

  /// The same matrix of fewer tokens.
  func limited(to tokens: TokenRows) -> ActivationRows {
    ActivationRows(file: file, tensor: tensor, tokens: tokens, mayBarExperts: mayBarExperts)
  }

  /// The number of tokens.
  public var rowCount: Int { tokens.count }
  /// The number of values of one token.
  public var width: Int { tensor.shape[1] }
  /// Where the matrix lies, for messages.
  public var place: String { "\(file.path): tensor '\(tensor.name)'" }

  /// The number of rows in the file.
  var storedRowCount: Int { tensor.shape[0] }
  /// The size of a row as it is stored, in bytes.
  var rowByteCount: Int { width * tensor.elementType.bitCount / 8 }
}
