import JSON

/// The settings of a model, as the outermost members of its `config.json` give them.
public struct ModelSettings: Hashable, Sendable {
  /// The file, for messages.
  public let path: String
  /// The JSON text of each value, such as `"gelu_new"` with its quotes, `12` or `null`.
  public let values: [String: String]

  /// Takes settings that were read elsewhere.
  ///
  /// - Parameters:
  ///   - path: the file, for messages.
  ///   - values: the JSON text of each value.
  public init(path: String, values: [String: String]) { (self.path, self.values) = (path, values) }

  /// A whole number that is not negative, or `nil` if it is not set.
  ///
  /// - Throws: ``ModelError`` if it is something else.
  func integer(_ name: String) throws -> Int? {
    try value(name, "a whole number") { Int($0).flatMap { $0 >= 0 ? $0 : nil } }
  }

  /// A finite number, or `nil` if it is not set.
  ///
  /// - Throws: ``ModelError`` if it is something else.
  public func number(_ name: String) throws -> Double? {
    try value(name, "a number") { Double($0).flatMap { $0.isFinite ? $0 : nil } }
  }

  /// A rate of dropout: the first of some settings that is set, or else 0.1.
  ///
  /// - Throws: ``ModelError`` if it is no number from 0 to less than 1.
  func dropoutRate(_ names: [String]) throws -> Double {
    guard let name = names.first(where: has), let rate = try number(name) else { return 0.1 }
    guard 0..<1 ~= rate else { throw refusal(of: name, "not from 0 to less than 1") }
    return rate
  }

  /// A truth value, or `nil` if it is not set.
  ///
  /// - Throws: ``ModelError`` if it is something else.
  func flag(_ name: String) throws -> Bool? { try value(name, "true or false") { Bool($0) } }

  /// A text without escapes, or `nil` if it is not set.
  ///
  /// - Throws: ``ModelError`` if it is something else.
  func text(_ name: String) throws -> String? {
    try value(name, "a text") { text in
      guard text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return nil }
      return String(text.dropFirst().dropLast())
    }
  }

  /// The function of a hidden layer, or `nil` if it is not set.
  ///
  /// - Throws: ``ModelError`` if it is none of those that are supported.
  func activation(_ name: String) throws -> Activation? {
    switch try text(name) {
    case nil: return nil
    case "gelu_new", "gelu_pytorch_tanh", "gelu_fast": return .tanh
    case "gelu": return .erf
    case "relu": return .relu
    default:
      throw refusal(of: name, "not one of gelu_new, gelu_pytorch_tanh, gelu_fast, gelu and relu")
    }
  }

  /// Heads of attention, checked against the channels that they share.
  ///
  /// - Parameters:
  ///   - given: takes precedence over the settings.
  ///   - setting: the name of the setting.
  ///   - width: channels.
  /// - Returns: a divisor of `width`.
  /// - Throws: ``ModelError`` if nothing says how many there are, or they cannot share the channels.
  func headCount(given: Int? = nil, setting: String, width: Int) throws -> Int {
    guard let count = try given ?? integer(setting) else {
      throw ModelError(
        .unknown, in: path,
        "no config.json says how many attention heads there are (\(setting)), and shapes cannot")
    }
    guard count > 0, width % count == 0 else {
      throw ModelError(
        .mismatch, in: path, "\(count) attention heads cannot share \(width) channels")
    }
    guard width / count <= widestHead else {
      throw ModelError(
        .unsupported, in: path,
        "attention heads of \(width / count) channels are too wide; \(widestHead) are supported")
    }
    return count
  }

  /// An extent of a model that has no weights yet.
  ///
  /// - Throws: ``ModelError`` if it is not set, is 0, or is beyond any model of this kind.
  func extent(_ name: String) throws -> Int {
    guard let value = try integer(name), 1...ModelSettings.largestExtent ~= value else {
      throw refusal(
        of: name, "and should be from 1 to \(ModelSettings.largestExtent)", as: .unknown)
    }
    return value
  }

  /// No product of two such extents overflows.
  private static let largestExtent = 1 << 24

  /// Refuses a model whose stored weights are codes.
  func refuseQuantization() throws {
    guard has("quantization_config") else { return }
    throw ModelError(
      .unsupported, in: path, "quantization_config is set, which is not supported")
  }

  /// Refuses settings that repeat an extent and contradict the shapes of weights.
  func requireAgreement(with extents: [(name: String, extent: Int)]) throws {
    for (name, extent) in extents {
      guard let value = try integer(name), value != extent else { continue }
      throw refusal(of: name, "but the shapes of the weights say \(extent)", as: .mismatch)
    }
  }

  /// Whether a setting has a value.
  func has(_ name: String) -> Bool { values[name].map { $0 != "null" } ?? false }

  private func value<Value>(
    _ name: String, _ expected: String, _ parse: (String) -> Value?
  ) throws -> Value? {
    guard has(name), let text = values[name] else { return nil }
    guard let value = parse(text) else { throw refusal(of: name, "should be \(expected)") }
    return value
  }

  /// What to say of a setting that cannot be used.
  func refusal(
    of name: String, _ detail: String, as reason: ModelError.Reason = .unsupported
  ) -> ModelError {
    let value = names(name)?.joined(separator: ", ") ?? values[name]
    return ModelError(reason, in: path, "\(name) is \(value ?? "not set"), \(detail)")
  }

  /// The texts of an array, or `nil` if it is none of texts, or is empty.
  func names(_ name: String) -> [String]? {
    var names: [String] = []
    do {
      try JSONScanner.read(Array((values[name] ?? "").utf8)) { scanner in
        try scanner.array { names.append(try $0.string()) }
      }
    } catch { return nil }
    return names.isEmpty ? nil : names
  }
}
