// swift-tools-version: 6.3
import PackageDescription

/// One list of settings for every Swift target: warnings are errors, every unsafe use is spelled out.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A room: a folder under `Sources/`, a target, a module.
func room(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil)
  -> Target
{
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

/// The tests of one room.
func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.target(name: name), "TestSupport"] + dependencies,
    swiftSettings: strict)
}

let package = Package(
  name: "sdmoe",
  products: [
    .executable(name: "sdmoe", targets: ["sdmoe"]),
    .library(
      name: "SDMoE",
      targets: [
        "Experts", "JSON", "Files", "Workers", "Tensors", "LinearAlgebra", "SafetensorsFiles",
        "GGUFFiles", "HDF5Files", "TensorFiles", "Checkpoints", "Captures", "Findings",
        "SpectralAnalysis",
        "SpectralDecoupling", "SpectralReports",
      ]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
  ],
  targets: [
    // Headers only: with pkg-config's word SwiftPM would link the libraries, which are loaded when
    // they are first needed.
    .systemLibrary(
      name: "COpenBLAS", providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .systemLibrary(
      name: "CLAPACKE", providers: [.apt(["liblapacke-dev"]), .brew(["lapack"])]),
    .systemLibrary(
      name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .systemLibrary(
      name: "CCrypto", pkgConfig: "libcrypto",
      providers: [.apt(["libssl-dev"]), .brew(["openssl"])]),
    .systemLibrary(
      name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    // Loaded at run time, not linked: its shim says why.
    .systemLibrary(name: "CRSVG"),
    // Our own C, compiled for several instruction sets at once.
    .target(name: "CKernels", publicHeadersPath: "."),

    room("Experts"),
    room("JSON"),
    room("Files", ["CCrypto"]),
    room("Workers"),
    room("Pictures", ["CPNG", "CRSVG"]),
    room("Tensors"),
    room("LinearAlgebra", ["CKernels", "COpenBLAS", "CLAPACKE", "Tensors"]),
    room("SafetensorsFiles", ["Files", "JSON", "Tensors"]),
    room("GGUFFiles", ["Files", "JSON", "Tensors"]),
    room("HDF5Files", ["CHDF5", "Files", "Tensors"]),
    room("TensorFiles", ["SafetensorsFiles", "GGUFFiles", "HDF5Files", "Files", "Tensors"]),
    room(
      "Checkpoints",
      ["Experts", "Files", "GGUFFiles", "JSON", "TensorFiles", "Tensors", "Workers"],
      resources: ["families.json", "gguf.json"].map { .embedInCode("Families/\($0)") }),
    room("Captures", ["Files", "TensorFiles", "Tensors"]),
    room("Findings", ["Experts", "Files"]),
    room(
      "SpectralAnalysis",
      [
        "Captures", "Checkpoints", "Experts", "Files", "Findings", "HDF5Files", "LinearAlgebra",
        "Tensors", "Workers",
      ]),
    room(
      "SpectralDecoupling",
      [
        "Checkpoints", "Experts", "Files", "Findings", "LinearAlgebra", "SafetensorsFiles",
        "TensorFiles", "Tensors", "Workers",
      ]),
    room(
      "SpectralReports",
      [
        "Experts", "Files", "Findings", "Pictures", "Workers",
        .product(name: "Mustache", package: "swift-mustache"),
      ],
      resources: ["figures.mustache", "page.css", "page.mustache", "Script"]
        .map { .embedInCode("Page/\($0)") }),
    room(
      "CommandLineTool",
      [
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        "Captures", "Checkpoints", "Experts", "Findings", "LinearAlgebra", "SpectralAnalysis",
        "SpectralDecoupling", "SpectralReports", "Tensors", "Workers",
      ]),
    .executableTarget(
      name: "sdmoe",
      dependencies: [
        .product(name: "ArgumentParser", package: "swift-argument-parser"), "CommandLineTool",
      ],
      swiftSettings: strict),

    .target(
      name: "TestSupport",
      dependencies: [
        "CPNG", "Files", "Findings", "HDF5Files", "Pictures", "SafetensorsFiles", "Tensors",
      ],
      path: "Tests/TestSupport",
      swiftSettings: strict),
    tests(of: "Experts"),
    tests(of: "JSON"),
    tests(of: "Files"),
    tests(of: "Workers"),
    tests(of: "Pictures"),
    tests(of: "Tensors", ["SafetensorsFiles"]),
    tests(of: "LinearAlgebra", ["Tensors"]),
    tests(of: "SafetensorsFiles", ["JSON", "Tensors"]),
    tests(of: "GGUFFiles", ["SafetensorsFiles", "Tensors"]),
    tests(of: "HDF5Files", ["Tensors"]),
    tests(of: "TensorFiles", ["SafetensorsFiles", "GGUFFiles", "HDF5Files", "Files", "Tensors"]),
    tests(of: "Captures", ["SafetensorsFiles", "HDF5Files", "Files", "TensorFiles", "Tensors"]),
    tests(of: "Checkpoints", ["Experts", "SafetensorsFiles", "HDF5Files", "Tensors"]),
    tests(of: "Findings", ["Experts"]),
    tests(
      of: "SpectralAnalysis",
      [
        "Captures", "Checkpoints", "Experts", "Findings", "HDF5Files", "LinearAlgebra",
        "SafetensorsFiles", "Tensors",
      ]),
    tests(
      of: "SpectralDecoupling",
      [
        "Checkpoints", "Experts", "Files", "Findings", "LinearAlgebra", "SafetensorsFiles",
        "TensorFiles", "Tensors",
      ]),
    tests(of: "SpectralReports", ["Experts", "Files", "Findings", "Pictures"]),
    tests(of: "CommandLineTool", ["sdmoe", "Experts", "Findings"]),
    .testTarget(name: "RoomTests", dependencies: ["TestSupport"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
