import CLinux
import Glibc
import Host

/// The directory in which the daemon keeps what must outlive it, held by one daemon at a time.
struct StateDirectory: ~Copyable {
  enum Problem: Error {
    /// Another daemon, of this process number if it is known, uses the directory.
    case inUse(path: String, by: String)
    case unusable(SystemError)
  }

  let path: String
  /// Holds the lock for as long as the daemon lives.
  private let lock: Descriptor

  /// Makes the directory and its parts if they are missing, and takes the lock.
  init(_ path: String) throws(Problem) {
    self.path = path
    for (part, mode) in [
      ("", 0o755), ("/history", 0o750), ("/outbox", 0o700), ("/incidents", 0o750),
    ] as [(String, mode_t)] {
      if mkdir(path + part, mode) != 0 && errno != EEXIST {
        throw .unusable(SystemError.last("mkdir", path + part))
      }
    }
    lock = try Self.takeLock(path)
  }

  private static func takeLock(_ path: String) throws(Problem) -> Descriptor {
    let lockPath = path + "/lock"
    let raw = lh_open(lockPath, O_RDWR | O_CREAT, 0o640)
    guard raw >= 0 else { throw .unusable(SystemError.last("open", lockPath)) }
    let lock = Descriptor(raw)
    guard flock(raw, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      if code == EWOULDBLOCK { throw .inUse(path: path, by: holder(raw)) }
      throw .unusable(SystemError(operation: "flock", path: lockPath, code: code))
    }
    // For the message of a second daemon only: on a full disk it stays out.
    let text = Array("\(getpid())\n".utf8)
    if ftruncate(raw, 0) == 0 { _ = pwrite(raw, text, text.count, 0) }
    return lock
  }

  private static func holder(_ raw: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = pread(raw, &bytes, bytes.count, 0)
    guard count > 0 else { return "another process" }
    let digits = bytes.prefix(count).prefix { (0x30...0x39).contains($0) }
    return digits.isEmpty
      ? "another process" : "process \(String(decoding: digits, as: UTF8.self))"
  }
}
