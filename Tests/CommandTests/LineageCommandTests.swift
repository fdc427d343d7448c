import Foundation
import TestSupport
import Testing

@Suite struct LineageCommandTests {
  private let family = [miniature("base"), miniature("tuned"), miniature("tuned-negative")]

  @Test("Fine-tunes and their base are one family, with 0")
  func oneFamily() throws {
    let run = try Run(["origin"] + family)
    #expect(run.code == 0)
    #expect(run.lines[0].hasPrefix("ONE FAMILY"))
    #expect(run.output.contains("hint"))
    #expect(run.errors == "")
  }

  @Test("With a stranger they are not all one family, with 3, and JSON says who is in")
  func stranger() throws {
    let run = try Run(["origin"] + family + [miniature("scratch"), "--json", "--base", "base"])
    #expect(run.code == 3)
    let objects = try run.objects()
    let kinds = Dictionary(grouping: objects) { $0["kind"] as? String ?? "" }
    #expect(
      kinds.mapValues(\.count) == [
        "header": 1, "pair": 6, "checkpoint": 4, "product": 3, "verdict": 1,
      ])
    let families = objects.last?["families"] as? [[String: Any]]
    #expect(families?.first?["members"] as? [String] == ["base", "tuned", "tuned-negative"])
    #expect(families?.first?["base"] as? String == "base")
  }

  @Test("Equal runs write equal files")
  func output() throws {
    let folder = try TemporaryFolder()
    let paths = ["1.h5", "2.h5"].map { folder.path + "/" + $0 }
    for (path, threads) in zip(paths, ["1", "2"]) {
      let run = try Run(["origin"] + family + ["-q", "-o", path, "--threads", threads])
      #expect(run.code == 0 && run.output == "")
    }
    #expect(try content(paths[0]) == content(paths[1]))
  }

  @Test(
    "Options for two do not fit three, nor those for three two",
    arguments: [
      ["a", "b", "c", "--layer-map"], ["a", "b", "c", "--legacy-phi-u"],
      ["a", "b", "c", "--monte-carlo", "9"], ["a", "b", "--base", "a"],
      ["a", "b"] + Array(repeating: "c", count: 63),
    ])
  func options(arguments: [String]) throws {
    #expect(try Run(["origin"] + arguments).code == 64)
  }

  @Test("A base that is none of the checkpoints is a wrong argument")
  func unknownBase() throws {
    let run = try Run(["origin"] + family + ["--base", "nobody"])
    #expect(run.code == 64 && run.errors.contains("base, tuned, tuned-negative"))
  }

  @Test("Two checkpoints keep their own form, and the published statistic is labelled")
  func two() throws {
    let run = try Run("origin", family[0], family[1], "--legacy-phi-u")
    #expect(run.code == 0)
    #expect(run.lines[0].hasPrefix("A = base, B = tuned"))
    #expect(run.output.contains("published statistic, asymptotic"))
    #expect(try Run("origin", family[0], miniature("scratch"), "--direct-only").code == 1)
  }
}
