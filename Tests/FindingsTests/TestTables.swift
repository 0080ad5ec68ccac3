import Findings

/// A table with a column of each kind.
let mixed = TableDefinition(
  name: "mixed",
  columns: [
    TableColumn("count", .integer, "a whole number"),
    TableColumn("value", .number, "a real number"),
    TableColumn("word", .text, "a text"),
  ])

/// A table of one text column.
let words = TableDefinition(name: "words", columns: [TableColumn("word", .text, "a text")])

/// A table of that definition with one row for each of the values.
func mixedTable(_ rows: [(Int, Double, String)]) -> Table {
  var table = Table(mixed)
  for row in rows { table.append(.integer(row.0), .number(row.1), .text(row.2)) }
  return table
}

/// The manifest of two layers and two projections, every unit open.
func testManifest() -> RunManifest {
  let layers = [0, 12]
  let projections = ["gate_proj", "down_proj"]
  return RunManifest(
    version: "0.1.0",
    checkpoint: RunManifest.Checkpoint(fingerprint: "a7d7", modelType: "qwen2_moe"),
    options: RunManifest.Options(
      analyses: ["energy", "similarity"], fraction: 0.01, layers: layers, projections: projections),
    k: 2,
    definitions: ["k": "max(1, ceil(fraction * min(rows, columns)))"],
    units: layers.flatMap { layer in
      projections.map { RunManifest.Unit(layer: layer, projection: $0, state: .open) }
    })
}

/// A row of the energy table of that unit.
func energyTable(_ unit: RunManifest.Unit, expert: String = "0", energy: Double = 0.5) -> Table {
  var table = Table(.energy)
  table.append(
    .integer(unit.layer), .text(unit.projection ?? ""), .text(expert), .integer(2), .number(energy),
    .number(1.5), .number(.nan), .number(1.25), .text(""))
  return table
}
