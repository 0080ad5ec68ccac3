import Captures
import Tensors
import Testing

/// Checks that every error says where, what, and what to do next.
@Suite struct CaptureErrorTests {
  static let messages: [(CaptureError, String)] = [
    (
      .noLayers(path: "a.h5"),
      "a.h5: holds no 'layers/{L}/moe_input', the activations of a layer; give a file of captured activations"
    ),
    (
      .missing(path: "a.h5", tensor: "x", because: "'y' is there"),
      "a.h5: tensor 'x' is missing, though 'y' is there; write the whole capture again"
    ),
    (
      .twoSpellings(path: "a.h5", tensors: ["x.y", "x/y"]),
      "a.h5: 'x.y' and 'x/y' are one tensor in two spellings; remove one"
    ),
    (
      .oddLayerNumber(path: "a.h5", tensor: "layers.00.moe_input"),
      "a.h5: tensor 'layers.00.moe_input' does not number its layer plainly; write 0, 1, 2 ... there"
    ),
    (
      .notATensor(path: "a.h5", object: "x/y", reason: "its elements are strings"),
      "a.h5: 'x/y' cannot be read as a tensor: its elements are strings; write the whole capture again"
    ),
    (
      .unreadMask(path: "a.h5", name: "x/attn_mask", isAttribute: false),
      "a.h5: tensor 'x/attn_mask' looks as if it told tokens from padding, but is not read; write it as a tensor 'attention_mask' (1 for a token, one number for each row) or 'lengths' (tokens of each sequence) at the top of the file, or remove it"
    ),
    (
      .unreadMask(path: "a.h5", name: "lengths", isAttribute: true),
      "a.h5: the attribute 'lengths' looks as if it told tokens from padding, but is not read; write it as a tensor 'attention_mask' (1 for a token, one number for each row) or 'lengths' (tokens of each sequence) at the top of the file, or remove it"
    ),
    (
      .noGradients(path: "g.h5"),
      "g.h5: holds no tensor; give a file of gradients under the checkpoint's tensor names"
    ),
    (
      .notFloating(path: "a.h5", tensor: "x", elementType: .u16),
      "a.h5: tensor 'x' holds U16; if these are bfloat16, give the dataset the attribute dtype = BF16"
    ),
    (
      .notFloating(path: "a.h5", tensor: "x", elementType: .i8),
      "a.h5: tensor 'x' holds I8, no activations; write them as F16, BF16, F32 or F64"
    ),
    (
      .notIntegers(path: "a.h5", tensor: "x", elementType: .f32),
      "a.h5: tensor 'x' holds F32, no integers; write it as I64"
    ),
    (
      .wrongShape(path: "a.h5", tensor: "x", shape: [3, 8], expected: "4 x 8, as 'y' is"),
      "a.h5: tensor 'x' is 3 x 8, expected 4 x 8, as 'y' is; write the whole capture again"
    ),
    (
      .wrongShape(path: "a.h5", tensor: "x", shape: [], expected: "a list of numbers"),
      "a.h5: tensor 'x' is a scalar, expected a list of numbers; write the whole capture again"
    ),
    (
      .empty(path: "a.h5", tensor: "x"),
      "a.h5: tensor 'x' holds no value; capture at least one token"
    ),
    (
      .notAMask(path: "a.h5", tensor: "mask", place: 3, value: "-inf"),
      "a.h5: tensor 'mask' has -inf at place 3; a mask has 1 for a token and 0 for padding: write it so"
    ),
    (
      .maskOfTwoSenses(path: "a.h5", tensor: "padding_mask"),
      "a.h5: tensor 'padding_mask' may have 1 for tokens or for padding, and the rows do not show which; write it as 'attention_mask', with 1 for a token and 0 for padding"
    ),
    (
      .lengthOutside(path: "a.h5", tensor: "x", sequence: 2, value: 9, rowCount: 8),
      "a.h5: tensor 'x' gives sequence 2 a length of 9, but it has 8 rows; write the whole capture again"
    ),
    (
      .lengthAgainstMask(
        path: "a.h5", tensor: "x", sequence: 2, length: 7, mask: "mask", count: 6),
      "a.h5: tensor 'x' gives sequence 2 a length of 7, but 'mask' has 6 tokens there; write the whole capture again"
    ),
    (
      .paddedOnBothSides(path: "a.h5", tensor: "x"),
      "a.h5: by their rows some sequences are padded before their tokens and others after them, which 'x' does not tell; write an 'attention_mask' of 1 for a token and 0 for padding"
    ),
    (
      .noLogits(path: "a.h5", tensor: "x"),
      "a.h5: tensor 'x' holds no logit: all are 0, or -inf, which chooses no expert; capture the router's output again, or remove it"
    ),
    (
      .noTokens(path: "a.h5", rowCount: 8, reason: "8 hold zeros; capture again"),
      "a.h5: all 8 rows would be left out: 8 hold zeros; capture again"
    ),
    (
      .badHiddenSize(path: "a.h5", text: "4\n"),
      "a.h5: the attribute 'hidden_size' is \"4\\n\", no number above 0; set it to the width of moe_input, or remove it"
    ),
    (
      .wrongHiddenSize(path: "a.h5", hiddenSize: 5, tensor: "x", width: 4),
      "a.h5: the attribute 'hidden_size' is 5, but tensor 'x' is 4 wide; capture the input of the MoE block, not another activation"
    ),
    (
      .numberTooLarge(path: "a.h5", tensor: "x", place: 2, value: .max),
      "a.h5: tensor 'x' has 18446744073709551615 at place 2, too large a number; write the whole capture again"
    ),
    (
      .offsetsStart(path: "a.h5", tensor: "x", value: 1),
      "a.h5: tensor 'x' starts with 1, not with 0; write the first token of each sequence, then the number of tokens"
    ),
    (
      .offsetsNotAscending(path: "a.h5", tensor: "x", place: 2, value: 3, previous: 5),
      "a.h5: tensor 'x' has 3 at place 2, after 5, and does not ascend; write the first token of each sequence, then the number of tokens"
    ),
    (
      .offsetsEnd(path: "a.h5", tensor: "x", value: 10, tokenCount: 11),
      "a.h5: tensor 'x' ends with 10, but there are 11 tokens; write the first token of each sequence, then the number of tokens"
    ),
    (
      .permutationOutside(path: "a.h5", tensor: "x", place: 7, value: 9, length: 5),
      "a.h5: tensor 'x' has 9 at token 7, whose sequence has 5 tokens; count from 0 within each sequence"
    ),
    (
      .permutationRepeats(path: "a.h5", tensor: "x", place: 7, value: 1),
      "a.h5: tensor 'x' has 1 at token 7 for the second time in its sequence; name each place of a sequence once"
    ),
    (
      notFinite(isNaN: false, .f16),
      "a.h5: tensor 'x', token 7, column 3 (from 0) is infinite, as values beyond 65504 become in float16 and what is computed from them; capture again in bfloat16 or float32"
    ),
    (
      notFinite(isNaN: true, .f16),
      "a.h5: tensor 'x', token 7, column 3 (from 0) is not a number, as values beyond 65504 become in float16 and what is computed from them; capture again in bfloat16 or float32"
    ),
    (
      notFinite(isNaN: false, .f64),
      "a.h5: tensor 'x', token 7, column 3 (from 0) is infinite in single precision, which ends at 3.4e38; look for what drives the model so far, and capture again"
    ),
    (
      notFinite(isNaN: true, .f32),
      "a.h5: tensor 'x', token 7, column 3 (from 0) is not a number; the model itself yielded it: run it in float32 or bfloat16, check its weights, and capture again"
    ),
  ]

  static func notFinite(isNaN: Bool, _ elementType: ElementType) -> CaptureError {
    .notFinite(
      path: "a.h5", tensor: "x", token: 7, column: 3, isNaN: isNaN, elementType: elementType)
  }

  @Test("reads well", arguments: messages)
  func message(error: CaptureError, text: String) {
    #expect(error.description == text)
  }
}
