import Glibc

/// Lets so many threads at a time into OpenBLAS as it has work buffers for: with more than some
/// 128 it prints warnings, with more than some 600 it crashes.
///
/// - Parameter body: calls OpenBLAS.
/// - Returns: what `body` returns.
func withWorkBuffer<Result>(_ body: () -> Result) -> Result {
  while sem_wait(workBuffers) != 0 {}  // interrupted by a signal
  defer { sem_post(workBuffers) }
  return body()
}

private nonisolated(unsafe) let workBuffers: UnsafeMutablePointer<sem_t> = {
  let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
  sem_init(semaphore, 0, 64)
  return semaphore
}()
