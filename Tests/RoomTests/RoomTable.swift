/// Which room may import which: the table of the design.
///
/// To change it is to change the design.
enum RoomTable {
  /// Every Swift room, and the modules that its files may import besides ``everywhere``.
  static let mayImport: [String: Set<String>] = [
    // What every writer of files shares: descriptors, whole files, errors of the system.
    "Files": [],
    "Tensors": [],
    "LinearAlgebra": ["COpenBLAS", "CLAPACKE", "Tensors"],
    "SafetensorsFiles": ["Files", "Tensors"],
    "HDF5Files": ["CHDF5", "Files", "Tensors"],
    "Checkpoints": ["SafetensorsFiles", "HDF5Files", "CCrypto", "Tensors"],
    "Findings": ["Files"],
    "SpectralAnalysis": ["Checkpoints", "LinearAlgebra", "Findings", "Tensors"],
    "SpectralReports": ["Findings"],
    "CommandLineTool": [
      "ArgumentParser", "Checkpoints", "Files", "Findings", "HDF5Files", "LinearAlgebra",
      "SafetensorsFiles", "SpectralAnalysis", "SpectralReports", "Tensors",
    ],
    "sdmoe": ["ArgumentParser", "CommandLineTool"],
  ]

  /// The doors to C: a module map and a shim, without Swift.
  static let doors: Set = ["CCrypto", "CHDF5", "CLAPACKE", "COpenBLAS"]

  /// What any Swift room may import.
  static let everywhere: Set = [
    "Collections", "Darwin", "Dispatch", "Foundation", "FoundationXML", "Glibc", "Logging",
    "RealModule", "Synchronization",
  ]
}
