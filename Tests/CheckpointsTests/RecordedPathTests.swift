import Checkpoints
import TestSupport
import Testing

@Suite struct RecordedPathTests {
  @Test(
    "The last component is recorded, of a path with slashes at its end too",
    arguments: [
      ("a/b/model.safetensors", "model.safetensors"), ("/runs/tuned", "tuned"),
      ("tuned//", "tuned"), ("./tuned", "tuned"), ("org/name", "name"), ("/", "/"),
    ])
  func components(argument: String, name: String) {
    #expect(recordedPath(argument, whole: false) == name)
    #expect(recordedPath(argument, whole: true) == argument)
  }

  @Test("A folder that is named by dots has the name it bears in the folder above")
  func dots() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write([], to: "base/inner/file")
    let base = folder.path + "/base"
    #expect(recordedPath(base + "/.", whole: false) == "base")
    #expect(recordedPath(base + "/inner/..", whole: false) == "base")
    #expect(recordedPath(base + "/missing/..", whole: false) == "..")
  }
}
