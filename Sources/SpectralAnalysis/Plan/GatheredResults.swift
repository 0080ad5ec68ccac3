public import Findings

/// Makes what stands for a whole run from the results of its units: the tables, `spectra.h5` where
/// all singular values were asked for, and the manifest with the state of every unit.
///
/// What lies there already and is the same is left alone, so that a finished run that cannot be
/// written is no error.
///
/// - Parameter folder: A run whose units all have results.
/// - Throws: `FindingsError` for damaged results; `HDF5Error` where `spectra.h5` cannot be written.
///   Each file is whole or absent.
/// - Complexity: O(size of the tables) time; memory for one table of a unit.
public func gatherResults(in folder: inout RunFolder) throws {
  try folder.gatherTables(folder.manifest.tables)
  try writeSpectra(in: folder)
  try folder.updateManifest()
}

extension RunManifest {
  /// The analyses of the run.
  var analyses: [Analysis] { options.analyses.compactMap(Analysis.init) }

  /// The tables that the run can have.
  package var tables: [TableDefinition] {
    let gradients = analyses.contains(.gradients) ? [TableDefinition.leftOut.ofGradients] : []
    return analyses.flatMap(\.kind.tables) + [.floors, .leftOut] + gradients
  }
}
