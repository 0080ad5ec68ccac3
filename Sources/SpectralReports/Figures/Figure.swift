internal import Experts
internal import Findings
internal import Pictures

/// A picture of findings, ready to be written to a file or to stand in a page.
public struct Figure: Sendable {
  /// The file's name without `.svg`: the table, the layer, the projection, and the side where there
  /// is one.
  ///
  /// Two different units never share a name.
  public let name: String

  /// The name of the table whose numbers are drawn.
  public let table: String

  /// What is drawn.
  let picture: Picture

  /// The picture, a whole SVG document without an XML declaration.
  ///
  /// - Complexity: It is drawn whenever it is asked for.
  public var svg: String { picture.svg }
}

extension Figure: Equatable {
  /// Whether two figures have the same name and the same picture.
  ///
  /// - Complexity: Both are drawn.
  public static func == (first: Figure, second: Figure) -> Bool {
    first.name == second.name && first.table == second.table && first.svg == second.svg
  }
}

extension Table {
  /// Draws a figure for each unit that the table has, in their order.
  ///
  /// - Parameters:
  ///   - name: How the names of the figures begin; as the table where it is left out.
  ///   - side: The side that is drawn, where the table has sides.
  ///   - largestLayer: The largest layer of the run; that of the table when left out.
  ///   - isWanted: Whether a row is drawn.
  ///   - picture: Draws the rows of a unit, under a title that begins with the given words.
  /// - Returns: One figure for each unit, named by the table, the unit and the side.
  func figures(
    named name: String? = nil, side: Side? = nil, largestLayer: Int?,
    where isWanted: (Int) -> Bool = { _ in true },
    picture: (_ unit: UnitKey, _ title: String, _ rows: [Int]) -> Picture
  ) -> [Figure] {
    let largestLayer = largestLayer ?? self[Columns.layer].max() ?? 0
    return rowsByUnit(where: isWanted).map { unit, rows in
      Figure(
        name: unit.figureName(
          table: name ?? definition.name, side: side, largestLayer: largestLayer),
        table: definition.name, picture: picture(unit, unit.title, rows))
    }
  }
}
