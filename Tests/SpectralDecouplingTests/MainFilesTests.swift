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
      tensor: fused,
      content: .experts(
        (0..<6).map {
          OutputTensor.Piece(unit: $0 % 2, expert: $0 / 2, offset: 40 * $0, byteCount: 40)
        })),
    OutputTensor(
      tensor: single,
      content: .experts([OutputTensor.Piece(unit: 2, expert: 0, offset: 0, byteCount: 8)])),
  ]

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
      let whole = ToyTensor(name: "x", type: .u8, shape: [40], bytes: bytes)
      var reader = WeightReader()
      #expect(
        try files.digest(unit: place % 2, expert: place / 2)
          == reader.digest(
            of: Weight(file: MemoryFile([whole]), tensor: whole.description)))
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
