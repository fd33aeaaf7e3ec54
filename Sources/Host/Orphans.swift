import Base
import CLinux
import Glibc
import Model

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
  private var text: [UInt8]
  /// Where in the list the next sweep begins, because the one before had no time for the rest.
  private var start = 0
  /// Whether the sweep before had no time for some.
  private(set) var isUnfinished = false

  /// `readBytes`: how much of the list is read at a time.
  init(readBytes: Int = 8 << 10) {
    text = [UInt8](repeating: 0, count: readBytes)
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
  var isWaiting: Bool { !killed.isEmpty || !escaped.isEmpty || isUnfinished }

  /// A program has been started whose number, and so its session's, may have been another's before.
  mutating func began(_ pid: Int32) { endedSessions.remove(pid) }

  /// Reaps those that have ended, and ends those whose programs have; tells how many it ended that
  /// had not been ended before. `ended`: a program that has just ended, by its process number. What there
  /// is no time for is left to the next sweep.
  mutating func sweep(running: Set<Int32>, ended: Int32? = nil) -> Int {
    if let ended {
      for (child, _) in escaped { escaped[child]?.remove(ended) }
    }
    let began = Clock.instant
    let children = children()
    let first = start < children.count ? start : 0
    var count = 0
    isUnfinished = false
    for place in children.indices {
      let index = (first + place) % children.count
      if endOrReap(children[index], running: running, ended: ended) { count += 1 }
      if place % Self.lookedAtBetweenClocks == 0, place > 0, Clock.instant - began >= Limits.turn {
        isUnfinished = true
        start = index + 1
        break
      }
    }
    if isUnfinished {
      if let ended { endedSessions.insert(ended) }
    } else if killed.isEmpty, escaped.isEmpty, running.isEmpty {
      endedSessions.removeAll()
    }
    return count
  }

  private static let lookedAtBetweenClocks = 64

  /// Whether the child was ended now.
  private mutating func endOrReap(_ child: Int32, running: Set<Int32>, ended: Int32?) -> Bool {
    let session = getsid(child)
    if session < 0 || session == ownSession || running.contains(child) || child == ended {
      return false
    }
    if waitpid(child, nil, WNOHANG) == child {
      killed.remove(child)
      escaped[child] = nil
      return false
    }
    if running.contains(session) { return false }
    if session == ended { endedSessions.insert(session) }
    guard session == ended || endedSessions.contains(session) || isLast(child, running) else {
      return false
    }
    escaped[child] = nil
    return kill(child, SIGKILL) == 0 && killed.insert(child).inserted
  }

  /// Whether none of the programs runs that may have started it.
  private mutating func isLast(_ child: Int32, _ running: Set<Int32>) -> Bool {
    let candidates = escaped[child] ?? running
    escaped[child] = candidates
    return candidates.isEmpty
  }

  /// The children of this process's first thread (proc_pid_task_children(5)). The kernel gives a page at
  /// a time, some 600 numbers, however much is asked for; a number may be cut by the end of the buffer.
  private mutating func children() -> [Int32] {
    guard list >= 0 else { return [] }
    var found: [Int32] = []
    var number: Int32?
    var offset = 0
    while found.count < Limits.orphansPerSweep {
      let count = pread(list, &text, text.count, off_t(offset))
      guard count > 0 else { break }
      offset += count
      for byte in text[..<count] {
        if (0x30...0x39).contains(byte) {
          number = (number ?? 0) &* 10 &+ Int32(byte - 0x30)
        } else if let whole = number {
          found.append(whole)
          number = nil
        }
      }
    }
    return found
  }
}
