/// A picture of findings, ready to be written to a file.
public struct Figure: Sendable, Hashable {
  /// The file's name without `.svg`: the table, the layer, the projection, and the side where there
  /// is one.
  ///
  /// It holds ASCII letters, digits and `-_.` only; any other byte of a projection's name stands as
  /// `~` and two hexadecimal digits. Two different units never share a name.
  public let name: String

  /// The picture, a whole SVG document without an XML declaration.
  public let svg: String

  /// Makes a figure.
  public init(name: String, svg: String) {
    self.name = name
    self.svg = svg
  }
}
