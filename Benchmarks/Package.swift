// swift-tools-version: 6.3
import PackageDescription

// A package of its own, so that timing code never enters the library's build. Run it with `make bench`.
let package = Package(
  name: "sdmoe-benchmarks",
  dependencies: [.package(name: "sdmoe", path: "..")],
  targets: [
    .target(
      name: "SyntheticCheckpoints", dependencies: [.product(name: "SDMoE", package: "sdmoe")]),
    .executableTarget(
      name: "bench",
      dependencies: ["SyntheticCheckpoints", .product(name: "SDMoE", package: "sdmoe")]),
  ],
  swiftLanguageModes: [.v6]
)
