import Checkpoints

/// What the positions along one axis of a parameter stand for.
///
/// Positions that can be exchanged without changing what a model computes, if it is done along
/// every axis that bears them, are units: channels of the residual stream, hidden units of an
/// MLP, heads and the dimensions within a head. The others have labels that mean something.
public enum AxisRole: String, CaseIterable, Hashable, Sendable {
  /// Channels of the residual stream: one group for the whole model.
  case residual
  /// Hidden units of one layer's MLP.
  case hidden
  /// Queries of one layer's attention, heads one after the other.
  case query
  /// Keys of one layer's attention; there may be fewer key heads than query heads.
  case key
  /// Values of one layer's attention, as many heads as keys have.
  case value
  /// What attention hands to its output projection: a head's worth for each query head.
  case context
  /// Entries of the vocabulary.
  case token
  /// Positions of the text.
  case position
  /// Anything else that has a fixed order, such as classes.
  case other
}

/// How many heads the attention of a model has.
public struct AttentionHeads: Hashable, Sendable {
  /// Heads of queries.
  public let query: Int
  /// Heads of keys and values; each serves `query / keyValue` query heads that follow each other.
  public let keyValue: Int

  /// Creates a count, or `nil` unless both are positive and the second divides the first.
  ///
  /// - Parameters:
  ///   - query: heads of queries.
  ///   - keyValue: heads of keys and values; `nil` is as many as queries have.
  public init?(query: Int, keyValue: Int? = nil) {
    let keyValue = keyValue ?? query
    guard query > 0, keyValue > 0, query.isMultiple(of: keyValue) else { return nil }
    (self.query, self.keyValue) = (query, keyValue)
  }

  /// The heads that one axis of this role holds, or `nil` if it holds none.
  public func count(along role: AxisRole) -> Int? {
    switch role {
    case .query, .context: query
    case .key, .value: keyValue
    default: nil
    }
  }
}

extension AttentionHeads {
  /// The heads that a model's configuration tells of, or `nil` if it tells none that make sense.
  ///
  /// - Parameter configuration: `n_head` or `num_attention_heads`, and `num_key_value_heads` where
  ///   queries share keys.
  public init?(_ configuration: ModelConfiguration) {
    guard let query = configuration.integer("n_head", "num_attention_heads", "n_heads") else {
      return nil
    }
    self.init(query: query, keyValue: configuration.integer("num_key_value_heads", "n_kv_heads"))
  }
}
