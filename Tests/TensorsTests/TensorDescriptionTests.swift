import Tensors
import Testing

/// Checks the contract of `TensorDescription`.
@Suite struct TensorDescriptionTests {
  static func description(shape: [Int], byteCount: Int) -> TensorDescription {
    TensorDescription(
      name: "model.layers.0.weight", elementType: .bf16, shape: shape, byteCount: byteCount)
  }

  @Test("keeps what it is given")
  func keeps() {
    let description = Self.description(shape: [3, 5], byteCount: 30)
    #expect(description.name == "model.layers.0.weight")
    #expect(description.elementType == .bf16)
    #expect(description.shape == [3, 5])
    #expect(description.byteCount == 30)
    #expect(description == Self.description(shape: [3, 5], byteCount: 30))
    #expect(description != Self.description(shape: [5, 3], byteCount: 30))
  }

  @Test(
    "rows are slices along the first axis, one for a scalar",
    arguments: [([], 1), ([7], 7), ([3, 5], 3), ([64, 1408, 2048], 64), ([0, 4], 0)])
  func rowCount(shape: [Int], rows: Int) {
    #expect(Self.description(shape: shape, byteCount: 2 * shape.reduce(1, *)).rowCount == rows)
  }

  @Test(
    "shapes are put in words",
    arguments: [
      ([], "scalar"), ([7], "7"), ([1408, 2048], "1408 x 2048"), ([2, 0, 4], "2 x 0 x 4"),
    ]
  )
  func shapeText(shape: [Int], text: String) {
    #expect(Self.description(shape: shape, byteCount: 2 * shape.reduce(1, *)).shapeText == text)
  }
}
