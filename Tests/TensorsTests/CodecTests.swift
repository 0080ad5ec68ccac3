import Tensors
import TestSupport
import Testing

/// Checks that codecs make what other people's programs make of the same bits.
@Suite struct CodecTests {
  @Test("every bit is that of the tool that the fixture names", arguments: CodecFixture.names)
  func fixtures(name: String) throws {
    let fixture = try CodecFixture(named: name)
    let codec = try #require(try fixture.itsPacking.codec(of: fixture.stored))
    let found = fixture.decoded(0..<fixture.rows, with: codec)
    #expect(found.firstDifference(from: fixture.expected) == nil, "\(codec.name), \(fixture.source)")
  }

  @Test("rows decode alone as among others", arguments: CodecFixture.names, [1, 3, 8, 17])
  func chunks(name: String, count: Int) throws {
    let fixture = try CodecFixture(named: name)
    let codec = try #require(try fixture.itsPacking.codec(of: fixture.stored))
    let together = codec.rowsTogether
    let whole = fixture.expected
    func check(_ range: Range<Int>) {
      let expected = whole[range.lowerBound * fixture.columns..<range.upperBound * fixture.columns]
      let difference = fixture.decoded(range, with: codec).firstDifference(from: Array(expected))
      #expect(difference == nil, "\(range)")
    }
    for start in stride(from: 0, to: fixture.rows, by: count * together) {
      check(start..<min(fixture.rows, start + count * together))
    }
    // Rows that end inside of a word.
    if together > 1 { check(together..<together + 1) }
  }

  @Test("rounding gives what the tool gives in 16 bits", arguments: CodecFixture.names)
  func rounded(name: String) throws {
    let fixture = try CodecFixture(named: name)
    guard let rounded = fixture.rounded, let type = ElementType(rawValue: rounded.type) else {
      return
    }
    let found = try #require(try fixture.decoded())
    var bytes = [UInt8](repeating: 0, count: rounded.bytes.count)
    var space = bytes.mutableSpan
    // Safe: bytes have no padding.
    var target = unsafe space.mutableBytes
    encode(found.span, as: type, into: &target)
    var narrow = [Float](repeating: 0, count: found.count)
    var places = narrow.mutableSpan
    // Safe: bytes have no padding.
    decode(unsafe bytes.span.bytes, of: type, into: &places)
    #expect(narrow.firstDifference(from: rounded.bytes.floats(of: type)) == nil)
  }

  @Test("one packing reads a matrix, and that is the one", arguments: CodecFixture.names)
  func onePacking(name: String) throws {
    let fixture = try CodecFixture(named: name)
    // Names tell more of these apart than roles do.
    let alike: Set = ["int8", "LLM.int8", "ModelOpt NVFP4", "compressed-tensors NVFP4"]
    for packing in Packings.all where packing.name != fixture.packing {
      if alike.isSuperset(of: [packing.name, fixture.packing]) { continue }
      let codec = try? packing.codec(of: fixture.stored)
      #expect(codec == nil, "\(packing.name) reads \(fixture.packing)")
    }
  }

  @Test("plain numbers decode as they are", arguments: [ElementType.f64, .f32, .f16, .bf16])
  func plain(type: ElementType) throws {
    let values = exactRandomValues(count: 12, seed: 1)
    let tensor = ToyTensor("x", type, [4, 3], values: values)
    let stored = PackedMatrix(rowCount: 4, columnCount: 3, values: .init(type, [4, 3]))
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

  @Test("packed types are not plain numbers")
  func packed() throws {
    for type in ElementType.allCases where !type.isDecodable {
      let stored = PackedMatrix(rowCount: 4, columnCount: 3, values: .init(type, [4, 3]))
      #expect(try PlainPacking().codec(of: stored) == nil)
    }
  }
}
