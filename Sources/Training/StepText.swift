import JSON

extension TrainingStep {
  /// The step as a JSON object, without its number. Numbers read back as the same bits.
  var json: String {
    jsonObject([
      ("loss", "\(loss)"), ("rate", "\(rate)"), ("norm", "\(gradientNorm)"),
      ("valid", validationLoss.map { "\($0)" } ?? "null"),
      ("accuracy", accuracy.map { "\($0)" } ?? "null"),
      ("valid_accuracy", validationAccuracy.map { "\($0)" } ?? "null"),
    ])
  }

  /// Reads a step back; `nil` if it is none.
  init?(number: Int, json: String) {
    var (members, scanner) = ([String: String](), JSONScanner(Array(json.utf8)))
    do {
      try scanner.object { scanner, name in members[name] = try scanner.valueText() }
    } catch {
      return nil
    }
    func value(_ name: String) -> Double? { members[name].flatMap { Double($0) } }
    guard let loss = value("loss"), let rate = value("rate"), let norm = value("norm") else {
      return nil
    }
    self.init(
      number: number, loss: loss, accuracy: value("accuracy"), rate: rate, gradientNorm: norm,
      validationLoss: value("valid"), validationAccuracy: value("valid_accuracy"))
  }
}

extension TrainingProgress {
  /// The progress as text beside tensors. Numbers read back as the same bits.
  var metadata: [(key: String, value: String)] {
    [("step", "\(step)"), ("validations_since_best", "\(validationsSinceBest)")]
      + (best.map { [("best_step", "\($0.step)"), ("best_loss", "\($0.loss)")] } ?? [])
  }

  /// Reads progress back; `nil` if it is none.
  init?(_ metadata: [String: String]) {
    func integer(_ name: String) -> Int? {
      metadata[name].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
    }
    guard let step = integer("step"), let since = integer("validations_since_best") else {
      return nil
    }
    let best = integer("best_step").flatMap { step in
      metadata["best_loss"].flatMap { Double($0) }.map { Validation(step: step, loss: $0) }
    }
    self.init(step: step, best: best, validationsSinceBest: since)
  }
}
