import SpectralDecoupling
import Tensors
import Testing

@Suite struct CommonBasesTests {
  @Test("keep the bases that they are given")
  func collect() {
    let basis = Matrix<Float>(rowCount: 2, columnCount: 1, elements: [1, 0])
    #expect(CommonBases(left: nil, right: basis).right == basis)
  }
}
