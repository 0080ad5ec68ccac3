internal import Experts
internal import Findings

extension UnitKey {
  /// A beginning of a title, such as `Layer 3 · gate_proj` or `Layer 3 · gradients of gate_proj`.
  var title: String {
    let kind = subject == .gradients ? "gradients of " : ""
    return "Layer \(layer)" + (projection.map { " · \(kind)\($0.rawValue)" } ?? "")
  }

  /// The name of a figure of this unit, such as `similarity-layer-03-gate_proj-hidden`.
  ///
  /// - Parameters:
  ///   - table: The name of the table that is drawn.
  ///   - side: The side, where the table has sides.
  ///   - largestLayer: The layer whose digits decide how many zeros the others are given.
  /// - Returns: A name that is safe on every file system.
  func figureName(table: String, side: Side? = nil, largestLayer: Int) -> String {
    let digits = max(2, String(largestLayer).count)
    return [table, "layer", paddedLayer(digits: digits), projection?.rawValue, side?.rawValue]
      .compactMap(\.self).joined(separator: "-")
  }
}

extension Table {
  /// The rows of each unit that the table has, in the order of the units; a unit is a whole layer
  /// where the table has no projections.
  ///
  /// - Complexity: O(rows)
  func rowsByUnit(where isWanted: (Int) -> Bool = { _ in true }) -> [(unit: UnitKey, rows: [Int])] {
    let layers = self[Columns.layer]
    let projections = definition.contains(Columns.projection) ? self[Columns.projection] : nil
    let subject: UnitKey.Subject =
      projections == nil ? .activations : (definition.isOfGradients ? .gradients : .weights)
    var rows: [UnitKey: [Int]] = [:]
    for row in 0..<rowCount where isWanted(row) {
      let unit = UnitKey(layer: layers[row], projection: projections?[row], subject: subject)
      rows[unit, default: []].append(row)
    }
    return rows.sorted { $0.key < $1.key }.map { (unit: $0.key, rows: $0.value) }
  }
}
