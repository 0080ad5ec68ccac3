import Tensors
import TestSupport
import Testing

/// Checks the packings that there are, and plain numbers.
@Suite struct CodecTests {
  @Test("no two packings have one name")
  func names() {
    #expect(Set(Packings.all.map(\.name)).count == Packings.all.count)
  }

  @Test("plain numbers decode as they are", arguments: [ElementType.f64, .f32, .f16, .bf16])
  func plain(type: ElementType) throws {
    let values = exactRandomValues(count: 12, seed: 1)
    let tensor = ToyTensor("x", type, [4, 3], values: values)
    let stored = PackedMatrix(
      rowCount: 4, columnCount: 3, values: PackedMatrix.Part(type, [4, 3]))
    let codec = try #require(try PlainPacking().codec(of: stored))
    var found = [Float](repeating: .nan, count: 6)
    var space = found.mutableSpan
    let rows = CodedRows(range: 1..<3, rowCount: 4, columnCount: 3, elementType: type)
    let width = type.bitCount / 8
    // Safe: bytes have no padding.
    codec.decode(
      unsafe tensor.bytes.span.bytes.extracting(3 * width..<9 * width), of: rows, into: &space)
    #expect(found == values[3..<9].map { Float($0) })
  }

  @Test("packed types are not plain numbers, and another shape is told")
  func packed() throws {
    for type in ElementType.allCases where !type.isDecodable {
      let stored = PackedMatrix(
        rowCount: 2, columnCount: 3, values: PackedMatrix.Part(type, [2, 3]))
      #expect(try PlainPacking().codec(of: stored) == nil)
    }
    let stored = PackedMatrix(
      rowCount: 2, columnCount: 3, values: PackedMatrix.Part(.f32, [3, 2]))
    #expect(throws: PackingProblem.wrongShape(nil, expected: [2, 3])) {
      try PlainPacking().codec(of: stored)
    }
  }

  @Test("names follow from the plain one")
  func endings() {
    let ending = NameEnding(".qweight", insteadOf: ".weight")
    #expect(ending.name(of: "a.weight") == "a.qweight")
    #expect(ending.name(of: "a.gate_up_proj") == nil)
    #expect(NameEnding(adding: "_scale").name(of: "a.weight") == "a.weight_scale")
    #expect(NameEnding.same.name(of: "a.weight") == "a.weight")
  }

  @Test("numbers are rounded as they are stored", arguments: [ElementType.f32, .f16, .bf16, .f64])
  func rounding(type: ElementType) {
    var values: [Float] = [
      0, -0, 1, 1.001, 65_519, 65_520, 1e-8, 6e-8, -3e-5, .infinity, -.infinity, 3.4e38, 0x1p-140,
      .pi, 1.003_906_25, 1.011_718_75,
    ]
    var bytes = [UInt8](repeating: 0, count: values.count * type.bitCount / 8)
    var space = bytes.mutableSpan
    // Safe: bytes have no padding, and take any value.
    var target = unsafe space.mutableBytes
    encode(values.span, as: type, into: &target)
    var expected = values
    var decoded = expected.mutableSpan
    // Safe: bytes have no padding.
    decode(unsafe bytes.span.bytes, of: type, into: &decoded)
    var rounded = values.mutableSpan
    round(&rounded, to: type)
    #expect(values.map(\.bitPattern) == expected.map(\.bitPattern))
  }
}
