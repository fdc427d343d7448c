import CLayers

/// What a feed-forward layer applies to each hidden unit.
///
/// The raw values are the names of `activation_function` in configurations.
public enum Activation: String, CaseIterable, Sendable {
  /// x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))), the Gaussian unit of GPT-2.
  case tanh = "gelu_new"
  /// x/2 · (1 + erf(x/√2)), the Gaussian unit of RoBERTa.
  case erf = "gelu"
  /// max(x, 0).
  case relu
}

/// Applies an activation to every element, in place.
///
/// NaN stays NaN; +∞ stays and −∞ becomes 0.
///
/// - Parameters:
///   - x: [count]; overwritten.
///   - count: the number of elements; may be 0.
///   - kind: the function.
/// - Complexity: O(count), no allocation.
///
/// Source: Hendrycks & Gimpel 2016, "Gaussian Error Linear Units", section 2.
public func activate(_ x: UnsafeMutablePointer<Float>, count: Int, by kind: Activation) {
  layer_loops.best.activate(x, count: count, by: kind)
}

extension layer_loops {
  func activate(_ x: UnsafeMutablePointer<Float>, count: Int, by kind: Activation) {
    precondition(count >= 0)
    switch kind {
    case .tanh: gelu_tanh(x, count)
    case .erf: gelu_erf(x, count)
    case .relu: relu(x, count)
    }
  }
}
