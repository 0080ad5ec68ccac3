import Captures
import Tensors
import TestSupport
import Testing

/// Checks that an unsound capture is refused when it is opened, each with its own error.
@Suite struct CaptureRefusalTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (inout ToyCapture) -> Void
    let error: @Sendable (String) -> CaptureError

    init(
      _ name: String, _ change: @escaping @Sendable (inout ToyCapture) -> Void,
      _ error: @escaping @Sendable (String) -> CaptureError
    ) {
      testDescription = name
      self.change = change
      self.error = error
    }
  }

  /// Replaces a list of integers.
  static func set(
    _ name: String, _ values: [Int], _ type: ElementType = .i64
  ) -> @Sendable (inout ToyCapture) -> Void {
    { $0[name] = integers(name, values, type) }
  }

  /// Replaces a tensor by zeros of another type or shape, or adds one.
  static func set(
    _ name: String, _ type: ElementType, _ shape: [Int]
  ) -> @Sendable (inout ToyCapture) -> Void {
    {
      let bytes = [UInt8](repeating: 0, count: shape.reduce(type.bitCount / 8, *))
      $0[name] = ToyTensor(name: name, type: type, shape: shape, bytes: bytes)
    }
  }

  // MARK: Names, types and shapes

  static let headers: [Case] = [
    Case(
      "no layers",
      {
        for name in $0.tensors.map(\.name) where name.contains("layers") { $0[name] = nil }
        $0["shuffled.permutation"] = nil
      }
    ) { .noLayers(path: $0) },
    Case("no offsets", { $0["sequence_offsets"] = nil }) {
      .missing(
        path: $0, tensor: "sequence_offsets",
        because: "it alone says where each sequence begins")
    },
    Case("no permutation", { $0["shuffled.permutation"] = nil }) {
      .missing(
        path: $0, tensor: "shuffled/permutation",
        because: "'shuffled/layers/0/moe_input' is there")
    },
    Case(
      "no shuffled pass",
      {
        $0["shuffled.layers.0.moe_input"] = nil
        $0["shuffled.layers.2.moe_input"] = nil
      }
    ) {
      .missing(
        path: $0, tensor: "shuffled/layers/{L}/moe_input",
        because: "'shuffled.permutation' is there")
    },
    Case("logits without input", set("layers.7.router_logits", .f32, [11, 3])) {
      .missing(
        path: $0, tensor: "layers/7/moe_input", because: "other tensors of the layer are there")
    },
    Case("shuffled without input", set("shuffled.layers.7.moe_input", .f32, [11, 4])) {
      .missing(
        path: $0, tensor: "layers/7/moe_input", because: "other tensors of the layer are there")
    },
    Case("padded layer number", set("layers.07.moe_input", .f32, [11, 4])) {
      .oddLayerNumber(path: $0, tensor: "layers.07.moe_input")
    },
    Case("negative layer number", set("layers.-1.moe_input", .f32, [11, 4])) {
      .oddLayerNumber(path: $0, tensor: "layers.-1.moe_input")
    },
    Case("huge layer number", set("layers.99999999999999999999.moe_input", .f32, [11, 4])) {
      .oddLayerNumber(path: $0, tensor: "layers.99999999999999999999.moe_input")
    },
    Case("integer input", set("layers.0.moe_input", .i16, [11, 4])) {
      .notFloating(path: $0, tensor: "layers.0.moe_input", elementType: .i16)
    },
    Case("integer logits", set("layers.2.router_logits", .i64, [11, 3])) {
      .notFloating(path: $0, tensor: "layers.2.router_logits", elementType: .i64)
    },
    Case("integer shuffled input", set("shuffled.layers.2.moe_input", .u16, [11, 4])) {
      .notFloating(path: $0, tensor: "shuffled.layers.2.moe_input", elementType: .u16)
    },
    Case("floating offsets", set("sequence_offsets", .f32, [4])) {
      .notIntegers(path: $0, tensor: "sequence_offsets", elementType: .f32)
    },
    Case("floating permutation", set("shuffled.permutation", .f64, [11])) {
      .notIntegers(path: $0, tensor: "shuffled.permutation", elementType: .f64)
    },
    Case("floating tokens", set("tokens", .f32, [11])) {
      .notIntegers(path: $0, tensor: "tokens", elementType: .f32)
    },
    Case("no tokens", set("layers.0.moe_input", .f32, [0, 4])) {
      .empty(path: $0, tensor: "layers.0.moe_input")
    },
    Case("no width", set("layers.0.moe_input", .f32, [11, 0])) {
      .empty(path: $0, tensor: "layers.0.moe_input")
    },
    Case("no experts", set("layers.0.router_logits", .f32, [11, 0])) {
      .empty(path: $0, tensor: "layers.0.router_logits")
    },
    shape("layers.0.moe_input", [44], "one row for each token"),
    shape("layers.0.moe_input", [1, 11, 4], "one row for each token"),
    shape("layers.2.moe_input", [12, 4], "11 x 4, as 'layers.0.moe_input' is"),
    shape("layers.2.moe_input", [11, 5], "11 x 4, as 'layers.0.moe_input' is"),
    shape("layers.0.router_logits", [10, 3], "11 x 3, one row for each of 'layers.0.moe_input'"),
    shape("layers.2.router_logits", [12, 4], "11 x 4, one row for each of 'layers.2.moe_input'"),
    shape("shuffled.layers.0.moe_input", [11, 5], "11 x 4, as 'layers.0.moe_input' is"),
    shape("shuffled.layers.2.moe_input", [10, 4], "11 x 4, as 'layers.2.moe_input' is"),
    shape("tokens", [12], "11, one for each token", .i64),
    shape("tokens", [11, 1], "a list of numbers", .i64),
    shape("shuffled.permutation", [10], "11, one for each token", .i64),
    shape("shuffled.permutation", [11, 1], "a list of numbers", .i64),
    shape("sequence_offsets", [2, 2], "a list of numbers", .i64),
    shape("sequence_offsets", [], "a list of numbers", .i64),
    shape("sequence_offsets", [0], "two numbers or more, the last of them 11", .i64),
    shape("sequence_offsets", [1], "two numbers or more, the last of them 11", .i64),
    Case("hidden size", { $0.attributes["hidden_size"] = "5" }) {
      .wrongHiddenSize(path: $0, hiddenSize: 5, tensor: "layers.0.moe_input", width: 4)
    },
    Case("hidden size in words", { $0.attributes["hidden_size"] = "four" }) {
      .badHiddenSize(path: $0, text: "four")
    },
    Case("hidden size 0", { $0.attributes["hidden_size"] = "0" }) {
      .badHiddenSize(path: $0, text: "0")
    },
  ]

  static func shape(
    _ name: String, _ shape: [Int], _ expected: String, _ type: ElementType = .f32
  ) -> Case {
    Case("\(name) \(shape)", set(name, type, shape)) {
      .wrongShape(path: $0, tensor: name, shape: shape, expected: expected)
    }
  }

  // MARK: Numbers

  static let numbers: [Case] = [
    Case("late start", set("sequence_offsets", [1, 5, 11])) {
      .offsetsStart(path: $0, tensor: "sequence_offsets", value: 1)
    },
    Case("negative start", set("sequence_offsets", [-1, 5, 11], .i32)) {
      .offsetsStart(path: $0, tensor: "sequence_offsets", value: -1)
    },
    Case("empty sequence", set("sequence_offsets", [0, 5, 5, 11])) {
      .offsetsNotAscending(
        path: $0, tensor: "sequence_offsets", place: 2, value: 5, previous: 5)
    },
    Case("descending offsets", set("sequence_offsets", [0, 5, 3, 11], .u8)) {
      .offsetsNotAscending(
        path: $0, tensor: "sequence_offsets", place: 2, value: 3, previous: 5)
    },
    Case("too few tokens", set("sequence_offsets", [0, 5, 10])) {
      .offsetsEnd(path: $0, tensor: "sequence_offsets", value: 10, tokenCount: 11)
    },
    Case("too many tokens", set("sequence_offsets", [0, 5, 12])) {
      .offsetsEnd(path: $0, tensor: "sequence_offsets", value: 12, tokenCount: 11)
    },
    Case("offset beyond 63 bits", set("sequence_offsets", [0, 5, -1], .u64)) {
      .numberTooLarge(path: $0, tensor: "sequence_offsets", place: 2, value: .max)
    },
    Case("global permutation", set("shuffled.permutation", [4, 0, 3, 1, 2, 5, 7, 6, 10, 8, 9])) {
      .permutationOutside(
        path: $0, tensor: "shuffled.permutation", place: 5, value: 5, length: 1)
    },
    Case("negative place", set("shuffled.permutation", [4, 0, 3, -1, 2, 0, 1, 0, 4, 2, 3])) {
      .permutationOutside(
        path: $0, tensor: "shuffled.permutation", place: 3, value: -1, length: 5)
    },
    Case("repeated place", set("shuffled.permutation", [4, 0, 3, 1, 2, 0, 1, 0, 4, 1, 3])) {
      .permutationRepeats(path: $0, tensor: "shuffled.permutation", place: 9, value: 1)
    },
    Case("place beyond 63 bits", set("shuffled.permutation", Array(repeating: -1, count: 11), .u64))
    { .numberTooLarge(path: $0, tensor: "shuffled.permutation", place: 0, value: .max) },
  ]

  @Test(
    "names the tensor and what is wrong with it", arguments: headers + numbers,
    [ToyCapture.Form.safetensors, .hdf5Nested])
  func refused(wrong: Case, form: ToyCapture.Form) throws {
    var toy = ToyCapture()
    wrong.change(&toy)
    let path = try toy.written(as: form, in: folder)
    #expect(throws: wrong.error(path)) { try Capture(path: path) }
  }

  @Test("refuses one name in two spellings")
  func twoSpellings() throws {
    var toy = ToyCapture()
    let input = try #require(toy["layers.0.moe_input"])
    toy.tensors.append(input.named("layers/0/moe_input"))
    let path = try toy.written(in: folder)
    let error = CaptureError.twoSpellings(
      path: path, tensors: ["layers.0.moe_input", "layers/0/moe_input"])
    #expect(throws: error) { try Capture(path: path) }
  }

  @Test("lets other names be, even where they are alike")
  func otherNames() throws {
    var toy = ToyCapture()
    for name in [
      "layers.attention.moe_input", "layers.-.moe_input", "layers.0.moe_output", "layers.0",
      "model.layers.0.moe_input", "shuffled.tokens", "layers..moe_input", "sequence_offsets_2",
    ] {
      toy.tensors.append(ToyTensor(name: name, type: .u8, shape: [2], bytes: [0, 0]))
    }
    let path = try toy.written(in: folder)
    #expect(try Capture(path: path).layers.map(\.index) == [0, 2])
  }
}
