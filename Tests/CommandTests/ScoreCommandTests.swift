import Foundation
import TestSupport
import Testing

@Suite struct ScoreCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func file(_ lines: [String], _ name: String = "texts.jsonl") throws -> String {
    try folder.write(Array(lines.map { $0 + "\n" }.joined().utf8), to: name)
  }

  private func score(_ path: String, _ options: String...) throws -> Run {
    try Run(["score", path] + options)
  }

  private func number(_ run: Run, _ name: String) throws -> Double {
    try #require(try run.objects().dropFirst().first?[name] as? Double)
  }

  private let texts = [
    #"{"prompt":"This movie","prompt_id":0,"text":" is good good"}"#,
    #"{"prompt":"This movie","prompt_id":0,"text":" is bad"}"#,
    #"{"prompt":"The actors","prompt_id":1,"text":" are here and there"}"#,
    #"{"prompt":"The actors","prompt_id":1,"text":""}"#,
  ]

  @Test("Without a model there are n-grams, repetition and lengths, and empty texts are named")
  func plain() throws {
    let path = try file(texts)
    let run = try score(path, "--json")
    #expect(run.code == 0)
    // Of 5 words 3 and of 4 words 4; 7 of 9 in all.
    #expect(abs(try number(run, "distinct_1") - 0.8) < 1e-12)
    #expect(abs(try number(run, "distinct_1_of_set") - 7.0 / 9) < 1e-12)
    #expect(try number(run, "words_per_text") == 3)
    #expect(try number(run, "n_empty") == 1)
    #expect(try run.objects()[1]["perplexity"] == nil)
    let text = try score(path)
    #expect(text.output.contains("1 text of 4 is empty: line 4"))
  }

  @Test("What generate prints can be scored as it is, given the prompt or alone")
  func generated() throws {
    let written = try Run([
      "generate", miniature("tuned"), "--prompt", "This movie is", "-n", "4", "--max-new", "8",
      "--json",
    ])
    let path = try file(written.lines.map(String.init))
    let scorer = ["--json", "--scorer", miniature("base")]
    let given = try Run(["score", path] + scorer)
    let alone = try Run(["score", path, "--no-conditional"] + scorer)
    #expect(given.code == 0 && alone.code == 0)
    #expect(try number(given, "text_perplexity") != number(alone, "text_perplexity"))
    #expect(try number(given, "nll_texts") == 4)
    // The only point is no news.
    #expect(try score(path).output.hasPrefix("texts: 4 texts of 1 prompt"))
    let threads = try Run(["score", path, "--threads", "1", "--memory", "64MB"] + scorer)
    #expect(threads.output == given.output)
  }

  @Test("A text is as likely after its prompt as the loss of both less that of the prompt")
  func likelihood() throws {
    func loss(_ line: String, _ options: String...) throws -> Double {
      let path = try file([line], "one.jsonl")
      return try number(
        Run(
          ["score", path, "--json", "--per-text", "--scorer", miniature("base")] + options),
        "nll_sum")
    }
    let (prompt, text) = (#""This movie is""#, #"" very good indeed""#)
    let given = try loss("{\"prompt\":\(prompt),\"text\":\(text)}")
    let head = try loss("{\"text\":\(prompt)}", "--no-conditional")
    let whole = try loss(#"{"text":"This movie is very good indeed"}"#, "--no-conditional")
    // The tokens are the same, as the text begins with a blank; sums are of binary32.
    #expect(abs(given + head - whole) < 1e-4)
  }

  @Test("Places on a path and files are sets of their own, and texts of both come one by one")
  func sets() throws {
    let path = try file([
      #"{"prompt":"p","text":"a b","alpha":0}"#, #"{"prompt":"p","text":"a a","alpha":0.5}"#,
    ])
    let other = try file(["one two", "three"], "other.txt")
    let run = try Run(["score", path, "plain=\(other)", "--csv"])
    #expect(run.table.map { $0["set"] } == ["texts", "texts", "plain"])
    #expect(run.table.map { $0["alpha"] } == ["0.0", "0.5", ""])
    #expect(run.table.map { $0["distinct_1"] } == ["1.0", "0.5", "1.0"])
    let each = try Run(["score", path, "plain=\(other)", "--csv", "--per-text"])
    #expect(each.table.map { $0["n_words"] } == ["2", "2", "2", "1"])
    let narrow = try Run(["score", path, other], environment: ["COLUMNS": "60"])
    #expect(narrow.lines.allSatisfy { $0.count <= 60 })
  }

  @Test("A result file passes its checks and is the same again")
  func resultFile() throws {
    let path = try file(texts)
    let (first, second) = (folder.path + "/a.h5", folder.path + "/b.h5")
    for (output, threads) in [(first, "1"), (second, "2")] {
      let run = try score(
        path, "-q", "--scorer", miniature("base"), "--threads", threads, "-o", output)
      #expect(run.code == 0 && run.output.isEmpty)
    }
    #expect(try content(first) == content(second))
    #expect(try Run("verify", first, path, miniature("base")).code == 0)
  }

  private func classifier(_ name: String) -> String {
    PackageFolder.path("Tests/Fixtures/classifiers/\(name)")
  }

  @Test("Classifiers give positive and grammar scores, and say which label is which")
  func classifiers() throws {
    let path = try file(texts)
    let models = ["--sentiment", classifier("roberta"), "--grammar", classifier("gpt2")]
    let run = try Run(["score", path, "--json", "--per-text"] + models)
    #expect(run.code == 0)
    // The last text is empty.
    for row in try run.objects().dropFirst().dropLast() {
      func value(_ name: String) throws -> Double { try #require(row[name] as? Double) }
      let sum = try value("p_negative") + value("p_neutral") + value("p_positive")
      #expect(abs(sum - 1) < 1e-12)
      // Foundation need not read the last digit as it was written.
      let score = try value("p_positive") + value("p_neutral") / 2
      #expect(abs(try value("positive_score") - score) < 1e-12)
      #expect(try (0...1).contains(value("grammar")))
    }
    let shown = try Run(["score", path] + models).output
    #expect(shown.contains("negative = LABEL_0, neutral = LABEL_1, positive = LABEL_2"))
    let output = folder.path + "/classes.h5"
    #expect(try Run(["score", path, "-q", "-o", output] + models).code == 0)
    #expect(try Run("verify", output, path, classifier("roberta"), classifier("gpt2")).code == 0)
  }

  @Test("Labels that do not tell are refused, unless they are named")
  func labels() throws {
    let path = try file(texts)
    let wrong = try score(path, "--grammar", classifier("roberta"))
    #expect(wrong.code == 2 && wrong.errors.contains("LABEL_2"))
    let named = try score(
      path, "--sentiment", classifier("gpt2"), "--sentiment-labels", "positive,negative", "--json")
    let plain = try score(path, "--grammar", classifier("gpt2"), "--json")
    // The second label is what one calls negative, and the other acceptable.
    let sum = try number(named, "positive_score") + number(plain, "grammar")
    #expect(abs(sum - 1) < 1e-12)
    for (option, model, names) in [
      ("--sentiment", "roberta", "negative,positive"), ("--grammar", "gpt2", "good,bad"),
    ] {
      let run = try score(path, option, classifier(model), option + "-labels", names)
      #expect(run.code == 64 && run.errors.contains(option + "-labels: expected two"))
      #expect(run.errors.contains(model == "gpt2" ? "unacceptable, acceptable" : "LABEL_2"))
    }
  }

  @Test("Options without the model that they are of are refused by name")
  func idle() throws {
    let path = try file(texts)
    for options in [
      ["--no-conditional"], ["--no-scorer-bos"], ["--scorer-stride", "4"], ["--no-with-prompt"],
      ["--sentiment-labels", "negative,positive"], ["--grammar-labels", "unacceptable,acceptable"],
    ] {
      let run = try Run(["score", path] + options)
      #expect(run.code == 64 && run.errors.contains("\(options[0]) is for --"))
    }
  }

  @Test("A row of a text has the numbers that its line has, and says which line it is")
  func identity() throws {
    let first = try file([
      #"{"prompt":"p","prompt_id":7,"sample":3,"text":"a"}"#, "",
      #"{"prompt":"q","prompt_id":"q-1","sample":"x","text":"b"}"#,
    ])
    let second = try file(
      [#"{"prompt":"p","prompt_id":7,"text":"c"}"#, #"{"text":"d"}"#], "b.jsonl")
    let rows = try Run(["score", first, second, "--per-text", "--json"]).objects().dropFirst()
    func numbers(_ name: String) -> [Int?] { rows.map { $0[name] as? Int } }
    #expect(rows.map { $0["set"] as? String } == ["texts", "texts", "b", "b"])
    #expect(numbers("line") == [1, 3, 1, 2])
    // What cannot be kept is numbered within its file.
    #expect(numbers("prompt_id") == [7, 1, 7, 1])
    #expect(numbers("sample") == [3, 0, 0, 0])
    #expect(rows.map { $0["prompt"] as? String } == ["p", "q", "p", ""])
    #expect(rows.map { $0["text"] as? String } == ["a", "b", "c", "d"])
    let table = try Run(["score", first, second, "--per-text", "--csv"]).table
    #expect(table.map { $0["line"] } == ["1", "3", "1", "2"] && table[0]["text"] == nil)
    let output = folder.path + "/identity.h5"
    #expect(try score(first, "-q", "-o", output).code == 0)
  }

  @Test("Places are printed where sets differ in them, blank where one has none")
  func places() throws {
    let path = try file([
      #"{"text":"a b","point":0,"alpha":0}"#, #"{"text":"c d","point":1,"alpha":0.5}"#,
    ])
    let plain = try file(["one two"], "plain.txt")
    let lines = try Run(["score", path, plain]).lines
    let heading = try #require(lines.first { $0.hasPrefix("set") })
    #expect(heading.contains("alpha") && !heading.contains("point"))
    #expect(!(try #require(lines.last)).dropFirst(5).prefix(9).contains("NaN"))
    #expect(try Run(["score", path, "--csv"]).table.map { $0["point"] } == ["0", "1"])
  }

  @Test("Texts of white space have no number, whatever is asked")
  func blank() throws {
    let path = try file([
      #"{"prompt":"The film","text":"  "}"#, #"{"prompt":"The film","text":" is good"}"#,
      #"{"prompt":"The film","text":""}"#,
    ])
    let models = ["--scorer", miniature("base"), "--sentiment", classifier("roberta")]
    for options in [[], ["--no-with-prompt"], ["--word-rule", "blanks"], ["--no-conditional"]] {
      let run = try Run(["score", path, "--json"] + models + options)
      for name in ["text_perplexity", "nll", "positive_score", "distinct_1", "words_per_text"] {
        #expect(try number(run, name + "_texts") == 1)
      }
      #expect(try number(run, "n_empty") == 2)
      let rows = try Run(["score", path, "--json", "--per-text"] + models + options).objects()
      for row in [rows[1], rows[3]] {
        for name in ["perplexity", "nll_sum", "positive_score", "repetition_4"] {
          #expect(row[name] is NSNull)
        }
        #expect(row["n_words"] as? Int == 0 && row["n_scored"] as? Int == 0)
      }
    }
  }

  @Test("A classifier is no scorer, although its weights would do for one")
  func classifierAsScorer() throws {
    let path = try file(texts)
    let expected = "architectures is GPT2ForSequenceClassification, which has no head for tokens"
    for arguments in [
      ["score", path, "--scorer", classifier("gpt2")],
      ["generate", classifier("gpt2"), "--prompt", "a"],
    ] {
      let run = try Run(arguments)
      #expect(run.code == 2 && run.errorLines.count == 1 && run.errors.contains(expected))
    }
  }

  @Test("The header says how texts were scored, by what")
  func header() throws {
    let run = try Run([
      "score", file(texts), "--json", "--scorer", miniature("base"), "--no-scorer-bos",
      "--sentiment", classifier("roberta"),
    ])
    let header = try #require(try run.objects().first)
    #expect(header["scorer_bos"] as? Bool == false && header["scorer"] as? String == "base")
    #expect(header["sentiment"] as? String == "roberta" && header["grammar"] is NSNull)
    let labels = try #require(header["sentiment_labels"] as? [String: String])
    #expect(labels == ["negative": "LABEL_0", "neutral": "LABEL_1", "positive": "LABEL_2"])
  }

  @Test("A name is what comes before =, unless it is part of a path")
  func names() throws {
    let path = try file([#"{"text":"a"}"#], "k=v.jsonl")
    #expect(try Run(["score", path, "--csv"]).table.map { $0["set"] } == ["k=v"])
    let twice = try Run(["score", path, path])
    #expect(twice.code == 64 && twice.errors.contains("two files are called 'k=v'"))
  }

  @Test("Plain text is told how to be read, and a line that was cut off so named")
  func unlike() throws {
    let plain = try score(file(["", "a text"]))
    #expect(plain.code == 2 && plain.errors.contains("line 2: expected a JSON object; --lines"))
    for cut in [#"{"text":"#, #"{"text":"a"#, #"{"text":"a""#, #"{"text""#, "{"] {
      let run = try score(file([#"{"text":"fine"}"#, cut]))
      #expect(run.code == 2 && run.errors.contains("line 2: byte"))
      #expect(run.errors.contains("the line ends early"))
    }
  }

  @Test("Memory that texts take is counted by text as well as by byte")
  func memory() throws {
    let path = try file(Array(repeating: #"{"text":"a"}"#, count: 40_000))
    #expect(try score(path, "-q", "--memory", "64MB").code == 0)
    let run = try score(path, "--per-text", "-q", "--memory", "32MB")
    #expect(run.code == 64 && run.errors.contains("grant that with --memory"))
  }

  @Test("A bad line is named with its file, in one line, with code 2")
  func badLine() throws {
    for (line, what) in [
      ("{\"text\":", "line 2"), (#"{"prompt":"p"}"#, "line 2: has no member \"text\""),
      (#"{"text":7}"#, "is not a text"), ("\"\u{1B}[2J\"", "line 2"),
    ] {
      let run = try score(file([#"{"text":"fine"}"#, line]))
      #expect(run.code == 2 && run.output.isEmpty)
      #expect(run.errorLines.count == 1)
      #expect(run.errors.contains("texts.jsonl") && run.errors.contains(what))
      #expect(!run.errors.contains("\u{1B}"))
    }
  }

  @Test("Files without texts and models that are none are refused")
  func unusable() throws {
    for lines in [[], [""], [#"{"kind":"header","schema":"transect.generate/1"}"#]] {
      let run = try score(file(lines))
      #expect(run.code == 2 && run.errors.contains("has no texts"))
    }
    let path = try file(texts)
    #expect(try score(path, "--scorer", folder.path).code == 2)
    #expect(try score(path, "--sentiment", miniature("base")).code == 2)
    #expect(try score(folder.path + "/none.jsonl").code == 2)
  }

  @Test("Wrong numbers and contradictions are refused")
  func refusals() throws {
    let path = try file(texts)
    for options in [
      ["--scorer-stride", "0"], ["--word-rule", "letters"], ["--lines", "--prompt-field", "p"],
      ["--scorer", miniature("base"), "--scorer-stride", "100000"], [path],
      ["--scorer", miniature("base"), "--memory", "32MB", "--threads", "64"],
    ] {
      #expect(try Run(["score", path] + options).code == 64, "\(options)")
    }
  }

  @Test("What texts and names contain cannot steer a terminal")
  func escapes() throws {
    let path = try file([#"{"prompt":"\u001b[2J","text":"a \u001b]0;x\u0007"}"#])
    for options in [[], ["--per-text"], ["--csv"]] {
      let run = try Run(["score", "\u{1B}[2Jname=\(path)"] + options)
      #expect(run.code == 0)
      #expect(!run.output.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    }
  }
}
