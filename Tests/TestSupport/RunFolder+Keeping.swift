import Files
public import Findings

extension RunFolder {
  /// Keeps results of a unit that were made from nothing.
  ///
  /// - Throws: What the run folder does.
  public func write(_ tables: [Table], of unit: RunUnit) throws {
    try remove(unit) { false }
    guard case .mine(let draft) = try begin(unit) else {
      throw FindingsError.inUse(path: path)
    }
    try keep(tables, of: draft, madeFrom: UnitSources(), stamps: [])
  }
}
