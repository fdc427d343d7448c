import ArgumentParser
import Tensors

/// A regular expression for canonical names; `Regex` keeps state that may not be shared, so each
/// use compiles.
struct NamePattern: Sendable {
  /// The expression.
  let source: String

  /// Checks an expression.
  ///
  /// - Parameter source: the expression.
  /// - Throws: `ValidationError` if it is none.
  init(_ source: String) throws {
    do {
      _ = try Regex(source)
    } catch {
      throw ValidationError("'\(source)' is not a regular expression: \(error)")
    }
    self.source = source
  }

  /// Whether any part of a name matches.
  func matches(_ name: TensorName) -> Bool {
    guard let expression = try? Regex(source) else { return false }
    return name.text.contains(expression)
  }
}
