import Glibc
import Synchronization

/// Threads that wait between one loop and the next, for work of many short loops.
///
/// Starting threads anew takes as long as some loops do.
///
/// - Note: One loop at a time, from one thread.
public final class ThreadTeam: @unchecked Sendable {
  /// How many work: those that could be started, and the one that calls.
  public let count: Int
  private let shared = SharedLoop()
  private let threads: [pthread_t]

  /// Starts threads.
  ///
  /// - Parameter threads: how many shall work, at least 1; the calling thread is one of them.
  public init(threads: Int) {
    let shared = self.shared
    self.threads = (1..<max(threads, 1)).compactMap { number in
      startThread { shared.serve(as: number) }
    }
    count = self.threads.count + 1
  }

  deinit {
    shared.end()
    for thread in threads { pthread_join(thread, nil) }
  }

  /// Runs `body` for every index; returns when all have run.
  ///
  /// Threads take the next index as they become free.
  ///
  /// - Parameters:
  ///   - indices: how many.
  ///   - body: takes the number of the thread, less than ``count``, and the index. Calls for
  ///     different indices run at once, so they must write to different places.
  public func forEach(_ indices: Int, _ body: (_ thread: Int, _ index: Int) -> Void) {
    guard count > 1, indices > 1 else { return (0..<indices).forEach { body(0, $0) } }
    withoutActuallyEscaping(body) { body in shared.run(indices, helpers: count - 1, body) }
  }
}

/// The loop that the threads of a team work on.
private final class SharedLoop: @unchecked Sendable {
  private typealias Body = (Int, Int) -> Void

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let hasChanged = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let next = Atomic(0)
  // What follows is read and written under the mutex.
  private var body: Body?
  private var indices = 0
  private var number = 0
  private var helpersAtWork = 0
  private var isEnded = false

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(hasChanged, nil)
  }

  deinit {
    pthread_cond_destroy(hasChanged)
    pthread_mutex_destroy(mutex)
    hasChanged.deallocate()
    mutex.deallocate()
  }

  /// Runs a loop with the helpers, as thread 0.
  func run(_ indices: Int, helpers: Int, _ body: @escaping (Int, Int) -> Void) {
    locked {
      (self.body, self.indices, helpersAtWork) = (body, indices, helpers)
      next.store(0, ordering: .relaxed)
      number += 1
      pthread_cond_broadcast(hasChanged)
    }
    work(0, indices, body)
    locked {
      while helpersAtWork > 0 { pthread_cond_wait(hasChanged, mutex) }
      self.body = nil
    }
  }

  /// Takes part in one loop after another until there are no more.
  func serve(as thread: Int) {
    var last = 0
    while takePart(in: &last, as: thread) {
      locked {
        helpersAtWork -= 1
        if helpersAtWork == 0 { pthread_cond_broadcast(hasChanged) }
      }
    }
  }

  /// Works on the next loop; false if there are no more. Holds on to no body when it returns, since
  /// bodies do not outlive their loops.
  @inline(never)
  private func takePart(in last: inout Int, as thread: Int) -> Bool {
    guard let (body, indices) = awaitLoop(after: &last) else { return false }
    work(thread, indices, body)
    return true
  }

  /// Lets helpers go.
  func end() {
    locked {
      isEnded = true
      pthread_cond_broadcast(hasChanged)
    }
  }

  private func awaitLoop(after last: inout Int) -> (body: Body, indices: Int)? {
    locked {
      while number == last && !isEnded { pthread_cond_wait(hasChanged, mutex) }
      last = number
      return isEnded ? nil : body.map { ($0, indices) }
    }
  }

  private func work(_ thread: Int, _ indices: Int, _ body: Body) {
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < indices else { return }
      body(thread, index)
    }
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }
}
