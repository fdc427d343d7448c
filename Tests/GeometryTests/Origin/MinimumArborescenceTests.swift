import TestSupport
import Testing

@testable import Geometry

/// The least total over every choice of parents that leads from all vertices to one root.
private func leastTotal(_ costs: [[Double]], roots: Range<Int>) -> Double {
  let count = costs.count
  let choices = (0..<count).reduce(into: [[Int]]([[]])) { partial, _ in
    partial = partial.flatMap { chosen in (0..<count).map { chosen + [$0] } }
  }
  var least = Double.infinity
  for root in roots {
    for parents in choices where parents[root] == root && isTree(parents, root: root) {
      least = min(least, total(costs, parents.enumerated().map { $0 == root ? nil : $1 }))
    }
  }
  return least
}

private func isTree(_ parents: [Int], root: Int) -> Bool {
  parents.indices.allSatisfy { start in
    var vertex = start
    for _ in parents where vertex != root { vertex = parents[vertex] }
    return vertex == root
  }
}

private func total(_ costs: [[Double]], _ parents: [Int?]) -> Double {
  parents.enumerated().reduce(0) { sum, edge in
    edge.element.map { sum + costs[$0][edge.offset] } ?? sum
  }
}

@Suite struct MinimumArborescenceTests {
  /// Whole numbers, so that totals are exact and ties happen.
  private func costs(_ count: Int, _ generator: inout SeededGenerator) -> [[Double]] {
    (0..<count).map { _ in
      (0..<count).map { _ in Double.random(in: 0..<9, using: &generator).rounded() }
    }
  }

  @Test("No choice of parents is cheaper, with a root given or free", arguments: 1...5)
  func optimum(count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    for _ in 0..<40 {
      let costs = costs(count, &generator)
      let free = minimumArborescence(costs)
      #expect(free.count { $0 == nil } == 1)
      #expect(total(costs, free) == leastTotal(costs, roots: 0..<count))
      for root in 0..<count {
        let rooted = minimumArborescence(costs, root: root)
        #expect(rooted[root] == nil && rooted.count { $0 == nil } == 1)
        #expect(total(costs, rooted) == leastTotal(costs, roots: root..<root + 1))
      }
    }
  }

  @Test("A cycle of cheap edges is entered where that costs least")
  func cycle() {
    // 1 → 2 → 3 → 1 costs 1 each; from 0 it is cheapest to enter at 2.
    let costs: [[Double]] = [[0, 9, 5, 7], [9, 0, 1, 9], [9, 9, 0, 1], [9, 1, 9, 0]]
    #expect(minimumArborescence(costs, root: 0) == [nil, 3, 0, 2])
  }

  @Test("A vertex alone is its own root, and no vertices have no tree")
  func degenerate() {
    #expect(minimumArborescence([[0]]) == [nil])
    #expect(minimumArborescence([]).isEmpty)
  }
}
