import Foundation
import Synchronization
import Testing

@testable import LinearAlgebra

@Suite struct MatrixProductTests {
  private static func random(_ rows: Int, _ columns: Int, stream: UInt64) -> Matrix {
    var random = RandomStream(seed: 1, stream: stream)
    let elements = (0..<rows * columns).map { _ in Float(random.normal()) }
    return Matrix(rows: rows, columns: columns, elements: elements)
  }

  @Test(
    "The fast product agrees with the plain one to rounding",
    arguments: [(1, 1, 1), (2, 3, 4), (1, 65, 33), (70, 1, 129), (64, 64, 64), (130, 50, 300)])
  func oracle(rows: Int, columns: Int, inner: Int) {
    let a = MatrixProductTests.random(rows, inner, stream: 1)
    let b = MatrixProductTests.random(inner, columns, stream: 2)
    let (fast, plain) = (Matrix.product(a, b), Matrix.plainProduct(a, b))
    for (x, y) in zip(fast.elements, plain.elements) {
      // Each of the inner sums rounds at most once per term, and no term exceeds 5 · 5.
      #expect(abs(x - y) <= Float(inner * inner) * 25 * 0x1p-24)
    }
  }

  @Test("Products on many threads at once have the bits of one alone")
  func manyThreads() {
    let a = MatrixProductTests.random(80, 40, stream: 1)
    let b = MatrixProductTests.random(40, 80, stream: 2)
    let alone = Matrix.product(a, b)
    let wrong = Atomic(0)
    // OpenBLAS's own buffers went to two threads at once in one product of some hundreds.
    let threads = (0..<8).map { _ in
      JoinableThread {
        for _ in 0..<3000 where Matrix.product(a, b) != alone {
          wrong.wrappingAdd(1, ordering: .relaxed)
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(wrong.load(ordering: .relaxed) == 0)
  }

  @Test("Small whole numbers are multiplied exactly")
  func exact() {
    let a = Matrix(rows: 2, columns: 3, elements: [1, 2, 3, 4, 5, 6])
    let b = Matrix(rows: 3, columns: 2, elements: [1, 0, 2, 1, 0, 3])
    let expected = Matrix(rows: 2, columns: 2, elements: [5, 11, 14, 23])
    #expect(Matrix.product(a, b) == expected)
  }

  @Test("Transposed factors, strides and accumulation mean what they say")
  func operands() {
    // a lies as [inner, rows] in rows of 4, of which the last two elements are not its own.
    let a: [Float] = [1, 4, 99, 99, 2, 5, 99, 99, 3, 6, 99, 99]
    let b: [Float] = [1, 2, 0, 0, 1, 3]  // [columns, inner]
    var c: [Float] = [10, 20, 7, 30, 40, 7]
    multiply(
      rows: 2, columns: 2, inner: 3, MatrixOperand(a, rowStride: 4, isTransposed: true),
      MatrixOperand(b, rowStride: 3, isTransposed: true), into: &c, rowStride: 3,
      accumulating: true)
    let expected: [Float] = [15, 31, 7, 44, 63, 7]
    #expect(c == expected)
  }

  @Test("A product that does not accumulate overwrites NaN")
  func overwriting() {
    let a: [Float] = [2]
    var c: [Float] = [.nan]
    multiply(
      rows: 1, columns: 1, inner: 1, MatrixOperand(a, rowStride: 1), MatrixOperand(a, rowStride: 1),
      into: &c, rowStride: 1, accumulating: false)
    #expect(c == [4])
  }

  @Test("A sum over nothing is 0, and a product without elements is empty")
  func empty() {
    let none = Matrix.product(Matrix(rows: 2, columns: 0), Matrix(rows: 0, columns: 3))
    #expect(none == Matrix(rows: 2, columns: 3))
    var c: [Float] = [.nan, .nan]
    multiply(
      rows: 1, columns: 2, inner: 0, MatrixOperand(c, rowStride: 1), MatrixOperand(c, rowStride: 2),
      into: &c, rowStride: 2, accumulating: false)
    #expect(c == [0, 0])
    #expect(Matrix.product(Matrix(rows: 0, columns: 2), Matrix(rows: 2, columns: 3)).rows == 0)
  }

  @Test("Transposing twice changes nothing")
  func transposing() {
    let a = MatrixProductTests.random(3, 5, stream: 3)
    #expect(a.transposed.transposed == a)
    #expect(a.transposed[4, 2] == a[2, 4])
  }
}

/// A thread that can be waited for.
private final class JoinableThread: Sendable {
  private let isDone = DispatchSemaphore(value: 0)

  init(_ body: @escaping @Sendable () -> Void) {
    let isDone = isDone
    Thread {
      body()
      isDone.signal()
    }.start()
  }

  func join() { isDone.wait() }
}
