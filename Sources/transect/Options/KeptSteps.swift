import ArgumentParser

/// Steps of a run after which the weights are written as checkpoints of their own.
struct KeptSteps: ExpressibleByArgument {
  /// The steps; 0 is before the first one.
  let steps: Set<Int>

  init?(argument: String) {
    let words = argument.split(separator: ",", omittingEmptySubsequences: false)
    let steps = words.compactMap { Int($0) }
    guard steps.count == words.count, steps.allSatisfy({ $0 >= 0 }) else { return nil }
    self.steps = Set(steps)
  }
}

extension CheckpointOutputOptions {
  /// Where the weights after a step go: beside the output, under its name with the step behind it.
  func after(step: Int) -> CheckpointOutputOptions {
    var other = self
    let ending = isFile ? ".safetensors" : ""
    var name = output.dropLast(ending.count)
    while name.count > 1, name.hasSuffix("/") { name.removeLast() }
    other.output = "\(name)-step-\(step)\(ending)"
    return other
  }
}
