import Experts
package import Files
import Foundation

/// What a run keeps of each unit.
extension RunFolder {
  /// Whether all results of a unit are there, with no expert left out.
  public func isFinished(_ unit: RunUnit) -> Bool {
    hasResults(unit)
      && FileStatus(at: path(of: .leftOut, of: unit)) == nil
  }

  /// Whether all results of a unit are there.
  func hasResults(_ unit: RunUnit) -> Bool {
    store.holds(unit.key.folderName, comparesDigests: false)
  }

  /// Compares what a finished unit was measured from with what the input holds now.
  ///
  /// - Throws: The files' errors.
  package func compare(
    _ unit: RunUnit, with pieces: [InputPiece], rechecks: Bool
  ) throws -> UnitStore.InputChange {
    try store.compare(unit.key.folderName, with: pieces, rechecks: rechecks)
  }

  /// Whether the results of a unit are there as they were written, with no expert left out.
  ///
  /// - Complexity: O(size of the results): their digests are compared.
  package func holdsWhole(_ unit: RunUnit) -> Bool {
    store.holds(unit.key.folderName, comparesDigests: true) && isFinished(unit)
  }

  /// Removes the results of a unit, unless another process makes it anew.
  ///
  /// - Parameters:
  ///   - unit: The unit.
  ///   - isWanted: Whether what lies there now is what is wanted.
  /// - Throws: ``FindingsError/fileSystem(path:doing:reason:)``, and what `isWanted` throws.
  package func remove(_ unit: RunUnit, unless isWanted: () throws -> Bool) throws {
    do {
      try store.remove(unit.key.folderName, unless: isWanted)
    } catch let error as StoreError {
      throw FindingsError(error)
    }
  }

  /// Removes the tables, figures and page of the run; what cannot be removed stays.
  package func removeWhatIsMadeOfUnits() {
    let manager = FileManager.default
    for name in ["index.html", "spectra.h5"] { try? manager.removeItem(atPath: "\(path)/\(name)") }
    for (folder, endings) in [("tables", [".csv"]), ("figures", [".svg", "INDEX.md"])] {
      for name in (try? manager.contentsOfDirectory(atPath: "\(path)/\(folder)")) ?? []
      where endings.contains(where: name.hasSuffix) {
        try? manager.removeItem(atPath: "\(path)/\(folder)/\(name)")
      }
    }
  }

  /// Makes sure that all units have results.
  ///
  /// - Parameter comparesDigests: Whether they have to be as they were written.
  /// - Throws: ``FindingsError/otherManifest(path:)``,
  ///   ``FindingsError/unfinished(path:units:command:)`` and
  ///   ``FindingsError/altered(path:files:command:)``.
  /// - Complexity: O(size of the results) where digests are compared.
  package func requireResults(comparesDigests: Bool = false) throws {
    var open: [String] = []
    var altered: [String] = []
    for unit in manifest.units.map(\.key.folderName) {
      switch store.condition(of: unit, comparesDigests: comparesDigests) {
      case .whole: continue
      case .absent: open.append(unit)
      case .ofAnotherPlan: throw FindingsError.otherManifest(path: path)
      case .altered(let file): altered.append("units/\(unit)/\(file)")
      }
    }
    if !open.isEmpty {
      throw FindingsError.unfinished(
        path: path, units: open, command: manifest.command(output: path))
    }
    if !altered.isEmpty {
      throw FindingsError.altered(
        path: path, files: altered, command: manifest.command(output: path))
    }
  }

  /// Begins to measure a unit, unless another process does or has.
  ///
  /// - Throws: ``FindingsError/fileSystem(path:doing:reason:)``
  package func begin(_ unit: RunUnit) throws -> UnitStore.Beginning {
    do {
      return try store.begin(unit.key.folderName) { isFinished(unit) }
    } catch {
      throw FindingsError(error)
    }
  }

  /// Whether another process measures a unit.
  package func isBeingMeasured(_ unit: RunUnit) -> Bool {
    store.isBeingMade(unit.key.folderName)
  }

  /// Keeps the results of a unit, replacing earlier ones.
  ///
  /// - Parameters:
  ///   - tables: The results.
  ///   - draft: The unit, begun.
  ///   - sources: What they were made from.
  ///   - stamps: How the input files looked before they were read.
  /// - Throws: ``FindingsError/fileSystem(path:doing:reason:)``; then nothing of the unit is kept.
  package func keep(
    _ tables: [Table], of draft: UnitDraft, madeFrom sources: UnitSources,
    stamps: Set<String>
  ) throws {
    for table in tables {
      try table.write(to: "\(draft.folder)/\(table.definition.name).csv")
    }
    do {
      try draft.finish(madeFrom: sources, stamps: stamps)
    } catch {
      throw FindingsError(error)
    }
  }
}

extension FindingsError {
  /// The error that a refusal of the store stands for.
  init(_ error: StoreError) {
    self = .fileSystem(path: error.path, doing: error.action, reason: error.reason)
  }
}
