import ArgumentParser
import Checkpoints
import HDF5

/// Reads where the weights in an HDF5 file lie for another process of this program, and is of no
/// use to people.
struct ReadWeights: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: WeightFile.readerVerb,
    abstract: "Print where the arrays of an HDF5 file lie, for another process of transect.",
    shouldDisplay: false)

  @Argument(help: "The HDF5 file.")
  var file: String

  func run() throws {
    let byteCount = try InputFile(file, mode: .pread).byteCount
    try printBytes(WeightFile.answer(path: file, byteCount: byteCount))
  }
}
