import TestSupport
import Testing

/// What is said of numbers on the command line that cannot be used.
@Suite struct ArgumentMessageTests {
  @Test("Seeds that a result cannot hold are refused by every command that takes one")
  func seeds() throws {
    let (a, b) = (miniature("base"), miniature("tuned"))
    for command in [
      ["generate", a, "--prompt", "x"], ["path", a, b, "--text", "x"],
      ["plane", "--base", a, "--plus", b, "--minus", b, "--x", "0", "--y", "0", "--text", "x"],
      ["origin", a, b], ["check", a, b], ["spectrum", a], ["align", a, b, "-o", "x"],
      ["train", "--init", a, "--text", "x", "--steps", "1", "-o", "x"],
    ] {
      for seed in ["9223372036854775808", "18446744073709551615", "-1", "x"] {
        let run = try Run(command + ["--seed", seed])
        #expect(run.code == 64 && run.errors.contains("from 0 to 9223372036854775807"))
      }
    }
    let last = ["--seed", "9223372036854775807", "-n", "1", "--max-new", "1", "-q"]
    #expect(try Run(["generate", a, "--prompt", "x"] + last).code == 0)
  }

  @Test("Numbers below their range get the range, not a missing value")
  func negative() throws {
    for (option, message) in [
      ("--top-k", "--top-k must be positive"), ("--max-new", "--max-new must be from 1"),
      ("-n", "-n must be positive"), ("--batch-size", "--batch-size must be from 1"),
      ("--top-p", "--top-p must be from 0 to 1"),
      ("--temperature", "--temperature must be a number that is not negative"),
    ] {
      let run = try Run("generate", miniature("tuned"), "--prompt", "x", option, "-3")
      #expect(run.code == 64 && run.errors.contains(message))
    }
  }

  @Test(
    "A list of points that cannot be used gets a reason",
    arguments: [
      ("0:1:1", "at least 2"), ("0:1:0", "from 1 to 100000"),
      ("0:1:1000000000", "from 1 to 100000"),
      ("0:1", "START:STOP:COUNT"), ("0,x", "'x' is not a number"), ("nan", "must be finite"),
      ("", "'' is not a number"),
    ])
  func points(list: String, reason: String) throws {
    for command in [
      ["path", "A", "B", "--text", "x", "--alpha"], ["generate", "A", "B", "--alpha"],
      ["linearity", "A", "B", "--text", "x", "--anchor"],
    ] {
      let run = try Run(command + [list])
      #expect(run.code == 64 && run.errors.contains(reason))
    }
  }

  @Test("Help shows defaults of points and seeds, and offers only what a command takes")
  func help() throws {
    let path = try Run("path", "--help").output.split { $0.isWhitespace }.joined(separator: " ")
    #expect(path.contains("(default: 0:1:11)") && path.contains("(default: 0)"))
    for option in ["--where", "--slerp"] {
      for command in ["mix", "generate"] {
        #expect(try Run(command, "--help").output.contains("  \(option)"))
      }
      #expect(!path.contains(option))
    }
    #expect(try Run("--help").output.contains("75 interrupted"))
  }

  @Test("Of a filter of generated text nothing is said where no text is generated")
  func filter() throws {
    let (a, b) = (miniature("base"), miniature("tuned"))
    let next = try Run("next", a, b, "--prompt", "x", "--ensemble", "dexperts")
    #expect(next.output.contains("logits are summed") && !next.output.contains("filters"))
    let text = ["generate", a, b, "--alpha", "1", "--prompt", "x", "-n", "1", "--max-new", "1"]
    #expect(try Run(text + ["--ensemble", "dexperts"]).output.contains("filters the tokens"))
    let alone = ["generate", a, "--prompt", "x", "-n", "1", "--max-new", "1"]
    #expect(try !Run(alone + ["--ensemble", "logits"]).output.contains("summed"))
  }
}
