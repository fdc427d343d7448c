import Glibc
import Synchronization

/// Runs `body` once on each of `threads` threads, and returns when all have.
///
/// Threads rather than tasks: a walk must use exactly as many as it was granted, and its
/// workers block on reading files.
///
/// - Parameters:
///   - threads: how many, at least 1; the calling thread is one of them.
///   - body: takes the index of its thread.
public func concurrently(threads: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let started = (1..<max(threads, 1)).compactMap { index in startThread { body(index) } }
  body(0)
  for thread in started { pthread_join(thread, nil) }
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Starts a thread, or returns `nil` where the system has none to give; then there are fewer.
func startThread(_ run: @escaping @Sendable () -> Void) -> pthread_t? {
  let body = Unmanaged.passRetained(ThreadBody(run))
  var thread = pthread_t()
  let code = pthread_create(
    &thread, nil,
    { argument in
      if let argument {
        Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
      }
      return nil
    }, body.toOpaque())
  guard code == 0 else {
    body.release()
    return nil
  }
  return thread
}

/// Computes `count` results on several threads.
///
/// Threads take the next index as they become free; results are in the order of the indices, so
/// they do not depend on how many threads there are.
///
/// - Parameters:
///   - count: how many.
///   - threads: how many work at once, at least 1.
///   - body: the result for an index.
/// - Returns: the results.
/// - Throws: what `body` threw for the lowest index that failed among those that were tried.
public func concurrentMap<Value: Sendable>(
  _ count: Int, threads: Int, _ body: @escaping @Sendable (Int) throws -> Value
) throws -> [Value] {
  try concurrentMap(count, threads: threads, workspace: {}, { _, index in try body(index) })
}

/// Computes `count` results on several threads, each of which has something of its own to work in.
///
/// - Parameters:
///   - count: how many.
///   - threads: how many work at once, at least 1.
///   - workspace: makes what one thread works in; it never leaves that thread.
///   - body: the result for an index.
/// - Returns: the results, in the order of the indices.
/// - Throws: what `body` threw for the lowest index that failed among those that were tried.
public func concurrentMap<Value: Sendable, Workspace>(
  _ count: Int, threads: Int, workspace: @escaping @Sendable () -> Workspace,
  _ body: @escaping @Sendable (Workspace, Int) throws -> Value
) throws -> [Value] {
  let next = Atomic(0)
  let outcomes = Mutex([Int: Result<Value, any Error>]())
  concurrently(threads: min(threads, max(count, 1))) { _ in
    let workspace = workspace()
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < count else { return }
      let outcome = Result { try body(workspace, index) }
      outcomes.withLock { $0[index] = outcome }
      if case .failure = outcome { next.store(count, ordering: .relaxed) }
    }
  }
  return try outcomes.withLock { outcomes in
    try outcomes.sorted { $0.key < $1.key }.map { try $0.value.get() }
  }
}
