import TestSupport
import Testing

/// One model of options for all commands.
@Suite struct OptionTests {
  private static let verbs = [
    "norms", "gram", "spectrum", "inspect", "digest", "check", "origin", "align", "mix", "solve",
    "verify",
  ]

  @Test("Every command has the options for printing and for resources", arguments: verbs)
  func shared(verb: String) throws {
    let help = try Run("help", verb).output
    for option in [
      "--json", "--csv", "-q, --quiet", "-v, --verbose", "--threads", "--memory", "--io",
    ] {
      #expect(help.contains("  " + option), "\(option)")
    }
  }

  @Test("Quiet commands print nothing; JSON begins with a header, CSV with names of columns")
  func forms() throws {
    let folder = try TemporaryFolder()
    let (a, b) = (miniature("base"), miniature("tuned"))
    let result = folder.path + "/r.h5"
    #expect(try Run("norms", a, b, "-q", "-o", result).code == 0)
    let commands = [
      ["norms", a, b], ["gram", a, b], ["inspect", a], ["digest", a], ["check", a, b],
      ["origin", a, b], ["solve", a, "--from", a, b], ["verify", result, a, b],
      ["spectrum", a, b, "--include", "h.0.attn.c_proj.weight"],
      ["mix", a, b, "--alpha", "0.5", "--force", "-o", folder.path + "/m.safetensors"],
      ["align", a, b, "--force", "-o", folder.path + "/n.safetensors"],
    ]
    for command in commands {
      #expect(try Run(command + ["-q"]).output.isEmpty)
      let header = try Run(command + ["--json"]).objects().first
      #expect(header?["kind"] as? String == "header")
      #expect(header?["schema"] as? String == "transect.\(command[0])/1")
      let names = try Run(command + ["--csv"]).lines[0]
      #expect(names.contains(",") && !names.contains(" "))
      #expect(try Run(command + ["-v"]).errors.contains("peak memory"))
    }
  }

  @Test("Inspect lists the tensors asked for, under the names they are stored with")
  func inspected() throws {
    let run = try Run("inspect", miniature("base"), "--include", "wte", "--digest", "--json")
    #expect(run.code == 0)
    let objects = try run.objects()
    #expect(objects.count == 2 && objects[0]["model_digest"] == nil)
    #expect((objects[1]["tensor"] as? String)?.hasSuffix("wte.weight") == true)
  }
}
