import Foundation
import SafetensorsFiles
import Tensors
import TestSupport
import Testing

/// Checks the contract of `GGUFBlocks`.
@Suite struct GGUFBlocksTests {
  /// The block types that are read.
  static let types: [ElementType] = [
    .q4Zero, .q4One, .q5Zero, .q5One, .q8Zero, .q2K, .q3K, .q4K, .q5K, .q6K, .iq4NL, .iq4XS,
    .mxfp4,
  ]

  @Test("numbers are those of the PyPI package gguf, bit for bit", arguments: types)
  func reference(type: ElementType) throws {
    let file = try SafetensorsFile(path: Fixture.url("gguf/blocks.safetensors").path)
    let stored = try #require(file.tensors.first { $0.name == "\(type.rawValue).blocks" })
    let numbers = try #require(file.tensors.first { $0.name == "\(type.rawValue).numbers" })
    let bytes = try allBytes(of: stored, in: file)
    let expected = try allBytes(of: numbers, in: file)
    let (rows, columns) = (numbers.shape[0], numbers.shape[1])
    let shape = [rows, columns / type.numberCount]
    let codec = try #require(
      try GGUFBlocks().codec(
        of: PackedMatrix(
          rowCount: rows, columnCount: columns, values: PackedMatrix.Part(type, shape))))
    for range in [0..<rows, 1..<rows] {
      let rowBytes = bytes.count / rows
      var values = [Float](repeating: .nan, count: range.count * columns)
      var space = values.mutableSpan
      // Safe: bytes have no padding.
      let part = unsafe bytes.span.bytes.extracting(
        range.lowerBound * rowBytes..<range.upperBound * rowBytes)
      codec.decode(
        part,
        of: CodedRows(range: range, columnCount: columns, elementType: type),
        into: &space)
      let found = values.flatMap { littleEndian($0.bitPattern) }
      #expect(found == Array(expected[(range.lowerBound * columns * 4)...]))
    }
    #expect(codec.companions.isEmpty && codec.rowsTogether == 1)
    #expect(codec.name == "GGUF \(type.rawValue), blocks of \(type.numberCount)")
  }

  private func allBytes(of tensor: TensorDescription, in file: SafetensorsFile) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
    var space = bytes.mutableSpan
    // Safe: bytes have no padding, and take any value.
    var target = unsafe space.mutableBytes
    try file.read(rows: 0..<tensor.rowCount, of: tensor, into: &target)
    return bytes
  }

  @Test("plain numbers are of no block")
  func plain() throws {
    let matrix = PackedMatrix(
      rowCount: 2, columnCount: 32, values: PackedMatrix.Part(.f32, [2, 32]))
    #expect(try GGUFBlocks().codec(of: matrix) == nil)
  }

  @Test("other shapes are told", arguments: [([2, 2], 32, 1), ([2, 1], 48, 2), ([3, 1], 32, 1)])
  func shapes(shape: [Int], columns: Int, blocks: Int) {
    let matrix = PackedMatrix(
      rowCount: 2, columnCount: columns, values: PackedMatrix.Part(.q8Zero, shape))
    #expect(throws: PackingProblem.wrongShape(nil, expected: [2, blocks])) {
      try GGUFBlocks().codec(of: matrix)
    }
  }

  @Test(
    "blocks that are not read are told by name",
    arguments: ElementType.allCases.filter { $0.isBlock && !types.contains($0) })
  func unsupported(type: ElementType) {
    let matrix = PackedMatrix(
      rowCount: 1, columnCount: type.numberCount, values: PackedMatrix.Part(type, [1, 1]))
    let problem = PackingProblem.unsupported(
      "blocks of \(type.rawValue)",
      advice: """
        quantise the model as one of Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, \
        IQ4_NL, IQ4_XS, MXFP4
        """)
    #expect(throws: problem) { try GGUFBlocks().codec(of: matrix) }
  }
}
