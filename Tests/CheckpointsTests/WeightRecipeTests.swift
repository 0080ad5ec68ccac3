import Checkpoints
import TestSupport
import Tensors
import Testing

/// Carries out recipes that are made up here: other codecs, scales beside the values, rows that do
/// not start at a byte, tensors that are longer than what is read at a time.
@Suite struct WeightRecipeTests {
  /// One byte each, times a scale for every block of 2 x 3.
  struct BlockScaled: Codec {
    let name = "block scaled"
    let companions = [CompanionRole.scales]

    func decode(_ bytes: RawSpan, of rows: CodedRows, into values: inout MutableSpan<Float>) {
      let scales = rows.companions[0]
      for place in 0..<values.count {
        let row = rows.range.lowerBound + place / rows.columnCount
        let block = row / 2 * scales.shape[1] + place % rows.columnCount / 3
        let byte = bytes.byte(at: place)
        values[place] = Float(byte) * Float(scales.bytes[block])
      }
    }
  }

  /// Eight rows of 4-bit integers in each row of I32, the lowest bits first.
  struct PackedDown: Codec {
    let name = "packed down the columns"
    let rowsTogether = 8

    func decode(_ bytes: RawSpan, of rows: CodedRows, into values: inout MutableSpan<Float>) {
      for row in rows.range {
        for column in 0..<rows.columnCount {
          let group = (row - rows.range.lowerBound) / 8
          let byte = bytes.byte(at: (group * rows.columnCount + column) * 4 + row % 8 / 2)
          values[(row - rows.range.lowerBound) * rows.columnCount + column] =
            Float(row % 2 == 0 ? byte & 15 : byte >> 4)
        }
      }
    }
  }

  /// Elements of four bits, rows one after the other without a gap.
  struct FourBits: Codec {
    let name = "four bits"

    func decode(_ bytes: RawSpan, of rows: CodedRows, into values: inout MutableSpan<Float>) {
      for place in 0..<values.count {
        let byte = bytes.byte(at: place / 2)
        values[place] = Float(place % 2 == 0 ? byte & 15 : byte >> 4)
      }
    }
  }

  private func bytes(_ count: Int, _ step: Int = 37) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 + 1) * step) }
  }

  private func weight(
    _ tensors: [ToyTensor], _ rows: Int, _ columns: Int, expert: Int? = nil,
    part: WeightPart? = nil, isTransposed: Bool = false, codec: any Codec = PlainCodec(),
    numberType: ElementType = .f32
  ) -> (weight: Weight, file: MemoryFile) {
    let file = MemoryFile(tensors)
    let weight = Weight(
      rowCount: rows, columnCount: columns,
      sources: file.tensors.map { Weight.Source(file: file, tensor: $0) }, expert: expert,
      part: part, isTransposed: isTransposed,
      numbers: StoredNumbers(codec, valuesOf: file.tensors[0].elementType),
      numberType: numberType)
    return (weight, file)
  }

  @Test("scales of an expert stand beside its values, ragged blocks too")
  func blockScales() throws {
    // Two experts of 10 x 7 outputs and inputs, gate and up fused: 5 x 7 is the second half.
    let values = ToyTensor(name: "x", type: .u8, shape: [2, 10, 7], bytes: bytes(140))
    let scales = ToyTensor(name: "s", type: .u8, shape: [2, 5, 3], bytes: bytes(30, 11))
    let (weight, file) = weight(
      [values, scales], 5, 7, expert: 1, part: .secondHalf, codec: BlockScaled())
    var reader = WeightReader()
    let digest = try reader.readWithDigest(weight)
    for row in 0..<5 {
      for column in 0..<7 {
        let value = values.bytes[70 + (row + 5) * 7 + column]
        let scale = scales.bytes[15 + (row + 5) / 2 * 3 + column / 3]
        #expect(reader.matrix[row, column] == Float(value) * Float(scale))
      }
    }
    #expect(file.reads.contains(TensorSlice(rows: 5..<10, leading: [1])))
    let read = Array(values.bytes[105..<140]) + scales.bytes[15..<30]
    let whole = ToyTensor(name: "y", type: .u8, shape: [50], bytes: read)
    let plain = Weight(file: MemoryFile([whole]), tensor: whole.description)
    #expect(try reader.digest(of: plain) == digest)
    #expect(try reader.digest(of: weight) == digest)
    #expect(weight.byteCount == 35 + 15 / 2)
    #expect(weight.elementType == .f32)
    #expect(weight.storedType == .u8)
    #expect(weight.storage == "block scaled")
  }

  @Test("packed numbers are those of the model's type", arguments: [ElementType.bf16, .f16])
  func rounding(type: ElementType) throws {
    // Products of eight bits each have more bits than either type.
    let values = ToyTensor(name: "x", type: .u8, shape: [10, 7], bytes: bytes(70))
    let scales = ToyTensor(name: "s", type: .u8, shape: [5, 3], bytes: bytes(15, 11))
    let (exact, _) = weight([values, scales], 10, 7, codec: BlockScaled())
    let (rounded, _) = weight([values, scales], 10, 7, codec: BlockScaled(), numberType: type)
    var reader = WeightReader()
    try reader.read(exact)
    // BF16 keeps eight bits of a number, F16 eleven; these are all normal.
    let bits = type == .bf16 ? 8 : 11
    let expected = reader.matrix.elements.map { value in
      let step = Double(sign: .plus, exponent: Int(value.exponent) + 1 - bits, significand: 1)
      return (Double(value) / step).rounded(.toNearestOrEven) * step
    }
    #expect(expected.map { Float($0) } != reader.matrix.elements)
    let stored = ToyTensor("y", type, [10, 7], values: expected)
    #expect(try reader.elements(of: rounded) == stored.bytes)
    #expect(rounded.elementType == type)
    try reader.read(rounded)
    #expect(reader.matrix.elements == expected.map { Float($0) })
  }

  @Test("packed numbers are the same whether they are read as floats or in BF16")
  func packedInBF16() throws {
    let values = ToyTensor(name: "x", type: .u8, shape: [2, 10, 7], bytes: bytes(140))
    let scales = ToyTensor(name: "s", type: .u8, shape: [2, 5, 3], bytes: bytes(30, 11))
    let shares = [
      weight([values, scales], 10, 7, expert: 1, codec: BlockScaled(), numberType: .bf16),
      weight(
        [values, scales], 5, 7, expert: 0, part: .secondHalf, codec: BlockScaled(),
        numberType: .bf16),
      weight(
        [values, scales], 7, 10, expert: 1, isTransposed: true, codec: BlockScaled(),
        numberType: .bf16),
    ]
    var reader = WeightReader()
    for (weight, _) in shares {
      try reader.read(weight)
      #expect(try reader.readBF16WithDigest(weight) == reader.digest(of: weight))
      #expect(reader.bf16Matrix.widened() == reader.matrix)
    }
  }

  @Test("scales that all experts have in common are read whole")
  func sharedScales() throws {
    let values = ToyTensor(name: "x", type: .u8, shape: [3, 4, 6], bytes: bytes(72))
    let scales = ToyTensor(name: "s", type: .u8, shape: [2, 2], bytes: bytes(4, 11))
    let file = MemoryFile([values, scales])
    var shared = Weight.Source(file: file, tensor: file.tensors[1])
    shared.isShared = true
    let weight = Weight(
      rowCount: 4, columnCount: 6,
      sources: [Weight.Source(file: file, tensor: file.tensors[0]), shared], expert: 2,
      numbers: StoredNumbers(BlockScaled(), valuesOf: .u8), numberType: .f32)
    var reader = WeightReader()
    try reader.read(weight)
    #expect(weight.byteCount == 24 + 4)
    for row in 0..<4 {
      for column in 0..<6 {
        let value = Float(values.bytes[48 + row * 6 + column])
        #expect(reader.matrix[row, column] == value * Float(scales.bytes[row / 2 * 2 + column / 3]))
      }
    }
  }

  @Test("rows that are packed eight at a time, transposed, with rows to spare")
  func packedDown() throws {
    // 11 inputs in two slices of eight, 6 outputs.
    let tensor = ToyTensor(name: "x", type: .i32, shape: [2, 6], bytes: bytes(48))
    let (weight, _) = weight([tensor], 6, 11, isTransposed: true, codec: PackedDown())
    var reader = WeightReader()
    try reader.read(weight)
    for input in 0..<11 {
      for output in 0..<6 {
        let byte = tensor.bytes[(input / 8 * 6 + output) * 4 + input % 8 / 2]
        #expect(reader.matrix[output, input] == Float(input % 2 == 0 ? byte & 15 : byte >> 4))
      }
    }
  }

  @Test("rows that do not start at a byte", arguments: [WeightPart.firstHalf, .secondHalf])
  func splitBytes(part: WeightPart) throws {
    // 16 x 3 elements of four bits; the second half starts inside no byte, 5 of 10 rows do.
    for half in [8, 5] {
      let count = 2 * half * 3
      let tensor = ToyTensor(
        name: "x", type: .f4, shape: [2 * half, 3], bytes: bytes(count / 2))
      let (weight, _) = weight([tensor], half, 3, part: part, codec: FourBits())
      var reader = WeightReader()
      try reader.read(weight)
      let first = part == .firstHalf ? 0 : half * 3
      let expected = (first..<first + half * 3).map { place in
        let byte = tensor.bytes[place / 2]
        return Float(place % 2 == 0 ? byte & 15 : byte >> 4)
      }
      #expect(reader.matrix.elements == expected)
    }
  }

  @Test(
    "more than is read at a time, in every arrangement",
    arguments: [nil, WeightPart.firstHalf, .secondHalf, .even, .odd], [false, true])
  func longTensors(part: WeightPart?, isTransposed: Bool) throws {
    // 2 x 300 x 600 of F32 or twice that: several chunks for each expert.
    let (rows, columns) = (300, 600)
    let outputs = part == nil ? rows : 2 * rows
    let shape = isTransposed ? [2, columns, outputs] : [2, outputs, columns]
    let values = exactRandomValues(count: 2 * outputs * columns, seed: 8)
    for type in [ElementType.f32, .f64, .bf16] {
      let tensor = ToyTensor("x", type, shape, values: values)
      let (weight, file) = weight(
        [tensor], rows, columns, expert: 1, part: part, isTransposed: isTransposed)
      var expected: [Float] = []
      for row in 0..<rows {
        let output =
          switch part {
          case nil, .firstHalf: row
          case .secondHalf: rows + row
          case .even: 2 * row
          case .odd: 2 * row + 1
          }
        for column in 0..<columns {
          expected.append(
            Float(
              values[
                isTransposed
                  ? (columns + column) * outputs + output : (outputs + output) * columns + column]))
        }
      }
      var reader = WeightReader()
      try reader.read(weight)
      #expect(reader.matrix.elements == expected)
      #expect(file.reads.allSatisfy { $0.leading == [1] })
      let stored = ToyTensor("y", type, [rows, columns], values: expected.map(Double.init))
      #expect(try reader.elements(of: weight) == stored.bytes)
      #expect(try reader.readWithDigest(weight) == reader.digest(of: weight))
      guard weight.isBF16 else { continue }
      #expect(try reader.readBF16WithDigest(weight) == reader.digest(of: weight))
      #expect(reader.bf16Matrix.rowCount == rows && reader.bf16Matrix.columnCount == columns)
      #expect(reader.bf16Matrix.widened().elements == expected)
    }
  }

  @Test("the digest of a whole tensor is that of its bytes, of a slice that of its rows")
  func digests() throws {
    let tensor = ToyTensor("x", .bf16, [2, 4, 3], seed: 2)
    let file = MemoryFile([tensor])
    var reader = WeightReader()
    let whole = ToyTensor(name: "y", type: .bf16, shape: [4, 3], bytes: Array(tensor.bytes[24...]))
    let alone = Weight(file: MemoryFile([whole]), tensor: whole.description)
    let (slice, _) = weight([tensor], 4, 3, expert: 1)
    #expect(try reader.digest(of: slice) == reader.digest(of: alone))
    // SHA-256 of no bytes: no row, no byte.
    let none = ToyTensor(name: "z", type: .f32, shape: [0, 3], bytes: [])
    #expect(
      try reader.digest(of: Weight(file: MemoryFile([none]), tensor: none.description))
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    let abc = ToyTensor(name: "abc", type: .u8, shape: [3], bytes: Array("abc".utf8))
    #expect(
      try reader.digest(of: Weight(file: MemoryFile([abc]), tensor: abc.description))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(file.reads.isEmpty)
  }

  @Test("a gradient is the same share of a tensor of its own")
  func gradients() throws {
    let tensor = ToyTensor("x", .bf16, [3, 8, 5], seed: 5)
    let gradient = ToyTensor("x", .f32, [3, 8, 5], seed: 6)
    let (weight, _) = weight([tensor], 4, 5, expert: 2, part: .odd)
    let share = weight.share(of: gradient.description, in: MemoryFile([gradient]))
    #expect(share.name == weight.name)
    var reader = WeightReader()
    try reader.read(share)
    let values = exactRandomValues(count: 120, seed: 6).map { Float($0) }
    for row in 0..<4 {
      let start = (2 * 8 + 2 * row + 1) * 5
      #expect(
        Array(reader.matrix.elements[row * 5..<row * 5 + 5]) == Array(values[start..<start + 5]))
    }
  }
}

extension RawSpan {
  /// One of the bytes.
  fileprivate func byte(at offset: Int) -> UInt8 {
    precondition((0..<byteCount).contains(offset))
    // Safe: the offset is within.
    return unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }
}
