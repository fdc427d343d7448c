import Foundation
import TestSupport
import Testing

/// Result files that were damaged are read or refused, and the program survives.
@Suite struct DamagedResultTests {
  private let folder: TemporaryFolder
  private let content: [UInt8]

  init() throws {
    folder = try TemporaryFolder()
    let path = folder.path + "/gram.h5"
    let models = ["base", "tuned"].map(miniature)
    #expect(try Run(["gram"] + models + ["-q", "-o", path]).code == 0)
    content = try CommandTests.content(path)
  }

  private func read(_ bytes: [UInt8]) throws -> Run {
    try Run("gram", folder.write(bytes, to: "damaged.h5"), "--at", "1,0")
  }

  @Test("One byte changed in three dozen places gives a result or one line")
  func bytes() throws {
    for step in 0..<36 {
      var damaged = content
      // The first kilobytes hold the structures that led libhdf5 astray most often.
      damaged[step * 211 % content.count] ^= 0xFF
      let run = try read(damaged)
      #expect(run.code == 0 || run.code == 2)
      #expect(run.errorLines.count == (run.code == 0 ? 0 : 1))
    }
  }

  @Test("A file cut off is refused with one line that names it")
  func cut() throws {
    for length in stride(from: 0, to: content.count, by: content.count / 8) {
      let run = try read(Array(content.prefix(length)))
      #expect(run.code == 2 && run.errorLines.count == 1)
      #expect(run.errors.contains("damaged.h5: "))
    }
  }

  @Test("The reader of other processes is not shown, and names a file that is missing")
  func hidden() throws {
    #expect(try !Run("--help").output.contains("read-result"))
    #expect(try Run("read-result", folder.path + "/none.h5").code == 2)
  }
}
