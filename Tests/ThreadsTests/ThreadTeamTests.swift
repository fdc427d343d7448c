import Synchronization
import Testing
import Threads

@Suite struct ThreadTeamTests {
  @Test("Each index runs once in every loop, on a thread of the team", arguments: [1, 2, 5])
  func indices(threads: Int) {
    let team = ThreadTeam(threads: threads)
    #expect(team.count == threads)
    for count in [0, 1, 2, 7, 100] + Array(repeating: 3, count: 200) {
      let seen = Mutex<[Int]>([])
      team.forEach(count) { thread, index in
        precondition((0..<threads).contains(thread))
        seen.withLock { $0.append(index) }
      }
      #expect(seen.withLock { $0.sorted() } == Array(0..<count))
    }
  }

  @Test("What a loop wrote is there when it returns")
  func visibility() {
    let team = ThreadTeam(threads: 4)
    var sums = Array(repeating: 0, count: 64)
    for round in 1...100 {
      sums.withUnsafeMutableBufferPointer { sums in
        let target = sums
        team.forEach(target.count) { _, index in target[index] += round * index }
      }
    }
    #expect(sums == (0..<64).map { $0 * 5050 })
  }
}
