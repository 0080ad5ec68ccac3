public import Tensors

/// What can be wrong with a capture or a file of gradients.
///
/// Tokens, columns and places in a list count from 0. Errors of the file's format come from its own
/// room.
public enum CaptureError: Error, Equatable, Sendable {
  // MARK: The names

  /// The file has no input of any MoE block.
  case noLayers(path: String)
  /// A tensor is missing that the others call for.
  case missing(path: String, tensor: String, because: String)
  /// Two tensors are the same one by name, with dots and with slashes.
  case twoSpellings(path: String, tensors: [String])
  /// The number of a layer is not in its plain form, as in `layers/00/moe_input`.
  case oddLayerNumber(path: String, tensor: String)
  /// What should be a tensor is something else, or was never written.
  case notATensor(path: String, object: String, reason: String)
  /// A tensor or attribute that is not read looks as if it told tokens from padding.
  case unreadMask(path: String, name: String, isAttribute: Bool)
  /// A file of gradients holds no tensor.
  case noGradients(path: String)

  // MARK: Types and shapes

  /// Activations are not stored as F16, BF16, F32 or F64.
  case notFloating(path: String, tensor: String, elementType: ElementType)
  /// A list that should hold integers holds something else.
  case notIntegers(path: String, tensor: String, elementType: ElementType)
  /// A tensor has another shape than it should.
  case wrongShape(path: String, tensor: String, shape: [Int], expected: String)
  /// A tensor holds no value.
  case empty(path: String, tensor: String)
  /// The attribute `hidden_size` is no number above 0.
  case badHiddenSize(path: String, text: String)
  /// The attribute `hidden_size` is not the width of the activations.
  case wrongHiddenSize(path: String, hiddenSize: Int, tensor: String, width: Int)

  // MARK: The values

  /// An integer does not fit 64 bits with a sign.
  case numberTooLarge(path: String, tensor: String, place: Int, value: UInt64)
  /// The first sequence does not begin at token 0.
  case offsetsStart(path: String, tensor: String, value: Int)
  /// A sequence ends before its first token, or is empty.
  case offsetsNotAscending(path: String, tensor: String, place: Int, value: Int, previous: Int)
  /// The last sequence does not end with the last token.
  case offsetsEnd(path: String, tensor: String, value: Int, tokenCount: Int)
  /// The permutation names a place that its sequence does not have.
  case permutationOutside(path: String, tensor: String, place: Int, value: Int, length: Int)
  /// The permutation names a place of a sequence twice.
  case permutationRepeats(path: String, tensor: String, place: Int, value: Int)
  /// A mask has a value that is neither 1 nor 0, nor the number of a sequence.
  case notAMask(path: String, tensor: String, place: Int, value: String)
  /// A mask of padding has 1 for tokens or for padding, and the rows do not show which.
  case maskOfTwoSenses(path: String, tensor: String)
  /// A sequence is said to have more tokens than rows, or fewer than none.
  case lengthOutside(path: String, tensor: String, sequence: Int, value: Int, rowCount: Int)
  /// The mask lets another number of tokens of a sequence through than its length says.
  case lengthAgainstMask(
    path: String, tensor: String, sequence: Int, length: Int, mask: String, count: Int)
  /// Some sequences look padded before their tokens, others after them.
  case paddedOnBothSides(path: String, tensor: String)
  /// All logits of a router are 0, or -inf.
  case noLogits(path: String, tensor: String)
  /// Every row is left out.
  case noTokens(path: String, rowCount: Int, reason: String)
  /// A value is infinite or not a number, once it is in single precision.
  case notFinite(
    path: String, tensor: String, token: Int, column: Int, isNaN: Bool, elementType: ElementType)
}
