/// Which room may import which: the table of the design.
///
/// To change it is to change the design.
enum RoomTable {
  /// Every Swift room, and the modules that its files may import besides ``everywhere``.
  static let mayImport: [String: Set<String>] = [
    // What every writer of files shares: descriptors, whole files, errors of the system.
    "Files": [],
    // Many items side by side, for all who work on many matrices.
    "Workers": [],
    "Tensors": [],
    "LinearAlgebra": ["COpenBLAS", "CLAPACKE", "Tensors"],
    "SafetensorsFiles": ["Files", "Tensors"],
    "HDF5Files": ["CHDF5", "Files", "Tensors"],
    // One file of either format, and what tells its content from another's: checkpoints and captures
    // are made of such files.
    "TensorFiles": ["SafetensorsFiles", "HDF5Files", "CCrypto", "Tensors"],
    "Checkpoints": ["SafetensorsFiles", "TensorFiles", "Tensors"],
    "Captures": ["TensorFiles", "Tensors"],
    "Findings": ["Files"],
    // Files for the scratch file of bases, HDF5Files for spectra.h5.
    "SpectralAnalysis": [
      "Captures", "Checkpoints", "Files", "Findings", "HDF5Files", "LinearAlgebra", "Tensors",
      "Workers",
    ],
    // Files for the folder of an unfinished conversion, TensorFiles for digests.
    "SpectralDecoupling": [
      "Checkpoints", "Files", "Findings", "LinearAlgebra", "SafetensorsFiles", "TensorFiles",
      "Tensors", "Workers",
    ],
    // Files and Workers for a report of many units, Mustache for the page.
    "SpectralReports": ["CPNG", "Files", "Findings", "Mustache", "Workers"],
    "CommandLineTool": [
      "ArgumentParser", "Captures", "Checkpoints", "Files", "Findings", "HDF5Files",
      "LinearAlgebra",
      "SafetensorsFiles", "SpectralAnalysis", "SpectralDecoupling", "SpectralReports", "Tensors",
      "Workers",
    ],
    "sdmoe": ["ArgumentParser", "CommandLineTool"],
  ]

  /// The doors to C: a module map and a shim, without Swift.
  static let doors: Set = ["CCrypto", "CHDF5", "CLAPACKE", "COpenBLAS", "CPNG"]

  /// What any Swift room may import.
  static let everywhere: Set = [
    "Collections", "Darwin", "Dispatch", "Foundation", "FoundationXML", "Glibc", "Logging",
    "RealModule", "Synchronization",
  ]
}
