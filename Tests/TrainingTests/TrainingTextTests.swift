import Models
import Testing
import Training

@Suite struct TrainingTextTests {
  private func text(_ count: Int, length: Int, seed: UInt64 = 1) throws -> TrainingText {
    try TrainingText(
      documents: [(0..<Int32(count - 1)).map { $0 }], endOfText: Int32(count - 1), length: length,
      seed: seed, path: "text")
  }

  @Test("A pass takes each window once, and predicts no token twice", arguments: [(30, 4), (9, 8)])
  func passes(count: Int, length: Int) throws {
    var text = try text(count, length: length)
    #expect(text.windowsPerPass == (count - 1) / length)
    for pass in 0..<5 {
      let first = pass * text.windowsPerPass
      let windows = text.windows(first..<first + text.windowsPerPass)
      #expect(windows.allSatisfy { $0.tokens.count == length + 1 })
      #expect(windows.allSatisfy { $0.scored == 1..<length + 1 })
      let predicted = windows.flatMap { $0.tokens.dropFirst() }
      #expect(Set(predicted).count == windows.count * length)
    }
  }

  @Test("A window is known by its number, whichever were taken before")
  func numbers() throws {
    var (text, other) = (try text(100, length: 7), try text(100, length: 7))
    let all = text.windows(0..<60)
    for number in [59, 3, 17, 16, 42] {
      #expect(other.windows(number..<number + 1) == [all[number]])
    }
    #expect(all[0..<14] != all[14..<28])
    var third = try self.text(100, length: 7, seed: 2)
    #expect(third.windows(0..<60) != all)
  }

  @Test("Another order is that of a text that was joined with another seed")
  func reordered() throws {
    var (text, other) = (try text(100, length: 7), try text(100, length: 7, seed: 2))
    _ = text.windows(0..<3)
    var reordered = text.reordered(by: 2)
    #expect(reordered.windows(0..<60) == other.windows(0..<60))
  }

  @Test("Documents are followed by the end of text; all windows together score the rest")
  func documents() throws {
    let text = try TrainingText(
      documents: [[1, 2], [], [3]], endOfText: 9, length: 2, seed: 0, path: "text")
    #expect(text.tokens == [1, 2, 9, 9, 3, 9])
    #expect(
      text.allWindows().map(\.tokens) == [[1, 2, 9], [9, 9, 3], [3, 9]])
  }

  @Test("Fewer tokens than a window has are refused")
  func tooShort() {
    #expect { try text(4, length: 4) } throws: { ($0 as? TrainingError)?.reason == .tooShort }
  }
}
