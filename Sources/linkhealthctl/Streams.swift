import Glibc
import Host

/// Writes all bytes, waiting where the stream is slow.
func writeAll(_ bytes: [UInt8], to stream: Int32) throws(SystemError) {
  var sent = 0
  while sent < bytes.count {
    let count = bytes[sent...].withUnsafeBytes { write(stream, $0.baseAddress, $0.count) }
    if count >= 0 {
      sent += count
      continue
    }
    let error = SystemError.last("write", stream == STDOUT_FILENO ? "standard output" : "")
    switch error.code {
    case EINTR: continue
    case EAGAIN:
      // Someone else made the terminal non-blocking.
      var ready = pollfd(fd: stream, events: Int16(POLLOUT), revents: 0)
      _ = poll(&ready, 1, -1)
    default: throw error
    }
  }
}
