import Experts
import Findings

/// A table with a column of each kind.
enum Mixed {
  static let count = Column<Int>("count", "a whole number")
  static let value = Column<Double>("value", "a real number")
  static let word = Column<String>("word", "a text")
  static let table = TableDefinition(name: "mixed", columns: [count, value, word])
}

/// A table with words of each type.
enum Words {
  static let projection = Columns.projection
  static let expert = Columns.expert
  static let side = Column<Side?>("side", "a side, or none")
  static let table = TableDefinition(name: "words", columns: [projection, expert, side])
}

/// A table of that definition with one row for each of the values.
func mixedTable(_ rows: [(Int, Double, String)]) -> Table {
  var table = Table(Mixed.table)
  for row in rows { table.append(Mixed.count(row.0), Mixed.value(row.1), Mixed.word(row.2)) }
  return table
}

/// The manifest of two layers and two projections, every unit open.
func testManifest() -> RunManifest {
  let layers = [0, 12]
  let projections = [Projection.gate, .down]
  return RunManifest(
    version: "0.1.0",
    checkpoint: RunManifest.Checkpoint(
      fingerprint: "a7d7", structure: "b8e8", modelType: "qwen2_moe"),
    options: RunOptions(
      analyses: ["energy", "similarity"], fraction: 0.01, layers: layers, projections: projections),
    k: 2,
    definitions: ["k": "max(1, ceil(fraction * min(rows, columns)))"],
    units: layers.flatMap { layer in
      projections.map { RunUnit(UnitKey(layer: layer, projection: $0)) }
    })
}

/// A row of the energy table of that unit.
func energyTable(_ unit: RunUnit, expert: String = "0", energy: Double = 0.5) -> Table {
  var table = Table(.energy)
  table.append(
    Energy.layer(unit.layer), Energy.projection(unit.projection ?? .gate),
    Energy.expert(ExpertName(expert)), Energy.k(2), Energy.energyTop(energy),
    Energy.stableRank(1.5), Energy.effectiveRank(.nan), Energy.gap(1.25), Energy.flag(nil))
  return table
}
