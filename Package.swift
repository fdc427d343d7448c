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
    .target(
      name: "CLayers", dependencies: ["CKernels"],
      cSettings: [.unsafeFlags(["-O3", "-Wno-psabi"])], linkerSettings: [.linkedLibrary("m")]),
    .target(name: "CMapping"),
    .target(name: "CTemporaries"),
    .target(name: "CWriteback"),
    .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
    .target(
      name: "CSHA256", cSettings: [.unsafeFlags(["-O3"])],
      linkerSettings: [.unsafeFlags(["-l:libcrypto.a"])]),
    // Linked statically: loading the shared library costs 15 ms at every start, this 1 ms.
    .target(
      name: "CHDF5",
      linkerSettings: [
        .unsafeFlags([
          "-l:libhdf5_serial_hl.a", "-l:libhdf5_serial.a", "-l:libsz.a", "-l:libaec.a",
          "-lz", "-lm", "-ldl",
        ])
      ]),
    // Linked statically: 0.3 ms at every start, where the shared library takes 1.7. OpenBLAS's
    // build without threads: the one with threads starts as many as there are processors. It has
    // no lock around its buffers, which copenblas.c puts there.
    .target(
      name: "COpenBLAS",
      linkerSettings: [
        .unsafeFlags([
          "-L/usr/lib/x86_64-linux-gnu/openblas-serial", "-l:liblapacke.a", "-l:libopenblas.a",
          "-l:libgfortran.a", "-l:libquadmath.a", "-lm",
          "-Xlinker", "--wrap=blas_memory_alloc", "-Xlinker", "--wrap=blas_memory_free",
        ])
      ]),
    .target(name: "Tensors", swiftSettings: fastInDebug),
    .target(name: "JSON", swiftSettings: fastInDebug),
    .target(name: "Threads", swiftSettings: fastInDebug),
    .target(name: "Tokenization", dependencies: ["JSON"], swiftSettings: fastInDebug),
    .target(name: "LinearAlgebra", dependencies: ["COpenBLAS"], swiftSettings: fastInDebug),
    .target(name: "HDF5", dependencies: ["CHDF5"], swiftSettings: warningsAreErrors),
    .target(
      name: "Checkpoints",
      dependencies: [
        "Tensors", "JSON", "HDF5", "CMapping", "CSHA256", "CTemporaries", "CWriteback", "CZlib",
      ],
      swiftSettings: fastInDebug),
    .target(
      name: "Geometry",
      dependencies: ["Tensors", "Threads", "LinearAlgebra", "Checkpoints", "CKernels"],
      swiftSettings: fastInDebug),
    .target(
      name: "Models", dependencies: ["Tensors", "JSON", "Threads", "CKernels", "CLayers"],
      swiftSettings: fastInDebug),
    .target(
      name: "Journals", dependencies: ["JSON", "Checkpoints", "CTemporaries", "CZlib"],
      swiftSettings: warningsAreErrors),
    .target(
      name: "Evaluation",
      dependencies: [
        "Tensors", "JSON", "Threads", "LinearAlgebra", "Tokenization", "Journals", "Checkpoints",
        "Geometry", "Models", "Generation",
      ],
      swiftSettings: fastInDebug),
    .target(
      name: "Generation", dependencies: ["Threads", "LinearAlgebra", "Models"],
      swiftSettings: fastInDebug),
    .target(
      name: "Training",
      dependencies: [
        "Tensors", "JSON", "Threads", "LinearAlgebra", "Checkpoints", "Journals", "Models",
      ],
      swiftSettings: fastInDebug),
    .target(
      name: "Reports",
      dependencies: [
        "Tensors", "JSON", "Checkpoints", "Geometry", "Evaluation", "Generation", "Training",
        "HDF5",
      ],
      swiftSettings: warningsAreErrors),
    .executableTarget(
      name: "transect",
      dependencies: [
        "Tensors", "JSON", "Tokenization", "Checkpoints", "Geometry", "Models", "Journals",
        "Evaluation", "Generation", "Training", "HDF5", "Reports",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: warningsAreErrors),
    .executableTarget(
      name: "models-probe",
      dependencies: [
        "Tensors", "Models", "Geometry", "Checkpoints", "Training",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Benchmarks/models-probe", swiftSettings: warningsAreErrors),
    .executableTarget(
      name: "classifier-probe",
      dependencies: [
        "JSON", "Tokenization", "Models", "Geometry", "Checkpoints",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Benchmarks/classifier-probe", swiftSettings: warningsAreErrors),
    .target(
      name: "TestSupport",
      dependencies: ["Tensors", "Checkpoints", "LinearAlgebra", "Geometry", "Models"],
      path: "Tests/TestSupport",
      swiftSettings: fastInDebug),
    .testTarget(
      name: "TensorsTests", dependencies: ["Tensors", "TestSupport"], swiftSettings: fastInDebug),
    .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: warningsAreErrors),
    .testTarget(
      name: "TokenizationTests", dependencies: ["Tokenization", "JSON", "TestSupport"],
      swiftSettings: fastInDebug),
    .testTarget(name: "ThreadsTests", dependencies: ["Threads"], swiftSettings: warningsAreErrors),
    .testTarget(
      name: "LinearAlgebraTests", dependencies: ["LinearAlgebra", "TestSupport"],
      swiftSettings: fastInDebug),
    .testTarget(
      name: "HDF5Tests", dependencies: ["HDF5", "CHDF5"], swiftSettings: warningsAreErrors),
    .testTarget(
      name: "CheckpointsTests", dependencies: ["Checkpoints", "HDF5", "Tensors", "TestSupport"],
      swiftSettings: warningsAreErrors),
    .testTarget(
      name: "GeometryTests",
      dependencies: [
        "Geometry", "LinearAlgebra", "Checkpoints", "Tensors", "CKernels", "TestSupport",
      ],
      swiftSettings: fastInDebug),
    .testTarget(
      name: "ModelsTests",
      dependencies: [
        "Models", "Geometry", "LinearAlgebra", "Checkpoints", "Tensors", "CLayers", "TestSupport",
      ],
      swiftSettings: fastInDebug),
    .testTarget(
      name: "JournalsTests", dependencies: ["Journals", "Checkpoints", "TestSupport"],
      swiftSettings: warningsAreErrors),
    .testTarget(
      name: "EvaluationTests",
      dependencies: [
        "Evaluation", "Generation", "Models", "Geometry", "LinearAlgebra", "Checkpoints",
        "Tokenization", "TestSupport",
      ],
      swiftSettings: fastInDebug),
    .testTarget(
      name: "GenerationTests",
      dependencies: ["Generation", "Models", "LinearAlgebra", "TestSupport"],
      swiftSettings: fastInDebug),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Training", "Models", "LinearAlgebra", "Checkpoints", "Tensors", "TestSupport",
      ],
      swiftSettings: fastInDebug),
    .testTarget(
      name: "ReportsTests",
      dependencies: [
        "Reports", "Evaluation", "Generation", "Geometry", "LinearAlgebra", "Checkpoints",
        "Tensors", "JSON", "HDF5", "TestSupport",
      ],
      swiftSettings: warningsAreErrors),
    .testTarget(
      name: "CommandTests", dependencies: ["transect", "TestSupport"],
      swiftSettings: warningsAreErrors),
  ]
)

// Compiled with instrumentation, by `tools/fuzz` alone.
if Context.environment["TRANSECT_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "fuzz-readers",
      dependencies: ["Tensors", "JSON", "Tokenization", "Checkpoints", "Journals", "CZlib"],
      path: "Fuzz", exclude: ["words.dict"],
      swiftSettings: warningsAreErrors))
}
