import Pictures
import Testing

@Suite struct ColourMapTests {
  static let colours = (0..<ColourMap.stepCount).map(ColourMap.viridis.colour)

  @Test("gets lighter with every step")
  func luminance() {
    for (darker, lighter) in zip(Self.colours, Self.colours.dropFirst()) {
      #expect(darker.luminance <= lighter.luminance + 0.001, "\(darker.hex) \(lighter.hex)")
    }
    for place in stride(from: 0, to: 248, by: 8) {
      #expect(Self.colours[place].luminance < Self.colours[place + 8].luminance)
    }
  }

  @Test("has matplotlib's colours at the ends, in the middle and at a quarter")
  func anchors() {
    // matplotlib 3.11.2, viridis.colors[0], [127], [255] and [65].
    #expect(Self.colours[0].hex == "#440154")
    #expect(Self.colours[255].hex == "#fde725")
    #expect(Self.colours[65].hex == "#3a538b")
    let middle = Self.colours[127]
    #expect(abs(Int(middle.red) - 0x21) <= 1)
    #expect(abs(Int(middle.green) - 0x90) <= 1)
    #expect(abs(Int(middle.blue) - 0x8D) <= 1)
    #expect(ColourMap.viridis.anchors.count >= 32)
  }

  @Test("gives values outside the scale the nearest end")
  func clamping() {
    let map = ColourMap.viridis
    #expect(map.step(of: -1, to: 0.5) == 0)
    #expect(map.step(of: 0, to: 0.5) == 0)
    #expect(map.step(of: 0.25, to: 0.5) == 128)
    #expect(map.step(of: 0.5, to: 0.5) == 255)
    #expect(map.step(of: .infinity, to: 0.5) == 255)
  }

  @Test("ink stands out on every colour, at least 4.5 to 1 (WCAG AA)")
  func ink() {
    for colour in Self.colours {
      let ink = Colour(colour.readableInk == "#ffffff" ? 0xFFFFFF : 0)
      let light = max(ink.luminance, colour.luminance) + 0.05
      let dark = min(ink.luminance, colour.luminance) + 0.05
      #expect(light / dark >= 4.5, "\(colour.readableInk) on \(colour.hex)")
    }
  }
}
