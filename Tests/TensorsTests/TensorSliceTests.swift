import Tensors
import Testing

/// Checks which elements a part of a tensor holds, against counting through the tensor.
@Suite struct TensorSliceTests {
  static let shape = [3, 4, 5]

  @Test("holds what its places and its range select, in one piece")
  func elements() {
    for outer in 0..<3 {
      #expect(
        TensorSlice(rows: outer..<3).elements(of: Self.shape) == outer * 20..<60)
      for first in 0..<4 {
        let selected = (0..<60).filter { $0 / 20 == outer && $0 / 5 % 4 >= first }
        let found = TensorSlice(rows: first..<4, leading: [outer]).elements(of: Self.shape)
        #expect(Array(found) == selected)
        let line = TensorSlice(rows: 1..<3, leading: [outer, first]).elements(of: Self.shape)
        #expect(Array(line) == [outer * 20 + first * 5 + 1, outer * 20 + first * 5 + 2])
      }
    }
  }

  @Test("of a scalar is the scalar, and of no rows is empty")
  func edges() {
    #expect(TensorSlice(rows: 0..<1).elements(of: []) == 0..<1)
    #expect(TensorSlice(rows: 2..<2, leading: [1]).elements(of: Self.shape) == 30..<30)
    #expect(TensorSlice(rows: 0..<3).elements(of: [3, 0, 2]) == 0..<0)
    let tensor = TensorDescription(name: "x", elementType: .u8, shape: [7, 2], byteCount: 14)
    #expect(TensorSlice.whole(tensor).elements(of: tensor.shape) == 0..<14)
  }

  @Test("outside the tensor traps")
  func traps() async {
    await #expect(processExitsWith: .failure) {
      _ = TensorSlice(rows: 0..<5, leading: [0]).elements(of: TensorSliceTests.shape)
    }
    await #expect(processExitsWith: .failure) {
      _ = TensorSlice(rows: 0..<1, leading: [3]).elements(of: TensorSliceTests.shape)
    }
    await #expect(processExitsWith: .failure) {
      _ = TensorSlice(rows: 0..<1, leading: [0, 0, 0]).elements(of: TensorSliceTests.shape)
    }
  }
}
