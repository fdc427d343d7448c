import Foundation
import TestSupport
import Testing

@Suite struct PlaneCommandTests {
  private let folder: TemporaryFolder
  private let arguments: [String]

  init() throws {
    folder = try TemporaryFolder()
    let text = try folder.write(Array("A great film.\nA dull one.\n".utf8), to: "text.txt")
    arguments = [
      "--plus", miniature("tuned"), "--minus", miniature("tuned-negative"), "--text", text,
      "--lines",
    ]
  }

  private func plane(_ options: String...) throws -> Run {
    try Run(["plane", "--base", miniature("base")] + arguments + options)
  }

  @Test("Corners have the losses that the checkpoints have, and lines those of path")
  func cornersAndLines() throws {
    let rows = try plane("--x=-1:1:3", "--y=0:2:3", "--csv").table
    #expect(rows.count { $0["part"] == "grid" } == 9)
    let text = arguments[5]
    let path = try Run(
      "path", miniature("tuned-negative"), miniature("tuned"), "--text", text, "--lines", "--alpha",
      "0,1,-1", "--csv"
    ).table
    for (corner, alpha) in [("A", "0.0"), ("B", "1.0"), ("A to B", "-1.0")] {
      let mine = rows.first { $0["part"].map(String.init) == corner }?["nll"]
      let theirs = path.first { $0["alpha"].map(String.init) == alpha }?["nll"]
      #expect(mine != nil && mine == theirs)
    }
  }

  @Test("A point of grid and line is one row of each part, with one loss")
  func sharedPoints() throws {
    let rows = try plane("--x", "0,1", "--y", "0,1", "--csv").table
    let origin = rows.filter { $0["w_plus"] == "0.0" && $0["w_minus"] == "0.0" }
    #expect(origin.map { $0["part"] } == ["grid", "C"])
    #expect(origin[0]["nll"] == origin[1]["nll"])
  }

  @Test("A result has the same bytes for any number of threads")
  func sameBytes() throws {
    let paths = ["1", "2"].map { folder.path + "/\($0).h5" }
    for (threads, path) in zip(["1", "2"], paths) {
      #expect(
        try plane("--x", "0,1", "--y", "0,1", "-q", "-o", path, "--threads", threads).code == 0)
    }
    #expect(try content(paths[0]) == content(paths[1]))
  }

  @Test("Corners of an ensemble's plane have the checkpoints' losses, other points their own")
  func ensembles() throws {
    let grid = ["--x", "0,0.5,1", "--y", "0,1", "--csv"]
    let weights = try Run(["plane", "--base", miniature("base")] + arguments + grid).table
    let run = try Run(
      ["plane", "--base", miniature("base")] + arguments + grid + ["--ensemble", "dexperts"])
    #expect(run.table.count == weights.count)
    for (mine, theirs) in zip(run.table, weights) {
      let isCorner = ["A", "B", "C"].contains(theirs["part"].map(String.init))
      #expect(!isCorner || mine["nll"] == theirs["nll"])
    }
    #expect(run.table.map { $0["nll"] } != weights.map { $0["nll"] })
  }
}
