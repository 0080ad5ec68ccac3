import Captures
import Tensors
import TestSupport
import Testing

/// Checks that nothing that may tell tokens from padding is passed over in silence.
@Suite struct UnreadMaskTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  static let tensors = [
    "attn_mask", "attention_masks", "valid_mask", "AttentionMask", "unpadded", "is_valid",
    "seqlens", "cu_seqlens_q", "seq_len", "num_tokens", "n_tokens", "Lengths", "token_counts",
    "inputs.attention_mask", "layers.0.attention_mask", "layers.0.lengths", "attention_mask.0",
  ]

  @Test(
    "a tensor that looks like a mask or lengths, under another name or at another place, is refused",
    arguments: tensors, [ToyCapture.Form.safetensors, .safetensorsSlashes, .hdf5Nested])
  func tensor(name: String, form: ToyCapture.Form) throws {
    var toy = ToyCapture()
    toy[name] = integers(name, Array(repeating: 1, count: ToyCapture.tokenCount))
    let path = try toy.written(as: form, in: folder)
    let error = try #require(throws: CaptureError.self) { try Capture(path: path) }
    let spelled = form == .safetensorsSlashes ? name.replacing(".", with: "/") : name
    #expect(
      error.description
        == "\(path): tensor '\(spelled)' looks as if it told tokens from padding, but is not read; write it as a tensor 'attention_mask' (1 for a token, one number for each row) or 'lengths' (tokens of each sequence) at the top of the file, or remove it"
    )
  }

  @Test("it is refused beside a mask that is read, too: the two may contradict each other")
  func besideMask() throws {
    var toy = ToyCapture()
    for name in ["attention_mask", "valid_mask"] {
      toy[name] = integers(name, Array(repeating: 1, count: ToyCapture.tokenCount))
    }
    let path = try toy.written(in: folder)
    let error = try #require(throws: CaptureError.self) { try Capture(path: path) }
    #expect(error.description.hasPrefix("\(path): tensor 'valid_mask' looks as if "))
  }

  @Test("what tells other things is let be")
  func others() throws {
    var toy = ToyCapture()
    for name in [
      "position_ids", "layers.0.moe_output", "layers.0.hidden_states", "layers.0.topk_experts",
      "input_ids", "masks.notes", "router.weights", "0",
    ] {
      toy[name] = integers(name, [1, 2])
    }
    for form in ToyCapture.Form.allCases {
      let path = try toy.written(as: form, in: folder)
      #expect(try Capture(path: path).tokenCount == ToyCapture.tokenCount)
    }
  }

  @Test(
    "an attribute that lists them is refused; one number or word tells no row from another",
    arguments: [ToyCapture.Form.safetensors, .hdf5Nested])
  func attributes(form: ToyCapture.Form) throws {
    for (name, text) in [
      ("attention_mask", "[1, 1, 0]"), ("lengths", "5,1,5"), ("num_tokens", "5 1 5"),
    ] {
      var toy = ToyCapture()
      toy.attributes[name] = text
      let path = try toy.written(as: form, in: folder)
      let error = try #require(throws: CaptureError.self) { try Capture(path: path) }
      #expect(
        error.description.hasPrefix(
          "\(path): the attribute '\(name)' looks as if it told tokens from padding, but is not read; "
        ))
    }
    var toy = ToyCapture()
    toy.attributes["num_tokens"] = "11"
    toy.attributes["mask"] = "causal"
    toy.attributes["padding_side"] = "right"
    let path = try toy.written(as: form, in: folder)
    #expect(try Capture(path: path).tokenCount == ToyCapture.tokenCount)
  }
}
