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
        "Files", "Workers", "Tensors", "LinearAlgebra", "SafetensorsFiles", "HDF5Files",
        "TensorFiles", "Checkpoints", "Captures", "Findings", "SpectralAnalysis",
        "SpectralDecoupling", "SpectralReports",
      ]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
  ],
  targets: [
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .systemLibrary(
      name: "CLAPACKE", pkgConfig: "lapacke",
      providers: [.apt(["liblapacke-dev"]), .brew(["lapack"])]),
    .systemLibrary(
      name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .systemLibrary(
      name: "CCrypto", pkgConfig: "libcrypto",
      providers: [.apt(["libssl-dev"]), .brew(["openssl"])]),
    .systemLibrary(
      name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),

    room("Files"),
    room("Workers"),
    room("Tensors"),
    room("LinearAlgebra", ["COpenBLAS", "CLAPACKE", "Tensors"]),
    room("SafetensorsFiles", ["Files", "Tensors"]),
    room("HDF5Files", ["CHDF5", "Files", "Tensors"]),
    room("TensorFiles", ["SafetensorsFiles", "HDF5Files", "CCrypto", "Tensors"]),
    room(
      "Checkpoints", ["SafetensorsFiles", "TensorFiles", "Tensors"],
      resources: [.embedInCode("families.json")]),
    room("Captures", ["TensorFiles", "Tensors"]),
    room("Findings", ["Files"]),
    room(
      "SpectralAnalysis",
      [
        "Captures", "Checkpoints", "Files", "Findings", "HDF5Files", "LinearAlgebra", "Tensors",
        "Workers",
      ]),
    room(
      "SpectralDecoupling",
      [
        "Checkpoints", "Files", "Findings", "LinearAlgebra", "SafetensorsFiles", "TensorFiles",
        "Tensors", "Workers",
      ]),
    room(
      "SpectralReports",
      [
        "CPNG", "Files", "Findings", "Workers",
        .product(name: "Mustache", package: "swift-mustache"),
      ],
      resources: ["figures.mustache", "page.css", "page.js", "page.mustache"]
        .map { .embedInCode("Page/\($0)") }),
    room(
      "CommandLineTool",
      [
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        "Captures", "Checkpoints", "Findings", "LinearAlgebra", "SpectralAnalysis",
        "SpectralDecoupling", "SpectralReports", "Tensors", "Workers",
      ]),
    .executableTarget(
      name: "sdmoe",
      dependencies: [
        .product(name: "ArgumentParser", package: "swift-argument-parser"), "CommandLineTool",
      ],
      swiftSettings: strict),

    .target(
      name: "TestSupport", dependencies: ["SafetensorsFiles", "HDF5Files", "Tensors"],
      path: "Tests/TestSupport",
      swiftSettings: strict),
    tests(of: "Files"),
    tests(of: "Tensors"),
    tests(of: "LinearAlgebra", ["Tensors"]),
    tests(of: "SafetensorsFiles", ["Tensors"]),
    tests(of: "HDF5Files", ["Tensors"]),
    tests(of: "TensorFiles", ["SafetensorsFiles", "HDF5Files", "Tensors"]),
    tests(of: "Captures", ["SafetensorsFiles", "HDF5Files", "TensorFiles", "Tensors"]),
    tests(of: "Checkpoints", ["SafetensorsFiles", "HDF5Files", "Tensors"]),
    tests(of: "Findings"),
    tests(
      of: "SpectralAnalysis",
      [
        "Captures", "Checkpoints", "Findings", "HDF5Files", "LinearAlgebra", "SafetensorsFiles",
        "Tensors",
      ]),
    tests(
      of: "SpectralDecoupling",
      ["Checkpoints", "Findings", "LinearAlgebra", "SafetensorsFiles", "TensorFiles", "Tensors"]),
    tests(of: "SpectralReports", ["CPNG", "Findings"]),
    tests(of: "CommandLineTool", ["sdmoe", "Findings"]),
    .testTarget(name: "RoomTests", dependencies: ["TestSupport"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
