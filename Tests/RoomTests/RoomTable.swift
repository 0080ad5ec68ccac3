/// Which room may import which: the table of the design.
///
/// To change it is to change the design.
enum RoomTable {
  /// Every Swift room, and the modules that its files may import besides ``everywhere``.
  static let mayImport: [String: Set<String>] = [
    // The words that all share: projections, sides, names of experts and of units.
    "Experts": [],
    // One strict scanner for headers, indexes and configs.
    "JSON": [],
    // What every writer of files shares: descriptors, whole files, digests, errors of the system.
    "Files": ["CCrypto"],
    // Many items side by side, for all who work on many matrices.
    "Workers": [],
    // Charts and heatmaps for any numbers: CPNG for the cells of large heatmaps, CRSVG for PDF.
    "Pictures": ["CPNG", "CRSVG"],
    "Tensors": [],
    "LinearAlgebra": ["CKernels", "COpenBLAS", "CLAPACKE", "Tensors"],
    "SafetensorsFiles": ["Files", "JSON", "Tensors"],
    // JSON for the quoting of names in messages, as SafetensorsFiles has it.
    "GGUFFiles": ["Files", "JSON", "Tensors"],
    "HDF5Files": ["CHDF5", "Files", "Tensors"],
    // One file of any format, and what tells its content from another's: checkpoints and captures
    // are made of such files.
    "TensorFiles": ["SafetensorsFiles", "GGUFFiles", "HDF5Files", "Files", "Tensors"],
    // GGUFFiles for the metadata of GGUF files, which are their config.
    "Checkpoints": ["Experts", "Files", "GGUFFiles", "JSON", "TensorFiles", "Tensors", "Workers"],
    "Captures": ["Files", "TensorFiles", "Tensors"],
    "Findings": ["Experts", "Files"],
    // Files for the scratch file of bases, HDF5Files for spectra.h5.
    "SpectralAnalysis": [
      "Captures", "Checkpoints", "Experts", "Files", "Findings", "HDF5Files", "LinearAlgebra",
      "Tensors", "Workers",
    ],
    // Files for the folder of an unfinished conversion, and for digests.
    "SpectralDecoupling": [
      "Checkpoints", "Experts", "Files", "Findings", "LinearAlgebra", "SafetensorsFiles",
      "TensorFiles", "Tensors", "Workers",
    ],
    // Files and Workers for a report of many units, Mustache for the page.
    "SpectralReports": ["Experts", "Files", "Findings", "Mustache", "Pictures", "Workers"],
    "CommandLineTool": [
      "ArgumentParser", "Captures", "Checkpoints", "Experts", "Files", "Findings", "HDF5Files",
      "LinearAlgebra", "SafetensorsFiles", "SpectralAnalysis", "SpectralDecoupling",
      "SpectralReports", "Tensors",
      "Workers",
    ],
    "sdmoe": ["ArgumentParser", "CommandLineTool"],
  ]

  /// The rooms without Swift: doors to C, which are a module map and a shim, and our own C.
  static let doors: Set = [
    "CCrypto", "CHDF5", "CKernels", "CLAPACKE", "COpenBLAS", "CPNG", "CRSVG",
  ]

  /// What any Swift room may import.
  static let everywhere: Set = [
    "Collections", "Darwin", "Dispatch", "Foundation", "FoundationXML", "Glibc", "Logging",
    "RealModule", "Synchronization",
  ]
}
