import Foundation
import Tensors
import TestSupport
import Testing

/// Checks that damaged and hostile matrices are refused in words, and never trap.
@Suite struct PackingProblemTests {
  /// What a packing says of a fixture after a change.
  static func problem(
    _ name: String, _ change: (inout CodecFixture) -> Void
  ) throws -> PackingProblem? {
    var fixture = try CodecFixture(named: name)
    change(&fixture)
    do throws(PackingProblem) {
      let codec = try fixture.packing.codec(of: fixture.stored)
      #expect(codec == nil, "\(codec?.name ?? "")")
      return nil
    } catch { return error }
  }

  /// The bytes of a word.
  static func data(_ word: UInt32) -> Data {
    Data((0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) })
  }

  // MARK: Shapes, types, what is missing

  @Test(
    "values of another shape are refused",
    arguments: CodecFixture.names.filter { $0 != "int8-groups" && $0 != "int8-rows-ragged" })
  func valueShape(name: String) throws {
    let expected = try CodecFixture(named: name).values.shape
    let problem = try Self.problem(name) { $0.values.shape[0] += 1 }
    #expect(problem == .wrongShape(nil, expected: expected))
  }

  @Test("the shape tells the number of bits, and config.json only where there are two")
  func bits() throws {
    for name in ["int8-groups", "gptq-8-bits", "gptq-2-bits", "int4-groups"] {
      var fixture = try CodecFixture(named: name)
      for bitCount in [nil, 3, 4, 8, 0, .max] {
        fixture.notes.bitCount = bitCount
        let found = try #require(try fixture.decoded())
        #expect(found.firstDifference(from: fixture.expected) == nil, "\(name)")
      }
    }
    // Three columns take one word, of four bits or of eight.
    let stored = PackedMatrix(
      rowCount: 2, columnCount: 3, values: .init(.i32, [2, 1]),
      companions: [.scales: .init(.f32, [2, 1])])
    #expect(try CompressedIntegersPacking().codec(of: stored)?.name == "int4, a scale for each row")
    var notes = QuantizationNotes()
    notes.bitCount = 8
    let noted = PackedMatrix(
      rowCount: 2, columnCount: 3, values: stored.values, companions: stored.companions,
      notes: notes)
    #expect(try CompressedIntegersPacking().codec(of: noted)?.name == "int8, a scale for each row")
  }

  @Test(
    "blocks and groups in config.json that cannot be are passed over",
    arguments: [[0, 0], [-1, 2], []])
  func blocks(block: [Int]) throws {
    for name in ["fp8-ragged", "mxfp8", "int4-groups", "gptq-4-bits", "awq"] {
      var fixture = try CodecFixture(named: name)
      fixture.notes.block = block
      // A group size that can be counts.
      if name != "int4-groups" { fixture.notes.groupSize = block.first }
      if name == "int4-groups", block.count == 2, block[0] > 0 { fixture.notes.block = nil }
      let found = try #require(try fixture.decoded())
      #expect(found.firstDifference(from: fixture.expected) == nil, "\(name)")
    }
  }

  @Test("what config.json says and the shapes of scales deny is refused, not guessed")
  func contradictions() throws {
    for name in ["int4-groups", "gptq-4-bits", "awq"] {
      var fixture = try CodecFixture(named: name)
      fixture.companions[.order] = nil
      fixture.notes.groupSize = 7
      #expect(throws: PackingProblem.self, "\(name)") { try fixture.decoded() }
    }
    var fixture = try CodecFixture(named: "fp8-blocks")
    fixture.notes.block = [7, 7]
    #expect(throws: PackingProblem.self) { try fixture.decoded() }
  }

  @Test("blocks that would be even or of a usual size are not guessed", arguments: [96, 192])
  func evenOrUsual(columns: Int) throws {
    let stored = PackedMatrix(
      rowCount: 4, columnCount: columns, values: .init(.i32, [4, columns / 8]),
      companions: [.scales: .init(.f32, [4, 2])])
    #expect(
      throws: PackingProblem.unsupported(
        "values with scales for \(columns / 2) or for \(columns == 96 ? 64 : 128), and nothing tells which"
      )
    ) { try CompressedIntegersPacking().codec(of: stored) }
  }

  @Test("orders and zero points that config.json promises must be there")
  func promises() throws {
    var fixture = try CodecFixture(named: "gptq-4-bits")
    fixture.companions[.order] = nil
    fixture.notes.hasOrder = true
    #expect(throws: PackingProblem.missing(.order)) { try fixture.decoded() }
    fixture = try CodecFixture(named: "int4-groups")
    fixture.notes.hasOrder = true
    #expect(throws: PackingProblem.missing(.order)) { try fixture.decoded() }
    fixture.notes.hasOrder = nil
    fixture.notes.hasZeros = true
    #expect(throws: PackingProblem.missing(.zeros)) { try fixture.decoded() }
  }

  @Test("one axis of scales is that of outputs, also where inputs stand first")
  func outputsFirst() throws {
    func name(_ shape: [Int], hasInputsFirst: Bool) throws -> String? {
      try Float8Packing().codec(
        of: PackedMatrix(
          rowCount: 32, columnCount: 32, values: .init(.f8E4M3, [32, 32]),
          companions: [.scales: .init(.f32, shape)], hasInputsFirst: hasInputsFirst))?.name
    }
    for shape in [[32], [32, 1]] {
      #expect(try name(shape, hasInputsFirst: false) == "FP8 E4M3, a scale for each row")
      #expect(try name(shape, hasInputsFirst: true) == "FP8 E4M3, a scale for each column")
    }
    #expect(try name([1, 32], hasInputsFirst: true) == "FP8 E4M3, a scale for each column")
  }

  @Test("GPTQ and AWQ are told apart by their shape where config.json does not")
  func likeNames() throws {
    for name in ["awq", "gptq-4-bits", "gptq-order"] {
      var fixture = try CodecFixture(named: name)
      fixture.notes = QuantizationNotes()
      #expect(try (AWQPacking().codec(of: fixture.stored) != nil) == (name == "awq"))
      #expect(try (GPTQPacking().codec(of: fixture.stored) != nil) == (name != "awq"))
    }
  }

  @Test("scales of another shape are refused, with the shape for the block that counts")
  func scaleShapes() throws {
    let cases: [(String, [Int], [Int])] = [
      ("fp8-blocks", [2, 5], [2, 3]), ("fp8-ragged", [2, 3], [2, 2]),
      ("mxfp4-gpt-oss", [24, 4], [24, 3]), ("mxfp4-deepseek-v4", [3, 24], [24, 3]),
      ("nvfp4-modelopt", [24, 3], [24, 6]), ("nvfp4-compressed-tensors", [1], [24, 6]),
      ("int4-groups", [24, 5], [24, 1]), ("gptq-4-bits", [4, 41], [4, 40]),
      ("awq", [3, 40], [4, 40]), ("bitsandbytes-nf4", [35], [48]),
      ("bitsandbytes-nf4", [48, 1], [48]), ("bitsandbytes-int8", [23], [24]),
    ]
    for (name, shape, expected) in cases {
      let problem = try Self.problem(name) { $0.companions[.scales]?.shape = shape }
      #expect(problem == .wrongShape(.scales, expected: expected), "\(name)")
    }
  }

  @Test("blocks that divide evenly are taken only where config.json gives none")
  func evenBlocks() throws {
    func codec(_ change: (inout QuantizationNotes) -> Void) throws(PackingProblem) -> String? {
      var notes = QuantizationNotes()
      change(&notes)
      let stored = PackedMatrix(
        rowCount: 32, columnCount: 32, values: .init(.f8E4M3, [32, 32]),
        companions: [.scales: .init(.f32, [1, 4])], notes: notes)
      return try Float8Packing().codec(of: stored)?.name
    }
    #expect(try codec { _ in } == "FP8 E4M3, a scale for 32 x 8")
    #expect(try codec { $0.groupSize = -1 } == "FP8 E4M3, a scale for 32 x 8")
    #expect(throws: PackingProblem.wrongShape(.scales, expected: [2, 2])) {
      try codec { $0.block = [16, 16] }
    }
    #expect(throws: PackingProblem.wrongShape(.scales, expected: [32, 2])) {
      try codec { $0.groupSize = 16 }
    }
  }

  @Test("other companions of another shape or type are refused")
  func companions() throws {
    let cases: [(String, CompanionRole, [Int], [Int])] = [
      ("int4-zeros", .zeros, [5, 3], [4, 3]), ("int4-order", .order, [95], [96]),
      ("gptq-order", .order, [63], [64]), ("gptq-4-bits", .zeros, [4, 6], [4, 5]),
      ("awq", .zeros, [5, 5], [4, 5]), ("nvfp4-modelopt", .globalScale, [2], [1]),
      ("int8-plain-zeros", .zeros, [25, 1], [24, 1]),
      ("bitsandbytes-nf4-nested", .scalesOfScales, [5], [2]),
      ("bitsandbytes-nf4-nested", .codebookOfScales, [16], [256]),
      ("bitsandbytes-nf4", .codebook, [15], [16]),
    ]
    for (name, role, shape, expected) in cases {
      let problem = try Self.problem(name) { $0.companions[role]?.shape = shape }
      #expect(problem == .wrongShape(role, expected: expected), "\(name)")
    }
    #expect(
      try Self.problem("fp8-blocks") { $0.companions[.scales]?.type = .i32 }
        == .wrongType(.scales, expected: [.f32, .bf16, .f16, .f8E8M0, .u8]))
    #expect(
      try Self.problem("gptq-4-bits") { $0.companions[.zeros]?.type = .f16 }
        == .wrongType(.zeros, expected: [.i32]))
  }

  @Test("what is missing is named")
  func missing() throws {
    let cases: [(String, CompanionRole)] = [
      ("fp8-blocks", .scales), ("fp8-whole", .scales), ("mxfp4-gpt-oss", .scales),
      ("nvfp4-modelopt", .globalScale), ("nvfp4-compressed-tensors", .globalScale),
      ("int4-groups", .scales), ("gptq-4-bits", .zeros), ("gptq-4-bits", .scales),
      ("awq", .zeros), ("bitsandbytes-nf4", .scales), ("bitsandbytes-nf4-nested", .notes),
    ]
    for (name, role) in cases {
      let problem = try Self.problem(name) { $0.companions[role] = nil }
      #expect(problem == .missing(role), "\(name)")
    }
  }

  @Test("forms that are known and not read are refused in words")
  func unsupported() throws {
    #expect(
      try Self.problem("gptq-4-bits") {
        $0.values.shape = [6, 40]
      } == .unsupported("GPTQ integers of 3 bits"))
    #expect(
      try Self.problem("gptq-4-bits") { $0.notes.version = "marlin" }
        == .unsupported("GPTQ integers in the form of marlin"))
    #expect(
      try Self.problem("awq") { $0.notes.version = "GEMV" }
        == .unsupported("AWQ integers in the form of gemv"))
    #expect(
      try Self.problem("awq") {
        $0.notes.version = nil
        $0.values.shape = [40, 8]
      } == .unsupported("AWQ integers in the form of gemv"))
    #expect(
      try Self.problem("awq") { $0.values.shape = [64, 10] }
        == .unsupported("AWQ integers of 8 bits"))
    #expect(
      try Self.problem("int4-groups") { $0.values.shape = [24, 9] }
        == .unsupported("compressed-tensors integers of 3 bits"))
    #expect(
      try Self.problem("mxfp4-compressed-tensors") { $0.values.shape = [24, 72] }
        == .unsupported("numbers of six bits, MXFP6"))
    for (rows, words) in [(12, "ModelOpt integers of 4 bits"), (6, "BitNet integers of 2 bits")] {
      let problem = try Self.problem("nvfp4-modelopt") {
        $0.values.shape = [rows, 96]
        $0.companions[.scales]?.type = .bf16
      }
      #expect(problem == .unsupported(words))
    }
    #expect(
      try Self.problem("bitsandbytes-nf4-odd") {
        ($0.rowCount, $0.columnCount, $0.values.shape) = (3, 3, [5, 1])
      } == .unsupported("an odd number of values, two in each byte"))
    #expect(
      try Self.problem("bitsandbytes-nf4-odd") { $0.rowCount = .max }
        == .unsupported("a matrix of more numbers than there can be"))
  }

  // MARK: What only bytes tell

  @Test(
    "inputs whose group is not there become NaN, and no others",
    arguments: ["gptq-order", "int4-order"])
  func lostGroup(name: String) throws {
    for group in [Int32(1000), -5, .min, .max] {
      var fixture = try CodecFixture(named: name)
      fixture.companions[.order]?.bytes.replaceSubrange(
        4 * 7..<4 * 8, with: Self.data(UInt32(bitPattern: group)))
      let found = try #require(try fixture.decoded())
      for (place, (number, expected)) in zip(found, fixture.expected).enumerated() {
        let input = name == "gptq-order" ? place / fixture.columnCount : place % fixture.columnCount
        #expect(input == 7 ? number.isNaN : number.bitPattern == expected.bitPattern)
      }
    }
  }

  @Test("an order of -1 is none")
  func noOrder() throws {
    var fixture = try CodecFixture(named: "int4-zeros")
    let width = 4 * fixture.columnCount
    fixture.companions[.order] = .init(
      type: .i32, shape: [fixture.columnCount], bytes: Data(repeating: 255, count: width))
    let found = try #require(try fixture.decoded())
    #expect(found.firstDifference(from: fixture.expected) == nil)
  }

  @Test("scales that are no numbers go into their numbers")
  func strangeScales() throws {
    var fixture = try CodecFixture(named: "fp8-e4m3-cast")
    for scale in [Float.nan, .infinity, -.infinity] {
      fixture.companions[.scales] = .init(
        type: .f32, shape: [], bytes: Self.data(scale.bitPattern))
      let found = try #require(try fixture.decoded())
      let expected = fixture.expected.map { $0 * scale }
      #expect(found.firstDifference(from: expected) == nil)
    }
  }

  @Test(
    "a power of 255 makes its block NaN",
    arguments: ["mxfp4-gpt-oss", "mxfp4-deepseek-v4", "mxfp8"])
  func noPower(name: String) throws {
    var fixture = try CodecFixture(named: name)
    fixture.companions[.scales]?.bytes[1] = 255
    let found = try #require(try fixture.decoded())
    for (place, (number, expected)) in zip(found, fixture.expected).enumerated() {
      let isMarked = (32..<64).contains(place)
      #expect(isMarked ? number.isNaN : expected.isNaN || number.bitPattern == expected.bitPattern)
    }
  }

  @Test("an arrangement of LLM.int8 that is not rows makes all numbers NaN")
  func arrangement() throws {
    var fixture = try CodecFixture(named: "bitsandbytes-int8")
    fixture.companions[.notes]?.bytes = Data([1])
    #expect(try #require(try fixture.decoded()).allSatisfy(\.isNaN))
  }

  @Test(
    "an offset that cannot be read makes all numbers NaN",
    arguments: ["", "{}", "{\"nested_offset\": }", "{\"nested_offset\": NaN}", "\u{0}\u{ffff}"])
  func offset(notes: String) throws {
    var fixture = try CodecFixture(named: "bitsandbytes-nf4-nested")
    fixture.companions[.notes]?.bytes = Data(notes.utf8)
    #expect(try #require(try fixture.decoded()).allSatisfy(\.isNaN))
  }

  @Test("FP8 without scales is as stored, but not where config.json names a way of quantising")
  func plainFloat8() throws {
    #expect(try Self.problem("fp8-e4m3-cast") { $0.notes.method = "fp8" } == .missing(.scales))
    #expect(
      try Self.problem("fp8-e5m2-cast") { $0.notes.method = "compressed-tensors" }
        == .missing(.scales))
  }

  // MARK: Anything at all

  static let matrices = CodecFixture.names.compactMap { try? CodecFixture(named: $0).stored }

  @Test(
    "no change of shapes, types and notes traps, and what is read decodes",
    arguments: UInt64(1)...8)
  func anything(seed: UInt64) {
    var random = Random(seed: seed)
    var decodedCount = 0
    for _ in 0..<400 {
      let stored = changed(Self.matrices[random.below(Self.matrices.count)], &random)
      for packing in Packings.all {
        guard let codec = try? packing.codec(of: stored) else { continue }
        if decode(stored, with: codec, &random) { decodedCount += 1 }
      }
    }
    // Not everything is refused.
    #expect(decodedCount > 20)
  }

  /// The same matrix but for one to three changes.
  private func changed(_ stored: PackedMatrix, _ random: inout Random) -> PackedMatrix {
    var (rows, columns) = (stored.rowCount, stored.columnCount)
    var (values, companions, notes) = (stored.values, stored.companions, stored.notes)
    func length(_ old: Int) -> Int {
      let lengths = [
        0, 1, min(old, 1 << 60) + 1, min(old, 1 << 60) * 2, old / 2, rows, columns, rows / 8,
        columns / 8, columns / 32, 1 << 40,
        .max,
      ]
      return lengths[random.below(lengths.count)]
    }
    func change(_ part: PackedMatrix.Part) -> PackedMatrix.Part {
      var shape = part.shape
      switch random.below(4) {
      case 0:
        let types = ElementType.allCases
        return .init(types[random.below(types.count)], shape)
      case 1: shape.append(length(1))
      case 2 where !shape.isEmpty: shape.removeLast()
      default: if let last = shape.indices.last { shape[last] = length(shape[last]) }
      }
      return .init(part.elementType, shape)
    }
    for _ in 0...random.below(3) {
      switch random.below(9) {
      case 0: rows = length(rows)
      case 1: columns = length(columns)
      case 2: values = change(values)
      case 3, 4:
        let roles = CompanionRole.allCases
        let role = roles[random.below(roles.count)]
        companions[role] = random.below(3) == 0 ? nil : change(companions[role] ?? values)
      case 5: notes.method = [nil, "gptq", "awq", "fp8"][random.below(4)]
      case 6: notes.bitCount = [nil, 2, 4, 8, 0, -1, .max][random.below(7)]
      case 7: notes.groupSize = [nil, 32, 7, -1, 0, .max][random.below(6)]
      default:
        let blocks = [nil, [128, 128], [7, 9], [0, 0], [1], [.max, .max], [-1, 2]]
        notes.block = blocks[random.below(blocks.count)]
      }
    }
    return PackedMatrix(
      rowCount: rows, columnCount: columns, values: values, companions: companions, notes: notes)
  }

  /// Decodes a matrix of random bits, unless there are too many.
  private func decode(
    _ stored: PackedMatrix, with codec: any Codec, _ random: inout Random
  ) -> Bool {
    let values = codec.valuesAs ?? stored.values
    func bytes(_ part: PackedMatrix.Part) -> [UInt8]? {
      var bits = part.elementType.bitCount
      for length in part.shape {
        let (product, overflow) = bits.multipliedReportingOverflow(by: length)
        guard !overflow, product <= 1 << 20 else { return nil }
        bits = product
      }
      return (0..<bits / 8).map { _ in UInt8(random.below(256)) }
    }
    guard let data = bytes(values) else { return false }
    let (count, overflow) = stored.rowCount.multipliedReportingOverflow(by: stored.columnCount)
    guard !overflow, count < 1 << 18 else { return false }
    var companions: [CodedRows.Companion] = []
    for role in codec.companions {
      guard let part = stored.companions[role], let data = bytes(part) else { return false }
      companions.append(.init(elementType: part.elementType, shape: part.shape, bytes: data))
    }
    let coded = CodedRows(
      range: 0..<stored.rowCount, columnCount: stored.columnCount, elementType: values.elementType,
      companions: companions)
    var numbers = [Float](repeating: 0, count: count)
    var space = numbers.mutableSpan
    // Safe: bytes have no padding.
    codec.decode(unsafe data.span.bytes, of: coded, into: &space)
    return true
  }
}

/// Numbers that a seed tells.
private struct Random {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

  /// A number from 0 on.
  mutating func below(_ limit: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state >> 33) % limit
  }
}
