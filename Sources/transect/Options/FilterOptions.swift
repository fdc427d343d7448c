import ArgumentParser
import Geometry
import HDF5
import Tensors

/// Which tensors to take, by their names.
struct NameFilterOptions: ParsableArguments {
  @Option(help: "Take only tensors whose canonical name matches this regular expression.")
  var include: String?

  @Option(help: "Leave out tensors whose canonical name matches this regular expression.")
  var exclude: String?

  func validate() throws {
    for pattern in [include, exclude].compactMap({ $0 }) { _ = try NamePattern(pattern) }
  }

  /// A test for names.
  func predicate() throws -> @Sendable (TensorName) -> Bool {
    let (taken, left) = try (include.map(NamePattern.init), exclude.map(NamePattern.init))
    return { name in
      (taken?.matches(name) ?? true) && !(left?.matches(name) ?? false)
    }
  }

  /// The options as they are recorded: a pattern that looks like a path is left out unless paths may
  /// be told.
  func recorded(withPaths: Bool) -> [String] {
    [("--include", include), ("--exclude", exclude)].flatMap { option, pattern in
      pattern.map { [option, withPaths || UserPath.words(in: $0).isEmpty ? $0 : "PATTERN"] } ?? []
    }
  }
}

/// Which tensors to take, and how to pair them.
struct FilterOptions: ParsableArguments {
  @OptionGroup var names: NameFilterOptions

  @Flag(help: "Compare matrices that one checkpoint stores transposed (Conv1D and Linear).")
  var matchTransposed = false

  /// A test for names.
  func predicate() throws -> @Sendable (TensorName) -> Bool { try names.predicate() }

  /// How to pair two checkpoints.
  func pairing() throws -> CheckpointPairing.Options {
    var options = CheckpointPairing.Options()
    options.matchesTransposed = matchTransposed
    options.isIncluded = try predicate()
    return options
  }

  /// The options as they are recorded.
  func recorded(withPaths: Bool) -> [String] {
    (matchTransposed ? ["--match-transposed"] : []) + names.recorded(withPaths: withPaths)
  }
}
