import Foundation
import Tensors
import TestSupport
import Testing

/// Checks that codecs make what other people's programs make of the same bits.
@Suite struct CodecTests {
  @Test("there are fixtures")
  func present() { #expect(CodecFixture.names.count > 30) }

  @Test("every bit is that of the tool that the fixture names", arguments: CodecFixture.names)
  func fixtures(name: String) throws {
    let fixture = try CodecFixture(named: name)
    let codec = try #require(try fixture.packing.codec(of: fixture.stored))
    let found = fixture.decoded(0..<fixture.rowCount, with: codec)
    let difference = found.firstDifference(from: fixture.expected)
    #expect(difference == nil, "\(codec.name), \(fixture.source)")
  }

  @Test("rows decode alone as among others", arguments: CodecFixture.names, [1, 3, 8, 17])
  func chunks(name: String, count: Int) throws {
    let fixture = try CodecFixture(named: name)
    let codec = try #require(try fixture.packing.codec(of: fixture.stored))
    let together = codec.rowsTogether
    var ranges = stride(from: 0, to: fixture.rowCount, by: count * together).map {
      $0..<min(fixture.rowCount, $0 + count * together)
    }
    // Rows that end inside of a word.
    if together > 1 { ranges.append(together..<together + 1) }
    for range in ranges {
      let found = fixture.decoded(range, with: codec)
      #expect(found.firstDifference(from: fixture.expected(ofRows: range)) == nil, "\(range)")
    }
  }

  @Test("rounding gives what the tool gives in 16 bits", arguments: CodecFixture.names)
  func rounded(name: String) throws {
    let fixture = try CodecFixture(named: name)
    guard let (type, numbers) = fixture.rounded else { return }
    let found = try #require(try fixture.decoded())
    var bytes = [UInt8](repeating: 0, count: found.count * type.bitCount / 8)
    var space = bytes.mutableSpan
    // Safe: bytes have no padding.
    var target = unsafe space.mutableBytes
    encode(found.span, as: type, into: &target)
    var narrow = [Float](repeating: 0, count: found.count)
    var places = narrow.mutableSpan
    // Safe: bytes have no padding.
    decode(unsafe bytes.span.bytes, of: type, into: &places)
    #expect(narrow.firstDifference(from: numbers) == nil)
  }

  @Test("one packing reads a matrix, and that is the one", arguments: CodecFixture.names)
  func onePacking(name: String) throws {
    let fixture = try CodecFixture(named: name)
    // Names tell more of these apart than roles do.
    let alike: Set = ["int8", "LLM.int8", "ModelOpt NVFP4", "compressed-tensors NVFP4"]
    for packing in Packings.all where packing.name != fixture.packing.name {
      if alike.isSuperset(of: [packing.name, fixture.packing.name]) { continue }
      let codec = try? packing.codec(of: fixture.stored)
      #expect(codec == nil, "\(packing.name) reads \(fixture.packing.name)")
    }
  }

  @Test("the version that config.json names tells what zero points are")
  func versions() throws {
    let cases = [
      ("gptq-4-bits", nil), ("gptq-4-bits", "gptq"), ("gptq-4-bits", "auto_round:auto_gptq"),
      ("gptq-v2-order", "GPTQ_V2"), ("gptq-v2-order", "auto_round"),
      ("gptq-v2-order", "auto_round:gptqmodel"), ("awq", "GEMM"), ("awq", "auto_round:auto_awq"),
    ]
    for (name, version) in cases {
      var fixture = try CodecFixture(named: name)
      fixture.notes.method = "auto-round"
      fixture.notes.version = version
      let found = try #require(try fixture.decoded())
      #expect(found.firstDifference(from: fixture.expected) == nil, "\(version ?? "")")
    }
  }

  @Test("the same bits under other types and shapes are the same numbers")
  func descriptions() throws {
    let changes: [(String, (inout CodecFixture) -> Void)] = [
      ("mxfp4-deepseek-v4", { ($0.values.type, $0.values.shape) = (.f4, [24, 96]) }),
      ("mxfp4-deepseek-v4", { $0.values.type = .u8 }),
      ("mxfp4-gpt-oss", { $0.companions[.scales]?.type = .f8E8M0 }),
      ("mxfp8", { $0.companions[.scales]?.type = .u8 }),
      ("fp8-rows", { $0.companions[.scales]?.shape = [24] }),
      ("fp8-columns", { $0.companions[.scales]?.shape = [40] }),
      ("fp8-whole", { $0.companions[.scales]?.shape = [1, 1] }),
      ("fp8-blocks", { $0.notes.block = nil }),
      ("nvfp4-modelopt", { $0.companions[.globalScale]?.shape = [1] }),
      ("int4-groups", { $0.notes.groupSize = 32 }),
      // Groups that follow each other need no order.
      ("gptq-4-bits", { $0.companions[.order] = nil }),
      ("gptq-8-bits", { ($0.companions[.order], $0.notes.groupSize) = (nil, nil) }),
      ("gptq-v2-8-bits", { ($0.companions[.order], $0.notes.groupSize) = (nil, -1) }),
      ("bitsandbytes-nf4", { ($0.values.type, $0.values.shape) = (.bf16, [768, 1]) }),
      (
        "int4-order",
        { fixture in
          guard let order = fixture.companions[.order] else { return }
          let bytes = [UInt8](order.bytes)
          var wide: [UInt8] = []
          for start in stride(from: 0, to: bytes.count, by: 4) {
            wide += bytes[start..<start + 4] + [0, 0, 0, 0]
          }
          let part = CodecFixture.Part(type: .i64, shape: order.shape, bytes: Data(wide))
          fixture.companions[.order] = part
        }
      ),
    ]
    for (name, change) in changes {
      var fixture = try CodecFixture(named: name)
      change(&fixture)
      let found = try #require(try fixture.decoded())
      #expect(found.firstDifference(from: fixture.expected) == nil, "\(name)")
    }
  }

  @Test("zero points of zero borrow from the next, as gptqmodel writes the first version")
  func borrowedZeros() throws {
    for (name, one) in [("gptq-v2-order", UInt32(0x1111_1111)), ("gptq-v2-8-bits", 0x0101_0101)] {
      var fixture = try CodecFixture(named: name)
      fixture.notes.version = "gptq"
      var zeros = try #require(fixture.companions[.zeros])
      let bytes = [UInt8](zeros.bytes)
      zeros.bytes = Data()
      for start in stride(from: 0, to: bytes.count, by: 4) {
        let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) }
        let less = word &- one
        zeros.bytes.append(contentsOf: (0..<4).map { UInt8(truncatingIfNeeded: less >> (8 * $0)) })
      }
      fixture.companions[.zeros] = zeros
      let found = try #require(try fixture.decoded())
      #expect(found.firstDifference(from: fixture.expected) == nil, "\(name)")
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
    let rows = CodedRows(range: 1..<3, columnCount: 3, elementType: type)
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
