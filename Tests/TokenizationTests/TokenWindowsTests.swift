import Testing
import Tokenization

@Suite struct TokenWindowsTests {
  private static let shapes: [(count: Int, context: Int, stride: Int)] =
    (0...13).flatMap { count in
      (2...6).flatMap { context in (1...context).map { (count, context, $0) } }
    }

  private func ids(_ count: Int) -> [Int32] { (0..<Int32(count)).map { 100 + $0 } }

  /// Numbers of the document's tokens, as often as they are scored.
  private func scored(_ windows: [TokenWindow]) -> [Int32] {
    windows.flatMap { window in window.scored.map { window.tokens[$0] - 100 } }
  }

  @Test("By strides shorter than the context, all but the first token are scored once, in order")
  func onceEach() {
    for shape in TokenWindowsTests.shapes where shape.stride < shape.context {
      let windows = Array(
        TokenWindows(of: ids(shape.count), context: shape.context, stride: shape.stride))
      #expect(scored(windows) == (0..<Int32(shape.count)).dropFirst().map { $0 }, "\(shape)")
    }
  }

  @Test("After a token of its own, a document's first is scored too")
  func beginning() {
    for shape in TokenWindowsTests.shapes where shape.stride < shape.context {
      let windows = Array(
        TokenWindows(of: ids(shape.count), context: shape.context, stride: shape.stride, bos: 7))
      #expect(scored(windows) == (0..<Int32(shape.count)).map { $0 }, "\(shape)")
      #expect(windows.first.map { $0.tokens[0] == 7 } ?? true)
      #expect(!windows.dropFirst().contains { $0.tokens.contains(7) })
    }
  }

  @Test("A prefix is seen and not scored, as if its tokens' scores were dropped")
  func prefix() {
    for shape in TokenWindowsTests.shapes {
      for length in 0...shape.count {
        let all = Array(
          TokenWindows(of: ids(shape.count), context: shape.context, stride: shape.stride))
        let windows = Array(
          TokenWindows(
            of: Array(ids(shape.count).dropFirst(length)), context: shape.context,
            stride: shape.stride, prefix: Array(ids(length))))
        #expect(scored(windows) == scored(all).filter { $0 >= length }, "\(shape), \(length)")
      }
    }
    let started = Array(TokenWindows(of: [102], context: 4, bos: 7, prefix: [100, 101]))
    #expect(started == [TokenWindow(document: 0, tokens: [7, 100, 101, 102], scored: 3..<4)])
    #expect(Array(TokenWindows(of: [], context: 4, bos: 7, prefix: [100])).isEmpty)
  }

  @Test("Windows are parts of the document, no longer than the context, and score something")
  func bounds() {
    for shape in TokenWindowsTests.shapes {
      let ids = ids(shape.count)
      for window in TokenWindows(
        of: ids, document: 3, context: shape.context, stride: shape.stride)
      {
        let first = Int(window.tokens[0] - 100)
        #expect(window.document == 3 && window.tokens.count <= shape.context)
        #expect(window.tokens == Array(ids[first..<first + window.tokens.count]))
        #expect(window.scored.lowerBound >= 1 && !window.scored.isEmpty)
        #expect(window.scored.upperBound == window.tokens.count)
      }
    }
  }

  /// The positions that the loop of Hugging Face's documentation scores: labels of the last
  /// `length` tokens of a window, less the first token of the window, which shifting drops.
  private func referenceScored(count: Int, context: Int, stride: Int) -> [Int32] {
    var (scored, previous) = ([Int32](), 0)
    for begin in Swift.stride(from: 0, to: count, by: stride) {
      let end = min(begin + context, count)
      let length = end - previous
      for position in max(end - length, begin + 1)..<max(end, begin + 1) {
        scored.append(Int32(position))
      }
      previous = end
      if end == count { break }
    }
    return scored
  }

  @Test("The tokens scored are those of the strided loop of Hugging Face's documentation")
  func reference() {
    for shape in TokenWindowsTests.shapes {
      let windows = Array(
        TokenWindows(of: ids(shape.count), context: shape.context, stride: shape.stride))
      let expected = referenceScored(
        count: shape.count, context: shape.context, stride: shape.stride)
      #expect(scored(windows) == expected, "\(shape)")
    }
  }

  @Test("Every window but the first gives each token it scores context − stride before it at least")
  func contextBefore() {
    for shape in TokenWindowsTests.shapes {
      let windows = TokenWindows(of: ids(shape.count), context: shape.context, stride: shape.stride)
      for window in windows.dropFirst() {
        #expect(window.scored.lowerBound >= shape.context - shape.stride, "\(shape)")
      }
    }
  }

  @Test("Numbers worked out by hand")
  func example() {
    let windows = Array(TokenWindows(of: [1, 2, 3, 4, 5, 6], context: 4, stride: 3, bos: 0))
    #expect(
      windows == [
        TokenWindow(document: 0, tokens: [0, 1, 2, 3], scored: 1..<4),
        TokenWindow(document: 0, tokens: [3, 4, 5, 6], scored: 1..<4),
      ])
    #expect(Array(TokenWindows(of: [1], context: 4)).isEmpty)
    #expect(Array(TokenWindows(of: [], context: 4, bos: 0)).isEmpty)
  }
}
