import ArgumentParser
import Checkpoints
import Glibc
import HDF5

/// `transect export`: results in the forms of other programs.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a result in the form of another program.",
    discussion: """
      --loss-landscape writes the grid of `transect plane -o` as plot_surface.py of the project \
      loss-landscape does: xcoordinates, ycoordinates, train_loss and train_acc, -1 throughout. \
      Its plot_2D.py and h52vtp.py read that.
      """)

  @Argument(help: "The result file.")
  var result: String

  @Option(help: "The file to write, for loss-landscape.")
  var lossLandscape: String

  @Option(help: "Which text's losses, if the result has several.")
  var text: String?

  @Flag(help: "Replace the output file if it exists.")
  var force = false

  func run() throws {
    guard !isSameFile(result, lossLandscape) else {
      throw OutputError(lossLandscape, because: "is the result itself; name another file")
    }
    guard force || access(lossLandscape, F_OK) != 0 else {
      throw OutputError(lossLandscape, because: "exists; --force replaces it")
    }
    let surface = try withStoredResult(result, groups: ["grid"]) { stored in
      let texts = try stored.texts("subset", in: "grid")
      guard let place = text.map({ texts.firstIndex(of: $0) }) ?? (texts.count == 1 ? 0 : nil)
      else {
        throw ValidationError("name one of the texts with --text: \(texts.joined(separator: ", "))")
      }
      let (x, y) = try (coordinates("w_plus", of: stored), coordinates("w_minus", of: stored))
      let losses = try stored.reals("nll", in: "grid", extents: [texts.count, y.count, x.count])
      let surface = losses[place * x.count * y.count..<(place + 1) * x.count * y.count]
      return LossLandscapeFile(x: x, y: y, losses: Array(surface))
    }
    try writeAtomically(surface.image(), to: lossLandscape)
  }

  private func coordinates(_ name: String, of stored: StoredResult) throws -> [Double] {
    guard case .float64(let values) = try stored.values(name, in: "grid", extents: nil) else {
      throw HDF5Error(.foreignFile("holds no coordinates"), group: "grid", variable: name)
    }
    return values
  }
}
