import TestSupport
import Testing

@Suite struct NextCommandTests {
  private func next(_ options: String...) throws -> Run {
    try Run(
      ["next", miniature("tuned-negative"), miniature("tuned"), "--prompt", "This movie is"]
        + options)
  }

  @Test("Words of praise become likelier towards the positive fine-tune, at every step")
  func monotone() throws {
    let rows = try next("--words", "great,bad", "--top", "0", "--alpha=-1:2:7", "--csv").table
    func probabilities(_ word: String) -> [Double] {
      rows.filter { $0["token"].map(String.init) == word }.compactMap {
        Double($0["probability"] ?? "")
      }
    }
    let (great, bad) = (probabilities(" great"), probabilities(" bad"))
    #expect(great.count == 7 && great == great.sorted())
    #expect(bad.count == 7 && bad == bad.sorted(by: >))
  }

  @Test("Probabilities of the whole vocabulary sum to 1")
  func sum() throws {
    let rows = try next("--top", "1024", "--alpha", "0", "--json").objects()
    let sum = rows.filter { $0["alpha"] as? Double == 0 }
      .compactMap { $0["probability"] as? Double }.reduce(0, +)
    // Logits of binary32 are rounded to some 1e-6.
    #expect((sum - 1).magnitude < 1e-5)
  }

  @Test("A word that is among the likeliest is shown once, and a word of two tokens as a whole")
  func words() throws {
    let rows = try next("--words", "a,terrible", "--top", "3", "--alpha", "0", "--csv").table
    let first = rows.filter { $0["alpha"] == "0.0" }
    #expect(first.count == 5)
    #expect(Set(first.map { $0["token"] }).count == 5)
    #expect(first[1]["n_tokens"].flatMap { Int($0) } ?? 0 > 1)
  }

  @Test("Sums of logits meet sums of weights at the ends, and are geometric means between")
  func ensembles() throws {
    func rows(_ more: String...) throws -> [[String: Any]] {
      try Run(
        ["next", miniature("tuned-negative"), miniature("tuned"), "--prompt", "This movie is"]
          + ["--words", "great,bad", "--top", "2000", "--alpha", "0.5", "--json"] + more
      ).objects()
    }
    func logs(_ rows: [[String: Any]], at alpha: Double) -> [Int: Double] {
      let pairs = rows.filter { $0["alpha"] as? Double == alpha && $0["n_tokens"] as? Int == 1 }
        .compactMap { row in
          (row["id"] as? Int).flatMap { id in
            (row["log_probability"] as? Double).map { (id, $0) }
          }
        }
      return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }
    let (weights, sums) = (try rows(), try rows("--ensemble", "logits"))
    let (a, b, middle) = (logs(sums, at: 0), logs(sums, at: 1), logs(sums, at: 0.5))
    #expect(a.count > 500 && logs(weights, at: 0) == a && logs(weights, at: 1) == b)
    // log p at the middle is the mean of the ends' log p, less one constant.
    let constants = middle.map { $0.value - ((a[$0.key] ?? .nan) + (b[$0.key] ?? .nan)) / 2 }
    // Log-probabilities of size 10 in binary32, three of them.
    #expect((constants.max() ?? .nan) - (constants.min() ?? .nan) < 1e-5)
  }
}
