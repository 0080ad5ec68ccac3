import SpectralDecoupling
import Tensors
import Testing

/// Checks the bases of a unit as a caller collects them.
@Suite struct CommonBasesTests {
  @Test("keep the bases that they are given")
  func collect() {
    let basis = Matrix<Float>(rowCount: 2, columnCount: 1, elements: [1, 0])
    #expect(CommonBases(left: nil, right: basis).right == basis)
  }

  @Test("of neither side trap")
  func traps() async {
    await #expect(processExitsWith: .failure) {
      _ = CommonBases(left: nil, right: nil)
    }
  }
}
