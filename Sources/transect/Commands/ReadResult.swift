import ArgumentParser
import Checkpoints
import HDF5

/// Reads a result file for another process of this program, and is of no use to people.
struct ReadResult: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: StoredResult.readerVerb,
    abstract: "Print what a result file holds, for another process of transect.",
    shouldDisplay: false)

  @Argument(help: "The result file.")
  var file: String

  @Argument(help: "The groups that are wanted.")
  var groups: [String] = []

  func run() throws {
    let input = try storedFile(file)
    try printBytes(StoredResult.answer(image: input.copy(0..<input.byteCount), groups: groups))
  }
}
