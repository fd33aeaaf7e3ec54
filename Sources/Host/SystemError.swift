import Glibc

/// A call to the operating system that failed: what was tried, on what, and the error number.
///
/// The description reads `open /var/lib/x: Permission denied (EACCES)`.
package struct SystemError: Error, Hashable, Sendable {
  /// The call or step, such as `open`.
  package var operation: String
  /// The file, name or address that it was tried on; empty when there is none.
  package var path: String
  /// The `errno` value.
  package var code: Int32

  package init(operation: String, path: String = "", code: Int32) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  /// The error of the call that has just failed, taken from `errno`. Nothing may run between the
  /// call and this.
  package static func last(_ operation: String, _ path: String = "") -> SystemError {
    let code = errno
    return SystemError(operation: operation, path: path, code: code)
  }

  /// The error number in words and by name: `Permission denied (EACCES)`.
  package var reason: String {
    var words = [CChar](repeating: 0, count: 128)
    guard strerror_r(code, &words, words.count) == 0 else { return "error \(code)" }
    let text = words.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    let name = errorNames.first { $0.code == code }?.name ?? "errno \(code)"
    return "\(text) (\(name))"
  }
}

extension SystemError: CustomStringConvertible {
  package var description: String {
    path.isEmpty ? "\(operation): \(reason)" : "\(operation) \(path): \(reason)"
  }
}

/// The names that operators search for; a number without one here is shown as such.
private let errorNames: [(code: Int32, name: String)] = [
  (EPERM, "EPERM"), (ENOENT, "ENOENT"), (EINTR, "EINTR"), (EIO, "EIO"), (ENXIO, "ENXIO"),
  (E2BIG, "E2BIG"), (ENOEXEC, "ENOEXEC"), (EBADF, "EBADF"), (ECHILD, "ECHILD"),
  (EAGAIN, "EAGAIN"), (ENOMEM, "ENOMEM"), (EACCES, "EACCES"), (EFAULT, "EFAULT"),
  (EBUSY, "EBUSY"), (EEXIST, "EEXIST"), (EXDEV, "EXDEV"), (ENODEV, "ENODEV"),
  (ENOTDIR, "ENOTDIR"), (EISDIR, "EISDIR"), (EINVAL, "EINVAL"), (ENFILE, "ENFILE"),
  (EMFILE, "EMFILE"), (ETXTBSY, "ETXTBSY"), (EFBIG, "EFBIG"), (ENOSPC, "ENOSPC"),
  (ESPIPE, "ESPIPE"), (EROFS, "EROFS"), (EMLINK, "EMLINK"), (EPIPE, "EPIPE"),
  (ENAMETOOLONG, "ENAMETOOLONG"), (ENOSYS, "ENOSYS"), (ENOTEMPTY, "ENOTEMPTY"), (ELOOP, "ELOOP"),
  (EOVERFLOW, "EOVERFLOW"), (ENOTSOCK, "ENOTSOCK"), (EMSGSIZE, "EMSGSIZE"),
  (EPROTONOSUPPORT, "EPROTONOSUPPORT"), (EOPNOTSUPP, "EOPNOTSUPP"),
  (EAFNOSUPPORT, "EAFNOSUPPORT"), (EADDRINUSE, "EADDRINUSE"), (EADDRNOTAVAIL, "EADDRNOTAVAIL"),
  (ENETDOWN, "ENETDOWN"), (ENETUNREACH, "ENETUNREACH"), (ECONNABORTED, "ECONNABORTED"),
  (ECONNRESET, "ECONNRESET"), (ENOBUFS, "ENOBUFS"), (EISCONN, "EISCONN"), (ENOTCONN, "ENOTCONN"),
  (ETIMEDOUT, "ETIMEDOUT"), (ECONNREFUSED, "ECONNREFUSED"), (EHOSTDOWN, "EHOSTDOWN"),
  (EHOSTUNREACH, "EHOSTUNREACH"), (EALREADY, "EALREADY"), (EINPROGRESS, "EINPROGRESS"),
  (EDQUOT, "EDQUOT"), (ECANCELED, "ECANCELED"),
]
