/// The tree with the least sum of costs in which every vertex but one has one parent.
///
/// - Parameters:
///   - costs: of the edge from each vertex to each other one, [parents][children]; at least one
///     vertex, all finite but for the diagonal, which is not looked at.
///   - root: the vertex without a parent; `nil` chooses it so that the tree is cheapest.
/// - Returns: the parent of each vertex, `nil` for the root. Among equal costs the first root.
/// - Complexity: O(vertices⁴).
///
/// Source: Edmonds 1967, "Optimum Branchings", J. Res. Nat. Bur. Standards 71B.
func minimumArborescence(_ costs: [[Double]], root: Int? = nil) -> [Int?] {
  let roots = root.map { [$0] } ?? Array(costs.indices)
  let trees = roots.map { root in Arborescence(costs, root: root).parents() }
  let totals = trees.map { tree in
    tree.enumerated().reduce(0.0) { sum, edge in
      edge.element.map { sum + costs[$0][edge.offset] } ?? sum
    }
  }
  let best = totals.indices.min { totals[$0] < totals[$1] }
  return best.map { trees[$0] } ?? []
}

/// The search for the tree of one root.
private struct Arborescence {
  let costs: [[Double]]
  let root: Int

  init(_ costs: [[Double]], root: Int) { (self.costs, self.root) = (costs, root) }

  /// Each vertex takes its cheapest parent; a cycle is made one vertex, and opened where the tree
  /// of what is left enters it.
  func parents() -> [Int?] {
    let cheapest = costs.indices.map { vertex in vertex == root ? nil : cheapestParent(of: vertex) }
    guard let cycle = firstCycle(cheapest) else { return cheapest }
    let contraction = Contraction(costs, cheapest, cycle: cycle)
    guard let newRoot = contraction.kept.firstIndex(of: root) else { return cheapest }
    return contraction.expand(Arborescence(contraction.costs, root: newRoot).parents(), cheapest)
  }

  private func cheapestParent(of vertex: Int) -> Int? {
    costs.indices.filter { $0 != vertex }.min { costs[$0][vertex] < costs[$1][vertex] }
  }

  private func firstCycle(_ parents: [Int?]) -> [Int]? {
    for start in parents.indices {
      var (path, vertex) = ([Int](), Optional(start))
      while let place = vertex, !path.contains(place) {
        path.append(place)
        vertex = parents[place]
      }
      if let place = vertex, let first = path.firstIndex(of: place) { return Array(path[first...]) }
    }
    return nil
  }
}

/// A graph in which a cycle is one vertex, the last.
private struct Contraction {
  /// The vertices outside the cycle.
  let kept: [Int]
  let costs: [[Double]]
  /// For each kept vertex, the vertex of the cycle that an edge from it would enter at.
  private let entries: [Int]
  /// For each kept vertex, the vertex of the cycle that an edge to it would leave from.
  private let exits: [Int]

  init(_ costs: [[Double]], _ parents: [Int?], cycle: [Int]) {
    let kept = costs.indices.filter { !cycle.contains($0) }
    /// What entering at a vertex costs above the edge of the cycle that it replaces.
    func entryCost(_ from: Int, _ vertex: Int) -> Double {
      costs[from][vertex] - (parents[vertex].map { costs[$0][vertex] } ?? 0)
    }
    entries = kept.map { from in
      cycle.min { entryCost(from, $0) < entryCost(from, $1) } ?? cycle[0]
    }
    exits = kept.map { to in cycle.min { costs[$0][to] < costs[$1][to] } ?? cycle[0] }
    var inner = kept.map { from in kept.map { costs[from][$0] } }
    for (index, from) in kept.enumerated() { inner[index].append(entryCost(from, entries[index])) }
    inner.append(zip(exits, kept).map { costs[$0][$1] } + [0])
    (self.kept, self.costs) = (kept, inner)
  }

  /// The tree of the whole graph from that of the contracted one.
  func expand(_ tree: [Int?], _ cheapest: [Int?]) -> [Int?] {
    var parents = cheapest
    for (index, vertex) in kept.enumerated() {
      parents[vertex] = tree[index].map { $0 == kept.count ? exits[index] : kept[$0] }
    }
    if let outside = tree[kept.count] { parents[entries[outside]] = kept[outside] }
    return parents
  }
}
