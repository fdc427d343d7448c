import Glibc

/// Memory that threads share: each takes what it needs, and waits while others hold it.
final class ByteBudget: @unchecked Sendable {
  private var free: Int
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// Creates a budget.
  ///
  /// - Parameter byteCount: what all together may hold.
  init(_ byteCount: Int) {
    free = byteCount
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Runs `body` while holding some of the memory.
  ///
  /// - Parameters:
  ///   - byteCount: at most the whole budget, or it would wait for ever.
  ///   - body: what needs the memory; takes none of this budget itself.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws.
  func holding<Result>(_ byteCount: Int, _ body: () throws -> Result) rethrows -> Result {
    change {
      while free < byteCount { pthread_cond_wait(changed, mutex) }; free -= byteCount
    }
    defer { change { free += byteCount } }
    return try body()
  }

  private func change(_ body: () -> Void) {
    pthread_mutex_lock(mutex)
    body()
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
  }
}
