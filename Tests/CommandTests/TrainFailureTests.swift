import Foundation
import TestSupport
import Testing

/// What `train` does where it cannot do what it is told, or finds its own files changed.
@Suite struct TrainFailureTests {
  private let folder: TemporaryFolder
  private let text: String

  init() throws {
    folder = try TemporaryFolder()
    let lines = (0..<60).map { "Sentence \($0 % 7) is about film \($0 % 5), and it is good.\n" }
    text = try folder.write(Array(lines.joined().utf8), to: "text.txt")
  }

  private func options(_ output: String, _ more: String...) -> [String] {
    [
      "train", "--init", miniature("base"), "--text", text, "--batch", "2", "--length", "24",
      "--steps", "6", "-o", output,
    ] + more
  }

  @Test("Numbers beyond all memory are refused by name", arguments: ["--batch", "--accumulate"])
  func hugeNumbers(option: String) throws {
    for value in ["\(Int.max)", "5000000000", "9000000"] {
      let run = try Run(options(folder.path + "/huge", option, value))
      // A batch that fits no memory, or a number that is none; many small batches are only slow.
      guard option == "--batch" || value != "9000000" else { continue }
      #expect(run.code == 64 && run.errors.contains(option))
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/huge.training"))
  }

  @Test("A negative number is told what it should be")
  func negative() throws {
    let run = try Run(options(folder.path + "/x", "--lr", "-1e-3"))
    #expect(run.code == 64 && run.errors.contains("--lr must be positive"))
  }

  @Test("A file that is in the way is found before any step")
  func occupied() throws {
    let file = try folder.write([1, 2, 3], to: "file")
    let run = try Run(options(file))
    #expect(run.code == 2 && run.errors.contains("is a file"))
    let log = try Run(options(folder.path + "/out", "--log", file))
    #expect(log.code == 2 && log.errors.contains("file"))
    let same = try Run(options(folder.path + "/out", "--log", folder.path + "/out"))
    #expect(same.code == 64)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(Set(left) == ["file", "text.txt"])
  }

  @Test(
    "A run whose files are damaged begins anew, with a warning, to the same bytes",
    arguments: ["state.safetensors", "rank-0000.jsonl"])
  func damaged(name: String) throws {
    let (whole, broken) = (folder.path + "/whole", folder.path + "/broken")
    let steps = ["--steps", "60", "--save-every", "3"]
    #expect(try Run(options(whole, "-q") + steps).code == 0)
    let process = try Run.start(options(broken, "-q") + steps)
    let state = broken + ".training/state.safetensors"
    let limit = Date(timeIntervalSinceNow: 60)
    while !FileManager.default.fileExists(atPath: state), process.isRunning, Date() < limit {
      usleep(1000)
    }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    let path = broken + ".training/" + name
    var bytes = try content(path)
    if name == "state.safetensors" { bytes.removeLast(100) } else { bytes[200] ^= 1 }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let again = try Run(options(broken) + steps)
    #expect(again.code == 0 && again.errors.contains("begins anew"))
    #expect(
      try content(broken + "/model.safetensors") == content(whole + "/model.safetensors"))
  }

  @Test("Of a grid a run that explodes is out, and the others are not")
  func lostRun() throws {
    let output = folder.path + "/grid"
    let valid = ["--valid", text, "--valid-every", "2"]
    let run = try Run(options(output, "--grid", "lr=1e30,1e-4", "--clip", "0") + valid)
    #expect(run.code == 0 && run.errors.contains("lr 1e+30"))
    #expect(run.output.contains("run 2 is kept"))
    let none = try Run(options(output + "2", "--grid", "lr=1e30,1e29", "--clip", "0") + valid)
    #expect(none.code == 2 && none.errors.contains("each run"))
  }

  @Test("A loss that is NaN before any state is kept says so and leaves nothing")
  func nothingKept() throws {
    let output = folder.path + "/nothing"
    let run = try Run(options(output, "--lr", "1e30", "--clip", "0", "--steps", "20"))
    #expect(run.code == 2 && run.errors.contains("no state is kept"))
    #expect(!FileManager.default.fileExists(atPath: output + ".training"))
  }
}
