/// Items of which the smallest comes out first.
///
/// - Complexity: O(log n) for each item that goes in or comes out.
///
/// Source: Williams 1964, "Algorithm 232: Heapsort".
struct BinaryHeap<Item: Comparable> {
  private var items: [Item] = []

  mutating func push(_ item: Item) {
    items.append(item)
    var index = items.count - 1
    while index > 0, item < items[(index - 1) / 2] {
      items.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  mutating func pop() -> Item? {
    guard let last = items.popLast() else { return nil }
    guard let top = items.first else { return last }
    items[0] = last
    sink()
    return top
  }

  private mutating func sink() {
    var index = 0
    while true {
      let children = (2 * index + 1)..<min(2 * index + 3, max(items.count, 2 * index + 1))
      guard let least = children.min(by: { items[$0] < items[$1] }), items[least] < items[index]
      else { return }
      items.swapAt(index, least)
      index = least
    }
  }
}
