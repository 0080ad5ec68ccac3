import Tensors
import TestSupport
import Testing

/// Checks that rows become single precision at their places.
@Suite struct RowReaderTests {
  @Test("rows go where they are wanted, the rest stays", arguments: [ElementType.f64, .f32, .bf16])
  func places(type: ElementType) throws {
    let values = exactRandomValues(count: 40, seed: 4)
    let tensor = ToyTensor("x", type, [8, 5], values: values)
    var reader = RowReader()
    var found = [Float](repeating: -7, count: 20)
    try reader.read(
      rows: 3..<6, of: tensor.description, in: MemoryFile([tensor]), into: &found, at: 2)
    #expect(found[2..<17].map(Double.init) == Array(values[15..<30]))
    #expect(found[..<2].allSatisfy { $0 == -7 } && found[17...].allSatisfy { $0 == -7 })
  }
}
