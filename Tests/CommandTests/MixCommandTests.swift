import Foundation
import TestSupport
import Testing

@Suite struct MixCommandTests {
  private let folder: TemporaryFolder
  private var out: String { folder.path + "/out" }

  init() throws { folder = try TemporaryFolder() }

  private func mix(_ options: String...) throws -> Run {
    try Run(["mix", miniature("base"), miniature("tuned"), "-o", out] + options)
  }

  /// The distance of the result from a model of the family.
  private func distance(_ name: String) throws -> Double {
    let run = try Run("norms", miniature(name), out, "--by", "total", "--csv")
    return try #require(run.table.first?["diff_l2"].flatMap { Double($0) })
  }

  @Test("A model three tenths of the way is three tenths of the distance away")
  func line() throws {
    let run = try mix("--alpha", "0.3", "--json")
    #expect(run.code == 0)
    #expect(run.errors == "")
    let rows = try run.objects()
    #expect(rows.first?["schema"] as? String == "transect.mix/1")
    #expect(rows.filter { $0["treatment"] as? String == "mixed" }.count == 76)
    #expect(rows.last?["coefficient_1"] as? Double == 0.3)
    let (from, to) = try (distance("base"), distance("tuned"))
    // Each of the weights is rounded to 24 bits.
    #expect(abs(from / (from + to) - 0.3) < 1e-6)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: out).sorted() == [
        "config.json", "merges.txt", "model.safetensors", "tokenizer_config.json", "vocab.json",
      ])
  }

  @Test("The four equations agree where they describe one model")
  func equations() throws {
    #expect(try mix("--alpha", "0.3").code == 0)
    let weights = try digest()
    for options in [
      ["--base", miniature("scratch"), "--plus", "0.3", "--minus", "0.7"],
      ["--weight", "0.7", "--weight", "0.3"], ["--alpha", "5", "--where", "=0.3"],
    ] {
      #expect(
        try Run(["mix", miniature("base"), miniature("tuned"), "-o", out, "--force"] + options)
          .code == 0)
      #expect(try digest() == weights, "\(options)")
    }
    let anchored = ["--base", miniature("scratch"), "--beta", "-0.5"]
    #expect(
      try Run(["mix", miniature("base"), miniature("tuned"), "-o", out, "--force"] + anchored).code
        == 0)
    let onLine = try digest()
    #expect(
      try Run(
        "mix", miniature("base"), miniature("tuned"), "-o", out, "--force", "--base",
        miniature("scratch"), "--plus", "-0.5", "--minus", "0.5"
      ).code == 0)
    #expect(try digest() == onLine)
  }

  private func digest() throws -> String {
    let run = try Run("inspect", out, "--digest")
    return try #require(run.lines.first { $0.hasPrefix("model digest") }).description
  }

  @Test("The file tells what it was made of, by which digests it can be made again")
  func recipe() throws {
    #expect(try mix("--alpha", "0.25").code == 0)
    let text = try Run("inspect", out).output
    #expect(text.contains(#""command":"transect mix base tuned --alpha 0.25""#))
    let digests = try Run("inspect", miniature("tuned"), "--digest").lines
    let digest = try #require(digests.first { $0.hasPrefix("model digest: ") }).dropFirst(14)
    #expect(text.contains(#"{"name":"tuned","coefficient":0.25,"content_digest":"\#(digest)"}"#))
  }

  @Test("Threads, memory and ways of reading change no byte")
  func deterministic() throws {
    #expect(try mix("--alpha", "0.4", "--slerp", "--threads", "1").code == 0)
    let bytes = try content(out + "/model.safetensors")
    #expect(
      try mix(
        "--alpha", "0.4", "--slerp", "--threads", "3", "--io", "pread", "--memory", "32MB",
        "--force"
      ).code == 0)
    #expect(try content(out + "/model.safetensors") == bytes)
  }

  @Test("Shards take the place of the one file that was there, and back")
  func shards() throws {
    #expect(try mix("--alpha", "0.5").code == 0)
    let whole = try digest()
    #expect(try mix("--alpha", "0.5", "--shard-size", "400KB", "--force").code == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: out)
    #expect(!names.contains("model.safetensors"))
    #expect(names.contains("model.safetensors.index.json"))
    #expect(try digest() == whole)
    #expect(try mix("--alpha", "0.5", "--force").code == 0)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: out)
        .filter { $0.hasPrefix("model") } == ["model.safetensors"])
  }

  @Test("A folder may be named with a slash at its end")
  func slash() throws {
    let run = try Run(
      "mix", miniature("base"), miniature("tuned"), "--alpha", "0.3", "-o", out + "/")
    #expect(run.code == 0)
    #expect(FileManager.default.fileExists(atPath: out + "/model.safetensors"))
  }

  @Test("Steps too small for the type are reported")
  func swallowed() throws {
    let run = try mix("--alpha", "1e-4", "--dtype", "bf16")
    #expect(run.code == 0)
    #expect(run.errors.contains("rounding swallows"))
    #expect(run.output.contains("swallowed"))
  }

  @Test("Weights are used as given, and those that do not sum to 1 are remarked on")
  func weights() throws {
    let run = try mix("--weight", "1", "--weight", "-0.5")
    #expect(run.code == 0)
    #expect(run.errors.contains("sum to 0.5"))
    let tenths = try mix("--weight", "0.1", "--weight", "0.2", "--force")
    #expect(tenths.errors.contains("sum to 0.3000, not"))
    let near = try mix("--weight", "0.5", "--weight", "0.500001", "--force")
    #expect(near.errors.contains("sum to 1 + 1.000e-06, not"))
    #expect(try mix("--weight", "1", "--weight", "0", "--force", "-q").output == "")
    #expect(try distance("base") == 0)
  }

  @Test(
    "Arguments that describe no model are refused",
    arguments: [
      "", "--alpha nan", "--alpha inf", "--alpha 0.5 --beta 1", "--beta 0.5",
      "--alpha 0.5 --base x",
      "--weight 1", "--weight 0 --weight 0", "--base x --plus 1", "--alpha 1 --where [=2",
      "--weight 1 --weight 1 --slerp", "--alpha 1 --dtype I8",
    ])
  func arguments(options: String) throws {
    let run = try Run(
      ["mix", miniature("base"), miniature("tuned"), "-o", out]
        + options.split(separator: " ").map(String.init))
    #expect(run.code == 64)
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  @Test(
    "Of a --where that is none, the part at fault is named",
    arguments: [
      ("[=2", "'[' is not a regular expression"), ("h", "no '='"),
      ("h=x", "'x' after the last '='"),
    ])
  func override(text: String, message: String) throws {
    let run = try mix("--alpha", "1", "--where", text)
    #expect(run.code == 64)
    #expect(run.errors.contains(message))
  }

  @Test("A --where that changes nothing is remarked on")
  func idleRules() throws {
    let run = try mix(
      "--alpha", "0.5", "--where", "^h\\.0\\.=0.25", "--where", "^h\\.0\\.attn=0.75", "--where",
      "nothing=1")
    #expect(run.code == 0 && run.errorLines.count == 2)
    #expect(run.errorLines[0].contains("attn=0.7500 matches only tensors that an earlier one"))
    #expect(run.errorLines[1].contains("nothing=1.000 matches no tensor"))
  }

  @Test("A name that another format would have is refused, unless a slash makes it a folder's")
  func otherSuffix() throws {
    let models = ["mix", miniature("base"), miniature("tuned"), "--alpha", "0.5", "-o"]
    for suffix in ["bin", "pt", "gguf", "h5", "npz"] {
      let run = try Run(models + ["\(folder.path)/x.\(suffix)"])
      #expect(run.code == 64 && run.errors.contains(".safetensors"))
    }
    #expect(try Run(models + ["\(folder.path)/x.bin/"]).code == 0)
  }

  @Test("Of --plus and --minus the one that is missing is named, and of types those taken")
  func missing() throws {
    let run = try mix("--base", "x", "--minus", "1")
    #expect(run.code == 64 && run.errors.contains("--plus, which is missing"))
    #expect(try !Run("mix", "--help").output.contains("F8_"))
  }

  @Test("A spherical interpolation shows its alpha, and a line for each")
  func spherical() throws {
    let run = try mix("--alpha", "0.25", "--slerp", "--where", "wte=0.75")
    #expect(run.output.contains("alpha 0.2500: ") && run.output.contains("alpha 0.7500: "))
  }

  @Test(
    "A signal ends the run as it would any, and nothing is left of what was being written",
    arguments: ["out", "out.safetensors"], [SIGINT, SIGTERM])
  func signals(name: String, signal: Int32) throws {
    let large = try (0..<2).map { try sparseCheckpoint("in/\($0).safetensors", elements: 1 << 27) }
    try folder.write([], to: "there/x")
    let parent = folder.path + "/there"
    let process = try Run.start(["mix"] + large + ["--alpha", "0.5", "-o", parent + "/" + name])
    while process.isRunning, try FileManager.default.contentsOfDirectory(atPath: parent).count < 2 {
      usleep(1000)
    }
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal)
    #expect(process.terminationStatus == signal)
    #expect(try FileManager.default.contentsOfDirectory(atPath: parent) == ["x"])
  }

  /// A file of zeros that takes no room on disk, and long to mix.
  private func sparseCheckpoint(_ name: String, elements: Int) throws -> String {
    let header =
      #"{"w":{"dtype":"F32","shape":[\#(elements)],"data_offsets":[0,\#(4 * elements)]}}"#
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    let path = try folder.write(length + Array(header.utf8), to: name)
    #expect(truncate(path, 8 + header.utf8.count + 4 * elements) == 0)
    return path
  }

  @Test("What cannot be mixed ends with 2, one line, and no output")
  func refusals() throws {
    let other = try folder.checkpoint("x.safetensors", [.init("wte.weight", [3, 5], from: 0)])
    let unlike = try Run("mix", miniature("base"), other.path, "--alpha", "0.5", "-o", out)
    #expect(unlike.code == 2)
    #expect(unlike.errorLines.count == 1)
    #expect(unlike.errors.contains("wte.weight"))
    #expect(!FileManager.default.fileExists(atPath: out))
    #expect(try mix("--alpha", "0.5").code == 0)
    #expect(try mix("--alpha", "0.5").errors.contains("--force"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
  }
}
