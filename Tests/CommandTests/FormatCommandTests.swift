import Foundation
import TestSupport
import Testing

/// Adapters, HDF5 files and folders of blocks as arguments of commands.
@Suite struct FormatCommandTests {
  private static let formats = PackageFolder.path("Tests/Fixtures/formats")
  private static let base = formats + "/adapters/base"
  private static let adapter = formats + "/adapters/plain"

  @Test("An adapter is refused, and merged into its base on request")
  func norms() throws {
    let arguments = ["norms", FormatCommandTests.base, FormatCommandTests.adapter]
    let refused = try Run(arguments)
    #expect(refused.code == 2 && refused.errors.contains("--merge-adapter"))
    let run = try Run(arguments + ["--base-model", FormatCommandTests.base, "--csv"])
    #expect(run.code == 0, "\(run.errors)")
    let changed = run.table.filter { $0["n_identical"] != $0["numel"] }
    #expect(run.table.count == 28)
    #expect(changed.count == 6)
  }

  @Test("A mixture with an adapter has the bits of one with the merged model")
  func mix() throws {
    let folder = try TemporaryFolder()
    let merged = folder.path + "/merged.safetensors"
    let option = ["--base-model", FormatCommandTests.base]
    let (base, adapter) = (FormatCommandTests.base, FormatCommandTests.adapter)
    #expect(try Run(["mix", base, adapter, "--alpha", "1", "-o", merged] + option).code == 0)
    let digests = try [adapter, merged].map { path in
      try Run(["digest", path] + option).lines.first.map { String($0.prefix(64)) }
    }
    #expect(digests[0] == digests[1])
    let half = try [adapter, merged].map { path in
      let output = folder.path + "/half.safetensors"
      #expect(
        try Run(["mix", base, path, "--alpha", "0.5", "--force", "-o", output] + option).code == 0)
      return try Run("digest", output).lines.first.map { String($0.prefix(64)) }
    }
    #expect(half[0] == half[1])
  }

  @Test("TensorFlow's weights are those of PyTorch's file")
  func keras() throws {
    let path = FormatCommandTests.formats + "/keras/tf_model.h5"
    #expect(try Run("norms", FormatCommandTests.base, path).errors.contains("--allow-hdf5-input"))
    let run = try Run("norms", FormatCommandTests.base, path, "--allow-hdf5-input", "--csv")
    #expect(run.code == 0, "\(run.errors)")
    #expect(run.table.count == 28)
    #expect(run.table.allSatisfy { $0["n_identical"] == $0["numel"] })
  }

  @Test("A damaged HDF5 file is read or refused in one line, whatever it does to its reader")
  func damaged() throws {
    let folder = try TemporaryFolder()
    let bytes = try content(FormatCommandTests.formats + "/keras/chunked.h5")
    for step in 0..<48 {
      var damaged = bytes
      damaged[step * 1567 % bytes.count] ^= 0xFF
      damaged[step * 97 % 4096] ^= 0x10
      let run = try Run(
        "inspect", folder.write(damaged, to: "damaged.h5"), "--allow-hdf5-input", "--stats")
      #expect(run.code == 0 || run.code == 2)
      #expect(run.errorLines.count == (run.code == 0 ? 0 : 1))
    }
  }

  @Test("A folder of blocks and an ONNX model are inspected")
  func inspect() throws {
    for name in ["blocks/sharded", "onnx/model.onnx"] {
      let run = try Run("inspect", FormatCommandTests.formats + "/" + name, "--digest")
      #expect(run.code == 0, "\(run.errors)")
      #expect(run.output.contains("left out"))
    }
  }
}
