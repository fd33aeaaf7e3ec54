import Glibc

/// An open file descriptor with one owner, closed when the owner lets go of it.
package struct Descriptor: ~Copyable, Sendable {
  /// The number, for system calls while the owner lives.
  package let raw: Int32

  /// Takes over an open descriptor.
  package init(_ raw: Int32) {
    precondition(raw >= 0, "an open descriptor")
    self.raw = raw
  }

  /// Gives the number up without closing it; the caller closes it from now on.
  package consuming func release() -> Int32 {
    let raw = self.raw
    discard self
    return raw
  }

  // Linux frees the number even when close is interrupted (close(2), "Dealing with error returns"),
  // so it is never tried again.
  deinit { _ = close(raw) }
}
