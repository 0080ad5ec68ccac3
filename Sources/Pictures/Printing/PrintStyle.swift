/// How a picture is laid out for a page: as wide as a column, in type of one size.
package struct PrintStyle: Sendable, Hashable {
  /// The width in points, 1/72 inch.
  package let width: Double

  /// The size of all type in points.
  package let fontSize: Double

  /// Whether the title and the sentences around the picture are written, which a caption may say
  /// instead.
  package let hasTitle: Bool

  /// Describes a layout.
  package init(width: Double, fontSize: Double, hasTitle: Bool) {
    self.width = width
    self.fontSize = fontSize
    self.hasTitle = hasTitle
  }

  /// How long a unit of the layout is, in points: all type is as high as labels on a screen are in
  /// pixels.
  var pointsPerUnit: Double { fontSize / Self.type }

  /// The width in units of the layout.
  var unitWidth: Double { width / pointsPerUnit }

  /// The size of type in units of the layout.
  static let type = TypeSize.label
  static let lineHeight = 15.0
  /// A text column has margins of its own.
  static let margin = 2.0
}
