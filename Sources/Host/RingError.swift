import Glibc

/// Why the ring cannot be opened; the description names the path and says what to do.
package enum RingError: Error, Hashable, Sendable {
  /// A call failed; the advice may be empty.
  case system(SystemError, advice: String)
  /// A newer program has written the ring.
  case newerFormat(path: String, version: Int, kind: Int)

  /// A failed call with the advice that belongs to it; `needed` is what the ring takes in bytes.
  init(_ error: SystemError, needed: Int) {
    let advice =
      switch error.code {
      case ENOSPC, EDQUOT:
        "the history needs \(needed) bytes more here; free them or configure a smaller history"
      case EACCES, EPERM:
        "the daemon's user must be able to read and write this directory and the files in it"
      case EROFS: "the history needs a file system that can be written"
      case ENOTDIR, ENOENT: "the history needs a directory whose parent exists"
      default: ""
      }
    self = .system(error, advice: advice)
  }
}

extension RingError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .system(let error, ""): "\(error)"
    case .system(let error, let advice): "\(error); \(advice)"
    case .newerFormat(let path, let version, let kind):
      "\(path): written by a newer program (format version \(version), kind \(kind)); run that"
        + " program, or move the directory away to start a new history"
    }
  }
}
