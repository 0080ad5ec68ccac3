import Checkpoints
import Experts
import SafetensorsFiles
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks that experts come to lie where the plan says, each by itself, in any order, also where
/// one tensor holds many of them.
@Suite struct MainFilesTests {
  static let shape = [3, 4, 5]
  static let fused = TensorDescription(
    name: "fused", elementType: .f32, shape: shape, byteCount: 240)
  static let single = TensorDescription(
    name: "single", elementType: .bf16, shape: [2, 2], byteCount: 8)

  /// Experts of two rows for each of two units, in turn; and one that has a tensor of its own.
  static let tensors = [
    OutputTensor(
      of: (0..<6).map {
        OutputTensor.Piece(
          unit: $0 % 2, expert: $0 / 2,
          place: MatrixPlace(
            tensor: "fused", rowCount: 2, columnCount: 5, expert: ($0 / 2, 3),
            part: $0 % 2 == 0 ? .firstHalf : .secondHalf))
      }, type: .f32),
    OutputTensor(
      of: [
        OutputTensor.Piece(
          unit: 2, expert: 0, place: MatrixPlace(tensor: "single", rowCount: 2, columnCount: 2))
      ], type: .bf16),
  ]

  /// How gate and up can lie in one tensor.
  struct Layout: CustomTestStringConvertible, Sendable {
    let parts: [WeightPart]
    let isTransposed: Bool
    var testDescription: String { "\(parts[0].rawValue)\(isTransposed ? ", transposed" : "")" }

    /// The number, row after row of a matrix, that stands at a place of an expert's share.
    func number(row: Int, column: Int, outputs: Int, inputs: Int) -> Int {
      let (output, input) = isTransposed ? (column, row) : (row, column)
      let (part, place) =
        parts[0] == .even
        ? (output % 2, output / 2) : (output / outputs, output % outputs)
      return part * outputs * inputs + place * inputs + input
    }
  }

  static let layouts = [[WeightPart.firstHalf, .secondHalf], [.even, .odd]].flatMap { parts in
    [false, true].map { Layout(parts: parts, isTransposed: $0) }
  }

  @Test(
    "Every arrangement of gate and up is filled by its matrices, side by side", arguments: layouts,
    [ElementType.f64, .bf16])
  func arrangements(layout: Layout, type: ElementType) async throws {
    // Long enough that the rows are written in several chunks.
    let (experts, outputs, inputs) = (2, 300, 700)
    let pieces = (0..<2 * experts).map { number in
      OutputTensor.Piece(
        unit: number % 2, expert: number / 2,
        place: MatrixPlace(
          tensor: "fused", rowCount: outputs, columnCount: inputs,
          expert: (number / 2, experts), part: layout.parts[number % 2],
          isTransposed: layout.isTransposed))
    }
    let output = OutputTensor(of: pieces, type: type)
    let shape = layout.isTransposed ? [inputs, 2 * outputs] : [2 * outputs, inputs]
    #expect(output.tensor.shape == [experts] + shape)
    let folder = try TemporaryFolder()
    let files = try MainFiles([[output]], names: ["a.safetensors"], in: folder.path)
    let width = type.bitCount / 8
    /// The bytes of an element: its number, as far as there is room.
    func bytes(_ number: Int) -> [UInt8] {
      (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * ($0 % 4))) }
    }
    let matrices = pieces.map { piece in
      (0..<outputs * inputs).flatMap {
        bytes((piece.expert * 2 + piece.unit) * outputs * inputs + $0)
      }
    }
    try await withThrowingTaskGroup { group in
      for (piece, matrix) in zip(pieces, matrices) {
        group.addTask {
          let span = matrix.span
          // Safe: bytes have no padding.
          try unsafe files.write(span.bytes, unit: piece.unit, expert: piece.expert)
        }
      }
      try await group.waitForAll()
    }
    for (piece, matrix) in zip(pieces, matrices) {
      let digest = try files.digest(unit: piece.unit, expert: piece.expert)
      #expect(try digest == StoredElementsDigest.of(matrix))
    }
    let file = try SafetensorsFile(path: folder.path("a.safetensors"))
    var reader = WeightReader()
    let found = try reader.elements(of: Weight(file: file, tensor: output.tensor))
    var expected: [UInt8] = []
    expected.reserveCapacity(found.count)
    for expert in 0..<experts {
      for row in 0..<shape[0] {
        for column in 0..<shape[1] {
          let number = layout.number(row: row, column: column, outputs: outputs, inputs: inputs)
          expected += bytes(expert * 2 * outputs * inputs + number)
        }
      }
    }
    #expect(found == expected)
  }

  private func write(
    _ bytes: [UInt8], to files: MainFiles, unit: Int, expert: Int
  ) throws {
    let span = bytes.span
    // Safe: bytes have no padding.
    try unsafe files.write(span.bytes, unit: unit, expert: expert)
  }

  @Test("every expert has its own bytes of the tensor that it shares")
  func pieces() throws {
    let folder = try TemporaryFolder()
    let files = try MainFiles(
      [[Self.tensors[0]], [Self.tensors[1]]], names: ["a.safetensors", "b.safetensors"],
      in: folder.path)
    let all = (0..<240).map { UInt8($0) }
    for place in [5, 0, 3, 1, 4, 2] {
      let bytes = Array(all[40 * place..<40 * place + 40])
      try write(bytes, to: files, unit: place % 2, expert: place / 2)
      let digest = try files.digest(unit: place % 2, expert: place / 2)
      #expect(try digest == StoredElementsDigest.of(bytes))
    }
    try write([1, 2, 3, 4, 5, 6, 7, 8], to: files, unit: 2, expert: 0)
    #expect(try files.digest(unit: 2, expert: 1) == nil)
    let fused = try SafetensorsFile(path: folder.path("a.safetensors"))
    var reader = WeightReader()
    #expect(
      try reader.elements(of: Weight(file: fused, tensor: Self.fused)) == all)
    let single = try SafetensorsFile(path: folder.path("b.safetensors"))
    #expect(
      try reader.elements(of: Weight(file: single, tensor: Self.single))
        == [1, 2, 3, 4, 5, 6, 7, 8])
  }

  /// The digest of some bytes, by way of a file in memory.
  private enum StoredElementsDigest {
    static func of(_ bytes: [UInt8]) throws -> String {
      let whole = ToyTensor(name: "x", type: .u8, shape: [bytes.count], bytes: bytes)
      var reader = WeightReader()
      return try reader.digest(of: Weight(file: MemoryFile([whole]), tensor: whole.description))
    }
  }

  @Test("an expert without a place, or of another size, traps")
  func traps() async {
    await #expect(processExitsWith: .failure) {
      let folder = try TemporaryFolder()
      let files = try MainFiles(
        [MainFilesTests.tensors], names: ["a.safetensors"], in: folder.path)
      let bytes = [UInt8](repeating: 0, count: 39)
      try unsafe files.write(bytes.span.bytes, unit: 0, expert: 0)
    }
    await #expect(processExitsWith: .failure) {
      let folder = try TemporaryFolder()
      let files = try MainFiles(
        [MainFilesTests.tensors], names: ["a.safetensors"], in: folder.path)
      let bytes = [UInt8](repeating: 0, count: 40)
      try unsafe files.write(bytes.span.bytes, unit: 0, expert: 3)
    }
  }
}
