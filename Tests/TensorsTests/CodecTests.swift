import Tensors
import TestSupport
import Testing

/// Checks the codecs that layouts may name.
@Suite struct CodecTests {
  @Test("every codec is found by its name, which no other has")
  func names() {
    for codec in Codecs.all { #expect(Codecs.named(codec.name)?.name == codec.name) }
    #expect(Set(Codecs.all.map(\.name)).count == Codecs.all.count)
    #expect(Codecs.named("no such codec") == nil)
  }

  @Test("plain numbers decode as they are", arguments: [ElementType.f64, .f32, .f16, .bf16])
  func plain(type: ElementType) {
    let values = exactRandomValues(count: 12, seed: 1)
    let tensor = ToyTensor("x", type, [4, 3], values: values)
    let codec = PlainCodec()
    #expect(codec.decodes(type))
    #expect(codec.shapes(ofRows: 4, columns: 3) == [[4, 3]])
    var found = [Float](repeating: .nan, count: 6)
    var space = found.mutableSpan
    let rows = CodedRows(range: 1..<3, rowCount: 4, columnCount: 3, elementType: type)
    let width = type.bitCount / 8
    // Safe: bytes have no padding.
    codec.decode(
      unsafe tensor.bytes.span.bytes.extracting(3 * width..<9 * width), of: rows, into: &space)
    #expect(found == values[3..<9].map { Float($0) })
  }

  @Test("packed types are not plain numbers")
  func packed() {
    for type in ElementType.allCases where !type.isDecodable {
      #expect(!PlainCodec().decodes(type))
    }
  }
}
