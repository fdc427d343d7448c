import JSON
import Tensors

/// A classifier to be trained, and what it makes of text.
public struct TrainableClassifier: Sendable {
  /// What is trained.
  public let model: any TrainableModel
  /// What kind of model it is.
  public let family: ClassifierFamily
  /// The names of the classes, in the order of their numbers.
  public let labels: [String]

  /// Describes a classifier whose weights, but perhaps those of its head, are there.
  ///
  /// - Parameters:
  ///   - weights: canonical names, as ``ParameterName`` has them; `nil` if all are to be drawn.
  ///   - settings: those of a classifier's `config.json`.
  /// - Throws: ``ModelError`` if it is a model of another kind, asks for what is not supported, or a
  ///   tensor besides the head's is missing or has another shape.
  public init(_ weights: (some StateDict)?, settings: ModelSettings) throws {
    family = try Models.family(of: settings)
    labels = try ClassLabels(settings).names
    model =
      switch (family, weights) {
      case (.gpt2, let weights?):
        try GPT2Configuration(of: weights, settings: settings, classCount: labels.count)
      case (.gpt2, nil):
        try GPT2Configuration(settings: settings, classCount: labels.count)
      case (_, let weights?):
        try EncoderConfiguration(
          family, of: weights, settings: settings, classCount: labels.count)
      case (_, nil):
        try EncoderConfiguration(family, settings: settings, classCount: labels.count)
      }
  }
}

extension ModelSettings {
  /// Whether they are those of a model that tells classes apart.
  public var areOfClassifier: Bool {
    names("architectures")?.contains { $0.hasSuffix("ForSequenceClassification") } ?? false
  }

  /// The settings of a classifier that is made of this model.
  ///
  /// - Parameters:
  ///   - labels: the names of its classes.
  ///   - paddingToken: the token that GPT-2's sequences are filled up with, where settings have none.
  /// - Returns: the settings with `architectures`, `id2label`, `label2id` and `pad_token_id`.
  /// - Throws: ``ModelError`` if `model_type` is none that can classify.
  public func classifying(_ labels: [String], paddingToken: Int?) throws -> ModelSettings {
    guard let family = try text("model_type").flatMap(ClassifierFamily.init) else {
      throw refusal(of: "model_type", "and only roberta, bert and gpt2 can classify")
    }
    var values = values
    values["architectures"] = "[\(jsonString(family.className))]"
    values["id2label"] = jsonObject(
      labels.enumerated().map { ("\($0)", jsonString($1)) })
    values["label2id"] = jsonObject(labels.enumerated().map { ($1, "\($0)") })
    values["num_labels"] = nil
    values["problem_type"] = nil
    if family == .gpt2, !has("pad_token_id"),
      let token = try paddingToken ?? integer("eos_token_id")
    {
      values["pad_token_id"] = "\(token)"
    }
    return ModelSettings(path: path, values: values)
  }

  /// The settings as the content of a `config.json`, sorted by name.
  public var json: String {
    let members = values.sorted { $0.key < $1.key }.map { "  \(jsonString($0)): \($1)" }
    return "{\n\(members.joined(separator: ",\n"))\n}\n"
  }
}
