import Tensors
import TestSupport
import Testing

/// Checks how parts of tensors are cut into chunks, against the tensors' own bytes.
@Suite struct ChunkReaderTests {
  static let cube = ToyTensor("cube", .bf16, [3, 10, 4], seed: 3)

  private func chunks(
    of tensor: ToyTensor, _ slice: TensorSlice, byteLimit: Int
  ) throws -> [(bytes: [UInt8], rows: Range<Int>)] {
    var reader = ChunkReader(byteLimit: byteLimit)
    var found: [(bytes: [UInt8], rows: Range<Int>)] = []
    try reader.forEachChunk(of: slice, of: tensor.description, in: MemoryFile([tensor])) {
      bytes, rows in
      // Safe: every place is one of the bytes.
      let all = (0..<bytes.byteCount).map {
        unsafe bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self)
      }
      found.append((all, rows))
    }
    return found
  }

  @Test(
    "chunks follow each other, none above the limit unless a row is", arguments: [1, 8, 20, 64])
  func limits(byteLimit: Int) throws {
    let found = try chunks(
      of: Self.cube, TensorSlice(rows: 2..<9, leading: [1]), byteLimit: byteLimit)
    let expected = Array(Self.cube.bytes[(10 + 2) * 8..<(10 + 9) * 8])
    #expect(found.flatMap(\.bytes) == expected)
    #expect(found.flatMap { Array($0.rows) } == Array(2..<9))
    let rowsAtOnce = max(1, byteLimit / 8)
    #expect(found.dropLast().allSatisfy { $0.rows.count == rowsAtOnce })
    #expect(found.allSatisfy { $0.bytes.count == 8 * $0.rows.count })
  }

  @Test("chunks start at bytes where rows do not")
  func packed() throws {
    // Rows of three elements of four bits: every second one starts inside a byte.
    let tensor = ToyTensor(name: "x", type: .f4, shape: [6, 3], bytes: Array(1...9))
    let found = try chunks(of: tensor, .whole(tensor.description), byteLimit: 1)
    #expect(found.map(\.bytes) == [[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    #expect(found.map(\.rows) == [0..<2, 2..<4, 4..<6])
  }

  @Test("nothing is read of what holds nothing")
  func empty() throws {
    #expect(try chunks(of: Self.cube, TensorSlice(rows: 1..<1), byteLimit: 64).isEmpty)
    let none = ToyTensor(name: "x", type: .f32, shape: [3, 0], bytes: [])
    #expect(try chunks(of: none, .whole(none.description), byteLimit: 64).isEmpty)
  }
}
