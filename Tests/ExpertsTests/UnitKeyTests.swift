import Experts
import Testing

/// Checks the names and the order of units.
@Suite struct UnitKeyTests {
  @Test("A folder's name sorts by layer, and tells what is measured")
  func folderNames() {
    #expect(UnitKey(layer: 7, projection: .up).folderName == "layer-007-up_proj")
    #expect(
      UnitKey(layer: 1234, projection: .down, subject: .gradients).folderName
        == "layer-1234-down_proj-gradients")
    #expect(
      UnitKey(layer: 0, projection: nil, subject: .activations).folderName
        == "layer-000-activations")
  }

  @Test("Words name layer, projection and what is measured")
  func words() {
    #expect(UnitKey(layer: 7, projection: .up).text == "layer 7 up_proj")
    #expect(
      UnitKey(layer: 7, projection: .gate, subject: .gradients).text
        == "layer 7 gate_proj gradients")
  }

  @Test("Layers come first, then gate, up and down, and last what is about a layer")
  func order() {
    let sorted = [
      UnitKey(layer: 2, projection: .gate), UnitKey(layer: 2, projection: .up),
      UnitKey(layer: 2, projection: .down), UnitKey(layer: 2, projection: nil),
      UnitKey(layer: 10, projection: .gate),
      UnitKey(layer: 10, projection: .gate, subject: .gradients),
    ]
    #expect(sorted.reversed().sorted() == sorted)
  }
}
