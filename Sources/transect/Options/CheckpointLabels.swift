import Checkpoints
import Geometry

/// Short, distinct names for checkpoints: a file's stem, or its folder's name where the file is
/// called as in every folder.
///
/// - Parameter arguments: as given on the command line.
/// - Returns: one label for each.
func labels(of arguments: [String]) -> [String] {
  var used = Set<String>()
  return arguments.map { argument in
    let name = stem(of: argument)
    var (label, number) = (name, 1)
    while !used.insert(label).inserted {
      number += 1
      label = "\(name)#\(number)"
    }
    return label
  }
}

private func stem(of path: String) -> String {
  let parts = path.split(separator: "/").map(String.init).filter { $0 != "." }
  guard let last = parts.last, last != ".." else { return recordedPath(path, whole: false) }
  let suffixes = [
    ".safetensors.index.json", ".bin.index.json", ".safetensors", ".bin", ".pt", ".pth",
  ]
  guard let suffix = suffixes.first(where: last.hasSuffix) else { return last }
  let name = String(last.dropLast(suffix.count))
  let isGeneric = ["model", "pytorch_model"].contains(name) && parts.count > 1
  return isGeneric ? parts[parts.count - 2] : name
}

/// What a reader should know of each checkpoint and no figure tells, its name before each.
///
/// - Parameters:
///   - models: the checkpoints.
///   - names: one for each.
/// - Returns: a line for each note, fit for a terminal.
func noteLines(_ models: [ParameterList], _ names: [String]) -> [String] {
  zip(names, models).flatMap { name, model in
    model.checkpoint.notes.map { "\(name): \($0)".escapedForTerminal }
  }
}
