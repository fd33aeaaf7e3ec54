import Base
import CLinux
import Glibc
import Synchronization

/// A bounded pool of threads for calls that wait: one thread for the disk, a few for name look-ups.
/// Jobs start in the order in which they came.
package final class Workers: Sendable {
  package typealias Job = @Sendable () -> Void

  private struct State {
    var jobs: BoundedQueue<Job>
    var stopping = false
    /// Threads that have not come to their end.
    var alive = 0
  }

  private let state: Mutex<State>
  private let permits: Int32
  private let givingWay: Bool
  private let threads: Mutex<[pthread_t]>

  /// Starts the threads.
  ///
  /// - Parameters:
  ///   - capacity: bounds the jobs that wait.
  ///   - givingWay: whether other threads go first, where the system permits to say so: for long work that
  ///     nobody waits for by the millisecond.
  package init(threads count: Int, capacity: Int, givingWay: Bool = false) throws(SystemError) {
    self.givingWay = givingWay
    state = Mutex(State(jobs: BoundedQueue(capacity: capacity)))
    permits = lh_eventfd(1, 0)
    guard permits >= 0 else { throw SystemError.last("eventfd") }
    threads = Mutex([])
    for _ in 0..<count { try startThread() }
  }

  deinit { close(permits) }

  /// False, and nothing happens, when the queue is full.
  package func submit(_ job: @escaping Job) -> Bool {
    let accepted = state.withLock { $0.stopping ? false : $0.jobs.append(job) }
    if accepted { lh_eventfd_add(permits, 1) }
    return accepted
  }

  package var waitingCount: Int { state.withLock { $0.jobs.count } }

  /// Lets the jobs that wait run to their end, then ends the threads and joins them.
  package func stopAndWait() {
    for thread in beginStopping() { pthread_join(thread, nil) }
  }

  /// The same, but leaves threads alone that have not come to their end within the bound, such as one
  /// that a dead disk holds; false then.
  package func stop(within bound: TimeAmount) -> Bool {
    let running = beginStopping()
    let end = Clock.instant + bound
    while state.withLock({ $0.alive }) > 0 {
      if Clock.instant >= end {
        for thread in running { pthread_detach(thread) }
        return false
      }
      usleep(1_000)
    }
    for thread in running { pthread_join(thread, nil) }
    return true
  }

  private func beginStopping() -> [pthread_t] {
    let running = threads.withLock { list in
      let all = list
      list.removeAll()
      return all
    }
    state.withLock { $0.stopping = true }
    lh_eventfd_add(permits, UInt64(running.count))
    return running
  }

  private func startThread() throws(SystemError) {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self).toOpaque()
    let code = pthread_create(
      &thread, nil,
      { context in
        Unmanaged<Workers>.fromOpaque(context!).takeRetainedValue().work()
        return nil
      }, context)
    guard code == 0 else {
      Unmanaged<Workers>.fromOpaque(context).release()
      throw SystemError(operation: "pthread_create", code: code)
    }
    threads.withLock { $0.append(thread) }
    state.withLock { $0.alive += 1 }
  }

  private func work() {
    if givingWay { _ = lh_give_way() }
    while true {
      guard lh_eventfd_take(permits) == 1 else { continue }
      let (job, stop) = state.withLock { ($0.jobs.popFirst(), $0.stopping) }
      if let job {
        job()
      } else if stop {
        state.withLock { $0.alive -= 1 }
        return
      }
    }
  }
}
