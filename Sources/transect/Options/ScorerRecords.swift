import Checkpoints
import Evaluation
import HDF5
import JSON

/// What is told of scorers beside their numbers.
extension ScorerOptions {
  /// What is scored how, for a person.
  ///
  /// - Parameter scorer: of these options.
  /// - Returns: lines.
  func notes(_ scorer: TextScorer) -> [String] {
    let likelihood = self.scorer.map { argument in
      "perplexity by \(labels(of: [argument])[0]), "
        + (conditional ? "given the prompt" : "as if nothing preceded the text")
    }
    let seen = withPrompt ? "of prompt and text" : "of the text alone"
    let classes: [(argument: String?, name: String, roles: LabelRoles?)] = [
      (sentiment, "positive score", scorer.sentiment?.score.roles),
      (grammar, "grammar score", scorer.grammar?.score.roles),
    ]
    return (likelihood.map { [$0] } ?? [])
      + classes.flatMap { judge -> [String] in
        guard let argument = judge.argument, let roles = judge.roles else { return [] }
        let areNamed = roles.roles.allSatisfy { $0.name == $0.label.lowercased() }
        return ["\(judge.name) by \(labels(of: [argument])[0]), \(seen)"]
          + (areNamed ? [] : ["  \(roles)"])
      }
  }

  /// What scores are of, as members of a JSON header: names, and values that are JSON already.
  var jsonMembers: [(String, String)] {
    [
      ("conditional", "\(conditional)"), ("with_prompt", "\(withPrompt)"),
      ("words", jsonString(wordRule.rawValue)),
    ]
  }

  /// What scores are of, as attributes of a result.
  var attributes: [ResultAttribute] {
    func flag(_ name: String, _ value: Bool) -> ResultAttribute {
      ResultAttribute(name, .int32(value ? 1 : 0))
    }
    return [
      flag("conditional", conditional), flag("scorer_bos", scorerBos),
      flag("with_prompt", withPrompt),
      ResultAttribute("words", .text(wordRule.rawValue)),
    ]
  }

  /// The same as members of a JSON header, with the names of models, and which label of a classifier
  /// plays which part; `null` where there is no model.
  ///
  /// - Parameter scorer: of these options.
  /// - Returns: names and values.
  func members(_ scorer: TextScorer) -> [(String, String)] {
    func name(_ argument: String?) -> String {
      argument.map { jsonString(labels(of: [$0])[0]) } ?? "null"
    }
    func parts(_ found: LabelRoles?) -> String {
      found.map { jsonObject($0.roles.map { ($0.name, jsonString($0.label)) }) } ?? "null"
    }
    return [
      ("conditional", "\(conditional)"), ("scorer_bos", "\(scorerBos)"),
      ("scorer_stride", scorerStride.map { "\($0)" } ?? "null"),
      ("with_prompt", "\(withPrompt)"), ("words", jsonString(wordRule.rawValue)),
      ("scorer", name(self.scorer)), ("sentiment", name(sentiment)),
      ("sentiment_labels", parts(scorer.sentiment?.score.roles)), ("grammar", name(grammar)),
      ("grammar_labels", parts(scorer.grammar?.score.roles)),
    ]
  }
}
