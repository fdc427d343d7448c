// swift-tools-version:6.2
import PackageDescription

let warningsAreErrors: [SwiftSetting] = [.treatAllWarnings(as: .error)]
/// Arithmetic at -Onone is some twenty times slower, which would make the tests wait.
let fastInDebug = warningsAreErrors + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let package = Package(
  name: "transect",
  products: [.executable(name: "transect", targets: ["transect"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-Wno-psabi"])]),
    .target(name: "CMapping"),
    .target(name: "CSHA256", linkerSettings: [.unsafeFlags(["-l:libcrypto.a"])]),
    // Linked statically: loading the shared library costs 15 ms at every start, this 1 ms.
    .target(
      name: "CHDF5",
      linkerSettings: [
        .unsafeFlags([
          "-l:libhdf5_serial_hl.a", "-l:libhdf5_serial.a", "-l:libsz.a", "-l:libaec.a",
          "-lz", "-lm", "-ldl",
        ])
      ]),
    .target(name: "Tensors", swiftSettings: fastInDebug),
    .target(name: "HDF5", dependencies: ["CHDF5"], swiftSettings: warningsAreErrors),
    .target(
      name: "Checkpoints",
      dependencies: ["Tensors", "CMapping", "CSHA256"],
      swiftSettings: fastInDebug),
    .target(
      name: "Geometry", dependencies: ["Tensors", "Checkpoints", "CKernels"],
      swiftSettings: fastInDebug),
    .target(
      name: "Reports", dependencies: ["Tensors", "Checkpoints", "Geometry", "HDF5"],
      swiftSettings: warningsAreErrors),
    .executableTarget(
      name: "transect",
      dependencies: [
        "Tensors", "Checkpoints", "Geometry", "HDF5", "Reports",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: warningsAreErrors),
    .target(
      name: "TestSupport", dependencies: ["Tensors", "Checkpoints"], path: "Tests/TestSupport",
      swiftSettings: fastInDebug),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors"], swiftSettings: fastInDebug),
    .testTarget(
      name: "HDF5Tests", dependencies: ["HDF5", "CHDF5"], swiftSettings: warningsAreErrors),
    .testTarget(
      name: "CheckpointsTests", dependencies: ["Checkpoints", "Tensors", "TestSupport"],
      swiftSettings: warningsAreErrors),
    .testTarget(
      name: "GeometryTests",
      dependencies: ["Geometry", "Checkpoints", "Tensors", "CKernels", "TestSupport"],
      swiftSettings: fastInDebug),
    .testTarget(
      name: "ReportsTests",
      dependencies: ["Reports", "Geometry", "Checkpoints", "Tensors", "HDF5", "TestSupport"],
      swiftSettings: warningsAreErrors),
    .testTarget(
      name: "CommandTests", dependencies: ["transect", "TestSupport"],
      swiftSettings: warningsAreErrors),
  ]
)
