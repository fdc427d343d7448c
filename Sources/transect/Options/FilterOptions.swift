import ArgumentParser
import Geometry
import HDF5
import Tensors

/// Which tensors to take.
struct FilterOptions: ParsableArguments {
  @Option(help: "Take only tensors whose canonical name matches this regular expression.")
  var include: String?

  @Option(help: "Leave out tensors whose canonical name matches this regular expression.")
  var exclude: String?

  func validate() throws {
    for pattern in [include, exclude].compactMap({ $0 }) { _ = try compile(pattern) }
  }

  /// A test for names.
  func predicate() throws -> @Sendable (TensorName) -> Bool {
    let (taken, left) = try (include.map(compile), exclude.map(compile))
    return { name in
      (taken?.matches(name) ?? true) && !(left?.matches(name) ?? false)
    }
  }

  /// The options that shape a result, in a fixed order.
  ///
  /// - Parameter paths: whether patterns that look like paths may be told; if not, they are left
  ///   out.
  /// - Returns: the options as on a command line.
  func recorded(paths: Bool) -> [String] {
    func text(_ pattern: String) -> String {
      paths || UserPath.words(in: pattern).isEmpty ? pattern : "PATTERN"
    }
    return (include.map { ["--include", text($0)] } ?? [])
      + (exclude.map { ["--exclude", text($0)] } ?? [])
  }

  private func compile(_ pattern: String) throws -> Pattern {
    do {
      return try Pattern(pattern)
    } catch {
      throw ValidationError("'\(pattern)' is not a regular expression: \(error)")
    }
  }

  /// A regular expression; `Regex` keeps state that may not be shared, so each use compiles.
  private struct Pattern: Sendable {
    private let source: String

    init(_ source: String) throws {
      _ = try Regex(source)
      self.source = source
    }

    func matches(_ name: TensorName) -> Bool {
      guard let expression = try? Regex(source) else { return false }
      return name.text.contains(expression)
    }
  }
}
