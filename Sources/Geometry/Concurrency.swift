import Glibc

/// Runs `body` once on each of `threads` threads, and returns when all have.
///
/// Threads rather than tasks: a walk must use exactly as many as it was granted, and its
/// workers block on reading files.
///
/// - Parameters:
///   - threads: how many, at least 1; the calling thread is one of them.
///   - body: takes the index of its thread.
func concurrently(threads: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let started = (1..<max(threads, 1)).compactMap { index in startThread { body(index) } }
  body(0)
  for thread in started { pthread_join(thread, nil) }
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Starts a thread, or returns `nil` where the system has none to give; then there are fewer.
private func startThread(_ run: @escaping @Sendable () -> Void) -> pthread_t? {
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
