/// A run of colours for values from 0 to 1, in 256 steps.
package struct ColourMap: Sendable {
  /// The number of colours that a picture can show.
  package static let stepCount = 256

  /// The colours at equal distances from 0 to 1.
  package let anchors: [Colour]

  /// The step that a value between two ends falls on; what lies outside takes the nearest end.
  package func step(of value: Double, from start: Double = 0, to end: Double) -> Int {
    let share = min(max((value - start) / (end - start), 0), 1)
    return Int((share * Double(Self.stepCount - 1)).rounded())
  }

  /// The colour of a step.
  ///
  /// - Precondition: The step is in `0..<ColourMap.stepCount`.
  package func colour(ofStep step: Int) -> Colour {
    precondition((0..<Self.stepCount).contains(step), "a colour map has \(Self.stepCount) steps")
    let place = Double(step) / Double(Self.stepCount - 1) * Double(anchors.count - 1)
    let lower = min(Int(place), anchors.count - 2)
    return Colour(
      between: anchors[lower], and: anchors[lower + 1], at: place - Double(lower))
  }
}

extension ColourMap {
  /// Viridis: perceptually uniform, its lightness rises steadily, and readable for the colour-blind
  /// and in print.
  ///
  /// Source: every fifth of the 256 colours of `viridis` in matplotlib 3.11.2, made by Nathaniel J.
  /// Smith, Stefan van der Walt and Eric Firing, and released under CC0.
  package static let viridis = ColourMap(
    anchors: [
      0x440154, 0x46085C, 0x471063, 0x481769, 0x481D6F, 0x482475, 0x472A7A, 0x46307E,
      0x453781, 0x433D84, 0x414287, 0x3F4889, 0x3D4E8A, 0x3A538B, 0x38598C, 0x355E8D,
      0x33638D, 0x31688E, 0x2E6D8E, 0x2C718E, 0x2A768E, 0x297B8E, 0x27808E, 0x25848E,
      0x23898E, 0x218E8D, 0x20928C, 0x1F978B, 0x1E9C89, 0x1FA188, 0x21A585, 0x24AA83,
      0x28AE80, 0x2EB37C, 0x35B779, 0x3DBC74, 0x46C06F, 0x50C46A, 0x5AC864, 0x65CB5E,
      0x70CF57, 0x7CD250, 0x89D548, 0x95D840, 0xA2DA37, 0xB0DD2F, 0xBDDF26, 0xCAE11F,
      0xD8E219, 0xE5E419, 0xF1E51D, 0xFDE725,
    ].map { Colour($0) })

  /// From blue over near white to red, for what lies below and above 0; readable for the
  /// colour-blind.
  ///
  /// Source: the eleven classes of `RdBu` of ColorBrewer 2.0 by Cynthia A. Brewer, Pennsylvania State
  /// University, under the Apache License 2.0; in the opposite order.
  package static let redBlue = ColourMap(
    anchors: [
      0x053061, 0x2166AC, 0x4393C3, 0x92C5DE, 0xD1E5F0, 0xF7F7F7, 0xFDDBC7, 0xF4A582, 0xD6604D,
      0xB2182B, 0x67001F,
    ].map { Colour($0) })
}
