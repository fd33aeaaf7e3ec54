import Base
import CLinux
import Glibc

/// The processes that ended programs have left behind. As subreaper this process is given every
/// descendant whose own parent ends, wherever it has gone; here they are ended and reaped.
///
/// A plugin's descendants are known by their session: each plugin is started in a new one, a session
/// can only be left for a new one, and none of these is ours. So children that other parts of this
/// process have started are left alone. The kernel hands orphans to the first thread, while programs
/// are started by others: what stands in the first thread's list is an orphan or none of our business.
struct Orphans: ~Copyable {
  private let descriptor: Descriptor?
  /// Its number; -1 without one.
  private let list: Int32
  /// Why what escapes from a program's process group cannot be found here, if so.
  let problem: SystemError?
  private let ownSession = getsid(0)
  /// Ended by us and not reaped yet.
  private var killed: Set<Int32> = []
  /// Those that have left their session while several programs ran, each with the programs that may
  /// have started it: it is ended with the last of them.
  private var escaped: [Int32: Set<Int32>] = [:]
  /// The sessions of ended programs that had somebody left in them.
  private var endedSessions: Set<Int32> = []
  private var text = [UInt8](repeating: 0, count: 64 << 10)

  init() {
    let path = "/proc/self/task/\(getpid())/children"
    guard lh_become_subreaper() == 0 else {
      problem = SystemError.last("prctl PR_SET_CHILD_SUBREAPER")
      descriptor = nil
      list = -1
      return
    }
    list = lh_open(path, O_RDONLY, 0)
    problem = list >= 0 ? nil : SystemError.last("open", path)
    descriptor = list >= 0 ? Descriptor(list) : nil
  }

  /// Whether some are still to be reaped or to be ended.
  var isWaiting: Bool { !killed.isEmpty || !escaped.isEmpty }

  /// A program has been started whose number, and so its session's, may have been another's before.
  mutating func began(_ pid: Int32) { endedSessions.remove(pid) }

  /// Reaps those that have ended, and ends those whose programs have; tells how many it ended that
  /// had not been ended before. `ended`: a program that has just ended, by its process number.
  mutating func sweep(running: Set<Int32>, ended: Int32? = nil) -> Int {
    if let ended {
      for (child, _) in escaped { escaped[child]?.remove(ended) }
    }
    var count = 0
    for child in children() {
      let session = getsid(child)
      if session < 0 || session == ownSession || running.contains(child) || child == ended {
        continue
      }
      if waitpid(child, nil, WNOHANG) == child {
        killed.remove(child)
        escaped[child] = nil
        continue
      }
      if running.contains(session) { continue }
      if session == ended { endedSessions.insert(session) }
      guard session == ended || endedSessions.contains(session) || isLast(child, running) else {
        continue
      }
      escaped[child] = nil
      if kill(child, SIGKILL) == 0, killed.insert(child).inserted { count += 1 }
    }
    if killed.isEmpty, escaped.isEmpty, running.isEmpty { endedSessions.removeAll() }
    return count
  }

  /// Whether none of the programs runs that may have started it.
  private mutating func isLast(_ child: Int32, _ running: Set<Int32>) -> Bool {
    let candidates = escaped[child] ?? running
    escaped[child] = candidates
    return candidates.isEmpty
  }

  /// The children of this process's first thread (proc_pid_task_children(5)).
  private mutating func children() -> [Int32] {
    guard list >= 0 else { return [] }
    let count = pread(list, &text, text.count, 0)
    guard count > 0 else { return [] }
    return text[..<count].split(separator: UInt8(ascii: " ")).compactMap { word in
      Int32(String(decoding: word, as: UTF8.self))
    }
  }
}
