internal import Findings

/// One layer and projection, or a whole layer, in the order of the figures.
struct Unit: Hashable, Comparable {
  let layer: Int

  /// The projection; nil where the table is about whole layers.
  let projection: String?

  /// A beginning of a title, such as `Layer 3 · gate_proj` or `Layer 3 · gradients of gate_proj`.
  func title(in definition: TableDefinition) -> String {
    let kind = definition.isOfGradients ? "gradients of " : ""
    return "Layer \(layer)" + (projection.map { " · \(kind)\($0)" } ?? "")
  }

  /// The name of a figure of this unit, such as `similarity-layer-03-gate_proj-hidden`.
  ///
  /// - Parameters:
  ///   - table: The name of the table that is drawn.
  ///   - side: The side, where the table has sides.
  ///   - largestLayer: The layer whose digits decide how many zeros the others are given.
  /// - Returns: A name that is safe on every file system.
  func figureName(table: String, side: String? = nil, largestLayer: Int) -> String {
    let digits = max(2, String(largestLayer).count)
    let number = String(layer)
    let padded = String(repeating: "0", count: max(0, digits - number.count)) + number
    return SpectralReports.figureName(
      [table, "layer", padded, projection, side].compactMap(\.self))
  }

  static func < (first: Unit, second: Unit) -> Bool {
    (first.layer, first.rank, first.projection ?? "")
      < (second.layer, second.rank, second.projection ?? "")
  }

  private var rank: Int {
    ["gate_proj", "up_proj", "down_proj"].firstIndex(of: projection ?? "") ?? 3
  }
}

extension TableDefinition {
  /// Whether the table holds what was measured on gradients rather than on weights.
  var isOfGradients: Bool { name.hasPrefix("gradient_") }
}

extension Table {
  /// The rows of each unit that the table has, in the order of the units; a unit is a whole layer
  /// where the table has no projections.
  ///
  /// - Complexity: O(rows)
  func rowsByUnit(where isWanted: (Int) -> Bool = { _ in true }) -> [(unit: Unit, rows: [Int])] {
    let layers = integers("layer")
    let hasProjections = definition.columns.contains { $0.name == "projection" }
    let projections = hasProjections ? texts("projection") : []
    var rows: [Unit: [Int]] = [:]
    for row in 0..<rowCount where isWanted(row) {
      let projection = hasProjections ? projections[row] : nil
      rows[Unit(layer: layers[row], projection: projection), default: []].append(row)
    }
    return rows.sorted { $0.key < $1.key }.map { (unit: $0.key, rows: $0.value) }
  }
}

/// The parts as the name of a figure that is safe on every file system.
func figureName(_ parts: [String]) -> String {
  parts.map(fileNamePart).joined(separator: "-")
}

/// The text as a part of a file's name that is the same on every file system, and never a path.
private func fileNamePart(_ text: String) -> String {
  var part = ""
  for byte in text.utf8 {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
      UInt8(ascii: "."):
      part.unicodeScalars.append(Unicode.Scalar(byte))
    default:
      part += (byte < 16 ? "~0" : "~") + String(byte, radix: 16)
    }
  }
  return part
}
