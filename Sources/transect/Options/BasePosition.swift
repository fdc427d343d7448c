import ArgumentParser
import Glibc

/// Which of some checkpoints `--base` names: by the same argument, by another path to the same
/// file or folder, or by its label.
///
/// - Parameters:
///   - base: the value of `--base`, if it is given.
///   - arguments: the checkpoints as given on the command line.
/// - Returns: its position; the number of checkpoints if it is one more; `nil` without a base.
/// - Throws: `ValidationError` if it is the label of one and the path of something else.
func basePosition(_ base: String?, among arguments: [String]) throws -> Int? {
  guard let base else { return nil }
  if let position = arguments.firstIndex(of: base) { return position }
  if let position = arguments.firstIndex(where: { isSameFile($0, base) }) { return position }
  guard let position = labels(of: arguments).firstIndex(of: base) else { return arguments.count }
  guard access(base, F_OK) != 0 else {
    throw ValidationError(
      "--base \(base) is the label of \(arguments[position]), and there is another file or folder "
        + "of that name; write \(arguments[position]) or ./\(base)")
  }
  return position
}
