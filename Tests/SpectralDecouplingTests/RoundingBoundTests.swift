import LinearAlgebra
import SpectralDecoupling
import Tensors
import Testing

/// Checks the bound on what rounding changes, against rounding itself.
@Suite struct RoundingBoundTests {
  @Test(
    "rounding changes no more than it says, and not far less",
    arguments: [ElementType.f32, .bf16, .f16], [1.0, 1e-3, 1e-7])
  func bound(type: ElementType, scale: Double) {
    let exact = Matrix<Double>.normal(30, 40, scale: scale, seed: 5)
    let rounded = StoredElements(exact.narrowed(), as: type).matrix(rowCount: 30, columnCount: 40)
      .widened()
    let changed = (rounded - exact.narrowed().widened()).norm
    let bound = RoundingBound.norm(of: type, norm: rounded.norm, count: 1200)
    #expect(changed <= bound)
    // Errors are spread evenly within half a unit in the last place, so their root mean square is a
    // third of the bound or more, but of F32, which has nothing to round here.
    if type == .f32 { #expect(changed == 0) } else { #expect(changed >= bound / 8) }
  }
}
