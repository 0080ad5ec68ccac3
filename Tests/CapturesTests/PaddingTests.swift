import Captures
import Tensors
import TestSupport
import Testing

/// Checks which rows of a file are tokens: masks, lengths, rows of zeros and repeated ones.
@Suite struct PaddingTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Three sequences of four rows, layers 0 and 2, padded as a test says.
  static func toy() -> ToyCapture {
    var toy = ToyCapture()
    toy.tensors = [
      integers("sequence_offsets", [0, 4, 8, 12]),
      integers("shuffled.permutation", [0, 1, 2, 3, 3, 2, 1, 0, 1, 0, 3, 2]),
    ]
    for layer in [0, 2] {
      let seed = UInt64(layer) << 8
      toy.tensors += [
        ToyTensor("layers.\(layer).moe_input", .f32, [12, 4], values: rows(seed)),
        ToyTensor("layers.\(layer).router_logits", .f32, [12, 3], seed: seed + 1),
        ToyTensor("shuffled.layers.\(layer).moe_input", .f32, [12, 4], values: rows(seed + 2)),
      ]
    }
    return toy
  }

  /// Twelve rows of four values, each beginning with its own number, so that it can be told.
  static func rows(_ seed: UInt64) -> [Double] {
    var values = exactRandomValues(count: 48, seed: seed)
    for row in 0..<12 { values[4 * row] = Double(row + 1) }
    return values
  }

  /// The numbers of the rows that a capture reads as tokens of every layer, in blocks and chosen.
  static func tokens(of capture: Capture) throws -> [Int] {
    var reader = ActivationReader()
    var found: Set<[Int]> = []
    for layer in capture.layers {
      for matrix in [layer.input, layer.shuffledInput].compactMap(\.self) {
        let count = matrix.rowCount
        #expect(count == capture.tokenCount && layer.routerLogits?.rowCount == count)
        let whole = try reader.read(0..<count, of: matrix)
        let parts = try [0..<count / 2, count / 2..<count].map { try reader.read($0, of: matrix) }
        let chosen = try reader.read(rowsAt: Array(0..<count), of: matrix)
        #expect(parts[0].elements + parts[1].elements == whole.elements)
        #expect(chosen.elements == whole.elements)
        found.insert((0..<count).map { Int(whole[$0, 0]) - 1 })
      }
    }
    return try #require(found.count == 1 ? found.first : nil, "the layers disagree: \(found)")
  }

  /// Padding after the tokens of the first sequence, before those of the last, none in between.
  static let isToken = [1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1]
  static let kept = [0, 1, 4, 5, 6, 7, 11]

  // MARK: Masks

  /// A capture whose padding holds one value, with a mask that has 1 for padding.
  private func inverted(padding: Double) throws -> String {
    var toy = Self.toy()
    for layer in [0, 2] {
      let name = "layers.\(layer).moe_input"
      var values = Self.rows(UInt64(layer) << 8)
      for row in 0..<12 where Self.isToken[row] == 0 {
        for column in 0..<4 { values[4 * row + column] = padding }
      }
      toy[name] = ToyTensor(name, .f32, [12, 4], values: values)
    }
    toy["attention_mask"] = mask(
      Self.isToken.map { 1 - $0 }, [12], .i64, named: "attention_mask")
    return try toy.written(as: .safetensors, named: "inverted-\(padding)", in: folder)
  }

  @Test("a mask with 1 for padding is told, where its rows show that")
  func invertedMask() throws {
    let rows = try Capture(path: inverted(padding: 7)).rows
    #expect(rows.paddingCount == 7 && rows.seemsInverted)
    let path = try inverted(padding: 0)
    let error = #expect(throws: CaptureError.self) { try Capture(path: path) }
    #expect(
      error?.description.hasSuffix(
        "those that 'attention_mask' leaves out look like tokens: it seems to have 1 for padding; a mask has 1 for a token and 0 for padding: write it so"
      ) == true, "\(error?.description ?? "")")
  }

  @Test(
    "a mask of each row or of sequences x rows says what is a token, in either format",
    arguments: ["attention_mask", "mask", "input_mask"],
    [ToyCapture.Form.safetensors, .hdf5Nested])
  func masks(name: String, form: ToyCapture.Form) throws {
    for (shape, type) in [
      ([12], ElementType.i64), ([3, 4], .i32), ([1, 12], .u8), ([3, 4], .bool), ([12], .f32),
      ([3, 4], .bf16),
    ] {
      var toy = Self.toy()
      toy[name] = mask(Self.isToken, shape, type, named: name)
      let path = try toy.written(
        as: form, named: "\(shape.count)\(shape[0])\(type.rawValue)", in: folder)
      let capture = try Capture(path: path)
      #expect(try Self.tokens(of: capture) == Self.kept, "\(shape) \(type.rawValue)")
      #expect(capture.sequences == [0..<2, 2..<6, 6..<7])
      #expect(capture.rows.paddingCount == 5 && capture.rows.storedCount == 12)
      #expect(capture.rows.paddingTensor == name)
      #expect(capture.rows.blankCount == 0 && capture.rows.repeatedCount == 0)
      #expect(!capture.rows.seemsInverted)
    }
  }

  @Test(
    "rows that a mask leaves out may hold anything, NaN too; others are named as they are stored")
  func notANumber() throws {
    var toy = Self.toy()
    toy["attention_mask"] = mask(Self.isToken, [12], .i64)
    var values = Self.rows(0)
    for row in [2, 3, 9] { values[4 * row + 1] = .nan }
    toy["layers.0.moe_input"] = ToyTensor("layers.0.moe_input", .f32, [12, 4], values: values)
    #expect(try Self.tokens(of: Capture(path: toy.written(in: folder))) == Self.kept)
    values[4 * 11 + 2] = .infinity
    toy["layers.0.moe_input"] = ToyTensor("layers.0.moe_input", .f32, [12, 4], values: values)
    let capture = try Capture(path: toy.written(named: "bad", in: folder))
    var reader = ActivationReader()
    let input = try #require(capture.layer(0)?.input)
    let error = CaptureError.notFinite(
      path: capture.path, tensor: "layers.0.moe_input", token: 11, column: 2, isNaN: false,
      elementType: .f32)
    #expect(throws: error) { try reader.read(0..<7, of: input) }
    #expect(throws: error) { try reader.read(rowsAt: [1, 6], of: input) }
  }

  @Test("a mask of rows that the writer has left out already leaves out none")
  func packed() throws {
    var toy = ToyCapture()
    // Sequences of 5, 1 and 5 tokens of 6 places each.
    let places = [5, 1, 5].flatMap { count -> [Int] in (0..<6).map { $0 < count ? 1 : 0 } }
    toy["attention_mask"] = mask(places, [3, 6], .i64)
    let capture = try Capture(path: toy.written(in: folder))
    #expect(capture.tokenCount == 11 && capture.rows.paddingCount == 0)
  }

  @Test("a mask of padding is read in the sense that the rows show, or refused")
  func paddingMask() throws {
    var toy = Self.toy()
    for layer in [0, 2] {
      var values = Self.rows(UInt64(layer) << 8)
      for row in [2, 3, 8, 9, 10] { for c in 0..<4 { values[4 * row + c] = 0 } }
      let name = "layers.\(layer).moe_input"
      toy[name] = ToyTensor(name, .f32, [12, 4], values: values)
    }
    for (name, sense) in [("padding_mask", 1), ("padding_mask", 0), ("key_padding_mask", 0)] {
      var toy = toy
      toy[name] = mask(Self.isToken.map { $0 == sense ? 1 : 0 }, [12], .u8, named: name)
      let capture = try Capture(path: toy.written(named: "\(name)\(sense)", in: folder))
      #expect(try Self.tokens(of: capture) == Self.kept)
      #expect(capture.rows.paddingTensor == name)
    }
    var unclear = Self.toy()
    unclear["padding_mask"] = mask(Self.isToken, [12], .u8, named: "padding_mask")
    let path = try unclear.written(in: folder)
    #expect(throws: CaptureError.maskOfTwoSenses(path: path, tensor: "padding_mask")) {
      try Capture(path: path)
    }
  }

  @Test("a mask that contradicts the rows, or is none, is refused")
  func wrongMask() throws {
    func refusal(_ change: (inout ToyCapture) -> Void) throws -> String? {
      var toy = Self.toy()
      change(&toy)
      let path = try toy.written(in: folder)
      do {
        _ = try Capture(path: path)
        return nil
      } catch let error as CaptureError {
        return error.description.replacing("\(path): ", with: "")
      }
    }
    let expected =
      "expected 12, one for each row, or 3 x 4, as the sequences are; write the whole capture again"
    #expect(
      try refusal { $0["attention_mask"] = mask(Self.isToken + [1], [13], .i64) }
        == "tensor 'attention_mask' is 13, \(expected)")
    // Four by three is the mask of sequences turned round.
    #expect(
      try refusal { $0["attention_mask"] = mask(Self.isToken, [4, 3], .i64) }
        == "tensor 'attention_mask' is 4 x 3, \(expected)")
    #expect(
      try refusal { $0["attention_mask"] = mask(Self.isToken + Self.isToken, [3, 8], .i64) }
        == "tensor 'attention_mask' is 3 x 8, \(expected)")
    #expect(
      try refusal { $0["mask"] = mask([0] + Self.isToken.dropLast().map { $0 - 1 }, [12], .i64) }
        == "tensor 'attention_mask' has -1 at place 3; a mask has 1 for a token and 0 for padding: write it so"
    )
    // What is added to scores: 0 for a token, -infinity for padding.
    let added = Self.isToken.map { $0 == 1 ? 0 : -Double.infinity }
    #expect(
      try refusal { $0["mask"] = ToyTensor("mask", .f32, [12], values: added) }
        == "tensor 'mask' has -inf at place 2; a mask has 1 for a token and 0 for padding: write it so"
    )
    #expect(
      try refusal { $0["mask"] = mask([Int](repeating: 0, count: 12), [12], .bool, named: "mask") }
        == "all 12 rows would be left out: 12 are padding by 'mask'; a mask has 1 for a token and 0 for padding; write it so, or capture again"
    )
  }

  // MARK: Lengths

  @Test("lengths leave out the rows after them; zeros before the tokens turn that round")
  func lengths() throws {
    var toy = Self.toy()
    toy["sequence_lengths"] = integers("sequence_lengths", [2, 4, 1], .i32)
    let capture = try Capture(path: toy.written(in: folder))
    #expect(try Self.tokens(of: capture) == [0, 1, 4, 5, 6, 7, 8])
    #expect(capture.rows.paddingTensor == "sequence_lengths" && capture.rows.paddingCount == 5)

    for layer in [0, 2] {
      var values = Self.rows(UInt64(layer) << 8)
      for row in [0, 1, 8, 9, 10] { for c in 0..<4 { values[4 * row + c] = 0 } }
      let name = "layers.\(layer).moe_input"
      toy[name] = ToyTensor(name, .f32, [12, 4], values: values)
    }
    let left = try Capture(path: toy.written(named: "left", in: folder))
    #expect(try Self.tokens(of: left) == [2, 3, 4, 5, 6, 7, 11])
    #expect(left.sequences == [0..<2, 2..<6, 6..<7])
    toy["sequence_lengths"] = integers("sequence_lengths", [2, 4, 4])
    #expect(
      try Self.tokens(of: Capture(path: toy.written(named: "less", in: folder)))
        == [2, 3, 4, 5, 6, 7, 11])
  }

  @Test("lengths that contradict the rows or the mask are refused")
  func wrongLengths() throws {
    func error(_ lengths: [Int], mask values: [Int]? = nil) throws -> CaptureError? {
      var toy = Self.toy()
      toy["sequence_lengths"] = integers("sequence_lengths", lengths)
      toy["attention_mask"] = values.map { mask($0, [12], .i64) }
      let path = try toy.written(in: folder)
      return #expect(throws: CaptureError.self) { try Capture(path: path) }
    }
    let path = folder.path("capture.safetensors")
    #expect(
      try error([4, 5, 4])
        == .lengthOutside(
          path: path, tensor: "sequence_lengths", sequence: 1, value: 5, rowCount: 4))
    #expect(
      try error([4, 4])
        == .wrongShape(
          path: path, tensor: "sequence_lengths", shape: [2], expected: "3, one for each sequence"))
    #expect(
      try error([2, 4, 2], mask: Self.isToken)
        == .lengthAgainstMask(
          path: path, tensor: "sequence_lengths", sequence: 2, length: 2, mask: "attention_mask",
          count: 1))
    #expect(
      try error([0, 0, 0])
        == .noTokens(
          path: path, rowCount: 12,
          reason:
            "12 are padding by 'sequence_lengths'; a mask has 1 for a token and 0 for padding; write it so, or capture again"
        ))
  }

  @Test("a sequence of padding alone is empty, and keeps its number")
  func emptySequence() throws {
    var toy = Self.toy()
    toy["sequence_lengths"] = integers("sequence_lengths", [4, 0, 4])
    #expect(try Capture(path: toy.written(in: folder)).sequences == [0..<4, 4..<4, 4..<8])
  }

  // MARK: Zeros and repeats

  /// Sets whole rows of matrices to one value.
  func filled(
    _ rows: [Int], with value: Double, in names: [String], of toy: ToyCapture = toy()
  ) throws -> ToyCapture {
    var toy = toy
    for name in names {
      let tensor = try #require(toy[name])
      let width = tensor.description.shape[1]
      var bytes = tensor.bytes
      for place in rows.flatMap({ $0 * width..<($0 + 1) * width }) {
        let bits = Float(value).bitPattern
        for byte in 0..<4 {
          bytes[4 * place + byte] = UInt8(truncatingIfNeeded: bits >> (8 * byte))
        }
      }
      toy[name] = ToyTensor(
        name: name, type: .f32, shape: tensor.description.shape, bytes: bytes)
    }
    return toy
  }

  static let inputs = ["layers.0.moe_input", "layers.2.moe_input"]

  @Test("rows of zeros are no tokens of any layer, whichever has them")
  func zeros() throws {
    for (names, disagrees) in [
      (Self.inputs, nil), (["layers.2.moe_input"], "layers.2.moe_input"),
      (["layers.0.router_logits"], "layers.0.router_logits"),
      (["shuffled.layers.0.moe_input"], "shuffled.layers.0.moe_input"),
    ] {
      let toy = try filled([2, 3, 8, 9, 10], with: names == Self.inputs ? -0.0 : 0, in: names)
      let capture = try Capture(path: toy.written(named: "\(names.count)\(names[0])", in: folder))
      let others = capture.layers.map(\.index).count
      #expect(others == 2)
      #expect(capture.tokenCount == 7, "\(names)")
      #expect(capture.sequences == [0..<2, 2..<6, 6..<7])
      #expect(capture.rows.blankCount == 5 && capture.rows.paddingCount == 0)
      #expect(capture.rows.blankTensor == disagrees)
    }
    // Zeros throughout tell no tokens from padding: the layer is told by what looks at it.
    let zero = try filled(Array(0..<12), with: 0, in: ["layers.2.moe_input"])
    #expect(try Capture(path: zero.written(in: folder)).tokenCount == 12)
    // Without logits every token would go to the first experts.
    let name = "layers.0.router_logits"
    for value in [0, -Double.infinity] {
      let path = try filled(Array(0..<12), with: value, in: [name])
        .written(named: "\(value)", in: folder)
      #expect(throws: CaptureError.noLogits(path: path, tensor: name)) { try Capture(path: path) }
    }
  }

  @Test("logits may be -infinity, but not in a whole row, nor NaN or infinity")
  func barredExperts() throws {
    let name = "layers.0.router_logits"
    var toy = try filled([3, 5], with: -.infinity, in: [name])
    let tensor = try #require(toy[name])
    var bytes = tensor.bytes
    for (byte, value) in [0, 0, 0x80, 0xff].enumerated() { bytes[4 * 4 + byte] = UInt8(value) }
    toy[name] = ToyTensor(name: name, type: .f32, shape: [12, 3], bytes: bytes)
    let capture = try Capture(path: toy.written(in: folder))
    #expect(capture.tokenCount == 10 && capture.rows.blankCount == 2)
    let logits = try #require(capture.layer(0)?.routerLogits)
    var reader = ActivationReader()
    #expect(try reader.read(0..<10, of: logits)[1, 1] == -.infinity)
    for (value, isNaN) in [(Double.nan, true), (.infinity, false)] {
      let bad = try filled([4], with: value, in: [name], of: toy)
      let capture = try Capture(path: bad.written(named: "bad\(isNaN)", in: folder))
      let logits = try #require(capture.layer(0)?.routerLogits)
      let error = CaptureError.notFinite(
        path: capture.path, tensor: name, token: 4, column: 0, isNaN: isNaN, elementType: .f32)
      #expect(throws: error) { try reader.read(0..<10, of: logits) }
    }
    let input = try filled([4], with: -.infinity, in: ["layers.0.moe_input"])
    let other = try Capture(path: input.written(named: "input", in: folder))
    let rows = try #require(other.layer(0)?.input)
    #expect(throws: CaptureError.self) { try reader.read(0..<12, of: rows) }
  }

  @Test("three rows that are the same bit for bit are told; they are left out if that is asked for")
  func repeats() throws {
    let two = try filled([5, 6], with: 3, in: Self.inputs)
    #expect(try Capture(path: two.written(named: "two", in: folder)).rows.repeatedCount == 0)
    let toy = try filled([4, 5, 6, 9, 10, 11], with: 3, in: Self.inputs)
    let path = try toy.written(in: folder)
    let told = try Capture(path: path)
    #expect(told.tokenCount == 12)
    #expect(told.rows.repeatedCount == 6 && !told.rows.dropsRepeats)
    let left = try Capture(path: path, dropsRepeats: true)
    #expect(left.tokenCount == 6)
    #expect(left.sequences == [0..<4, 4..<5, 5..<6])
    #expect(left.rows.repeatedCount == 6 && left.rows.dropsRepeats)
    let same = try filled(Array(0..<12), with: 3, in: ["layers.0.moe_input"])
    let whole = try same.written(named: "whole", in: folder)
    #expect(
      throws: CaptureError.noTokens(
        path: whole, rowCount: 12,
        reason:
          "12 repeat others; leave --drop-repeats out, or capture again")
    ) { try Capture(path: whole, dropsRepeats: true) }
  }

  @Test("what is a token tells captures apart")
  func identity() throws {
    func identity(_ toy: ToyCapture, dropsRepeats: Bool = false) throws -> String {
      try Capture(path: toy.written(in: folder), dropsRepeats: dropsRepeats).identity()
    }
    var masked = Self.toy()
    masked["attention_mask"] = mask(Self.isToken, [12], .i64)
    var other = Self.toy()
    other["attention_mask"] = mask(Self.isToken.reversed(), [12], .i64)
    let repeated = try filled([4, 5, 6], with: 3, in: Self.inputs)
    let all = try [
      identity(Self.toy()), identity(masked), identity(other), identity(repeated),
      identity(repeated, dropsRepeats: true),
    ]
    #expect(Set(all).count == 5)
    #expect(try identity(Self.toy(), dropsRepeats: true) == all[0])
  }
}

/// A mask of numbers as any type.
private func mask(
  _ values: [Int], _ shape: [Int], _ type: ElementType, named name: String = "attention_mask"
) -> ToyTensor {
  if type.isDecodable { return ToyTensor(name, type, shape, values: values.map(Double.init)) }
  let bytes = values.flatMap { value in
    (0..<type.bitCount / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
  return ToyTensor(name: name, type: type, shape: shape, bytes: bytes)
}
