/// A whole SVG picture: its size, the words for screen readers, a white ground and what is drawn on
/// it.
package struct SVGDocument: Sendable {
  /// The width in pixels.
  package let width: Double

  /// The height in pixels.
  package let height: Double

  /// How long a pixel is in print, in points; nil in a picture for a screen.
  package var pointsPerPixel: Double?

  /// The picture's name for screen readers.
  package let title: String

  /// What the picture shows, for screen readers.
  package let description: String

  /// The elements, drawn in this order.
  package let elements: [SVGElement]

  /// Describes a picture.
  package init(
    width: Double, height: Double, pointsPerPixel: Double? = nil, title: String,
    description: String, elements: [SVGElement]
  ) {
    self.width = width
    self.height = height
    self.pointsPerPixel = pointsPerPixel
    self.title = title
    self.description = description
    self.elements = elements
  }

  /// The document as text.
  ///
  /// It has neither an XML declaration nor any `id` that differs between pictures, so that it can
  /// stand in a file of its own or, many at once, inside an HTML page.
  package var markup: String {
    var markup = ""
    let ground = SVGElement(
      "rect", ["width": .number(width), "height": .number(height), "fill": "#ffffff"])
    SVGElement(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "width": length(width), "height": length(height),
        "viewBox": .text(
          "0 0 \(trimmedText(width, places: 2)) \(trimmedText(height, places: 2))"),
        "role": "img", "font-family": .text(fonts),
      ],
      children: [
        SVGElement("title", words: title), SVGElement("desc", words: description), ground,
      ] + elements
    ).write(to: &markup)
    return markup
  }

  private func length(_ pixels: Double) -> SVGElement.Value {
    guard let pointsPerPixel else { return .number(pixels) }
    return .text(trimmedText(pixels * pointsPerPixel, places: 2) + "pt")
  }

  /// On a screen the font of the system; in print one that every renderer finds, and by whose
  /// widths the layout is made.
  private var fonts: String {
    pointsPerPixel == nil
      ? "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
      : "'DejaVu Sans', sans-serif"
  }
}
