import Tensors

extension CaptureError: CustomStringConvertible {
  /// Where it went wrong, what went wrong, and what to do next.
  public var description: String {
    switch self {
    case .noLayers(let path):
      """
      \(path): holds no 'layers/{L}/moe_input', the activations of a layer; give a file of \
      captured activations
      """
    case .missing(let path, let tensor, let reason):
      "\(path): tensor '\(tensor)' is missing, though \(reason); \(writeAgain)"
    case .twoSpellings(let path, let tensors):
      """
      \(path): \(tensors.map { "'\($0)'" }.joined(separator: " and ")) are one tensor in two \
      spellings; remove one
      """
    case .oddLayerNumber(let path, let tensor):
      "\(path): tensor '\(tensor)' does not number its layer plainly; write 0, 1, 2 ... there"
    case .notATensor(let path, let object, let reason):
      "\(path): '\(object)' cannot be read as a tensor: \(reason); \(writeAgain)"
    case .unreadMask(let path, let name, let isAttribute):
      """
      \(path): \(isAttribute ? "the attribute" : "tensor") '\(name)' looks as if it told tokens \
      from padding, but is not read; write it as a tensor 'attention_mask' (1 for a token, one number \
      for each row) or 'lengths' (tokens of each sequence) at the top of the file, or remove it
      """
    case .noGradients(let path):
      "\(path): holds no tensor; give a file of gradients under the checkpoint's tensor names"

    case .notFloating(let path, let tensor, .u16):
      """
      \(path): tensor '\(tensor)' holds U16; if these are bfloat16, give the dataset the attribute \
      dtype = BF16
      """
    case .notFloating(let path, let tensor, let elementType):
      """
      \(path): tensor '\(tensor)' holds \(elementType.rawValue), no activations; write them as \
      F16, BF16, F32 or F64
      """
    case .notIntegers(let path, let tensor, let elementType):
      "\(path): tensor '\(tensor)' holds \(elementType.rawValue), no integers; write it as I64"
    case .wrongShape(let path, let tensor, let shape, let expected):
      """
      \(path): tensor '\(tensor)' is \(text(of: shape)), expected \(expected); \(writeAgain)
      """
    case .empty(let path, let tensor):
      "\(path): tensor '\(tensor)' holds no value; capture at least one token"
    case .badHiddenSize(let path, let text):
      """
      \(path): the attribute 'hidden_size' is \(text.prefix(40).debugDescription), no number above \
      0; set it to the width of moe_input, or remove it
      """
    case .wrongHiddenSize(let path, let hiddenSize, let tensor, let width):
      """
      \(path): the attribute 'hidden_size' is \(hiddenSize), but tensor '\(tensor)' is \(width) \
      wide; capture the input of the MoE block, not another activation
      """

    case .numberTooLarge(let path, let tensor, let place, let value):
      """
      \(path): tensor '\(tensor)' has \(value) at place \(place), too large a number; \
      \(writeAgain)
      """
    case .offsetsStart(let path, let tensor, let value):
      "\(path): tensor '\(tensor)' starts with \(value), not with 0; \(offsetsMeaning)"
    case .offsetsNotAscending(let path, let tensor, let place, let value, let previous):
      """
      \(path): tensor '\(tensor)' has \(value) at place \(place), after \(previous), and does not \
      ascend; \(offsetsMeaning)
      """
    case .offsetsEnd(let path, let tensor, let value, let tokenCount):
      """
      \(path): tensor '\(tensor)' ends with \(value), but there are \(tokenCount) tokens; \
      \(offsetsMeaning)
      """
    case .permutationOutside(let path, let tensor, let place, let value, let length):
      """
      \(path): tensor '\(tensor)' has \(value) at token \(place), whose sequence has \(length) \
      tokens; count from 0 within each sequence
      """
    case .permutationRepeats(let path, let tensor, let place, let value):
      """
      \(path): tensor '\(tensor)' has \(value) at token \(place) for the second time in its \
      sequence; name each place of a sequence once
      """
    case .notAMask(let path, let tensor, let place, let value):
      """
      \(path): tensor '\(tensor)' has \(value) at place \(place); a mask has 1 for a token and 0 \
      for padding: write it so
      """
    case .maskOfTwoSenses(let path, let tensor):
      """
      \(path): tensor '\(tensor)' may have 1 for tokens or for padding, and the rows do not show \
      which; write it as 'attention_mask', with 1 for a token and 0 for padding
      """
    case .lengthOutside(let path, let tensor, let sequence, let value, let rowCount):
      """
      \(path): tensor '\(tensor)' gives sequence \(sequence) a length of \(value), but it \
      has \(rowCount) rows; \(writeAgain)
      """
    case .lengthAgainstMask(
      let path, let tensor, let sequence, let length, let mask, let count):
      """
      \(path): tensor '\(tensor)' gives sequence \(sequence) a length of \(length), but \
      '\(mask)' has \(count) tokens there; \(writeAgain)
      """
    case .paddedOnBothSides(let path, let tensor):
      """
      \(path): by their rows some sequences are padded before their tokens and others after them, \
      which '\(tensor)' does not tell; write an 'attention_mask' of 1 for a token and 0 for padding
      """
    case .noLogits(let path, let tensor):
      "\(path): tensor '\(tensor)' holds no logit: all are 0, or -inf, which chooses no expert; capture the router's output again, or remove it"
    case .noTokens(let path, let rowCount, let reason):
      "\(path): all \(rowCount) rows would be left out: \(reason)"
    case .notFinite(let path, let tensor, let token, let column, let isNaN, let elementType):
      """
      \(path): tensor '\(tensor)', token \(token), column \(column) (from 0) is \
      \(isNaN ? "not a number" : "infinite")\(advice(isNaN: isNaN, elementType))
      """
    }
  }
}

private let writeAgain = "write the whole capture again"

private let offsetsMeaning = "write the first token of each sequence, then the number of tokens"

private func text(of shape: [Int]) -> String {
  shape.isEmpty ? "a scalar" : shape.map(String.init).joined(separator: " x ")
}

private func advice(isNaN: Bool, _ elementType: ElementType) -> String {
  switch elementType {
  case .f16:
    """
    , as values beyond 65504 become in float16 and what is computed from them; capture again in \
    bfloat16 or float32
    """
  case .f64 where !isNaN:
    """
     in single precision, which ends at 3.4e38; look for what drives the model so far, and \
    capture again
    """
  default:
    """
    ; the model itself yielded it: run it in float32 or bfloat16, check its weights, and capture \
    again
    """
  }
}
