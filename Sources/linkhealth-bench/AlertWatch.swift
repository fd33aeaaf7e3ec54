import Base
import Glibc
import Host

/// Tells of files that come into a directory, under the name that they are to have, as they come.
final class AlertWatch: ReadinessHandler {
  private let inotify: Descriptor
  private let onFile: (String, WallTime) -> Void

  init(
    _ directory: String, _ reactor: Reactor, onFile: @escaping (String, WallTime) -> Void
  ) throws(SystemError) {
    let raw = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
    guard raw >= 0 else { throw SystemError.last("inotify_init1") }
    inotify = Descriptor(raw)
    self.onFile = onFile
    guard inotify_add_watch(raw, directory, UInt32(IN_MOVED_TO)) >= 0 else {
      throw SystemError.last("inotify_add_watch", directory)
    }
    _ = try reactor.add(raw, .readable, handler: self)
  }

  func ready(_ readiness: Readiness, key: Int32, token: Token) {
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = read(inotify.raw, &buffer, buffer.count)
      guard count > 0 else { return }
      let arrived = Clock.wall
      for name in names(buffer[..<count]) { onFile(name, arrived) }
    }
  }

  /// The names in a run of `struct inotify_event` (inotify(7)), each padded with zeros.
  private func names(_ bytes: ArraySlice<UInt8>) -> [String] {
    let headBytes = MemoryLayout<inotify_event>.size
    var names: [String] = []
    var rest = bytes
    while rest.count >= headBytes {
      let length = rest.withUnsafeBytes {
        Int($0.loadUnaligned(as: inotify_event.self).len)
      }
      let name = rest.dropFirst(headBytes).prefix(length).prefix { $0 != 0 }
      names.append(String(decoding: name, as: UTF8.self))
      rest = rest.dropFirst(headBytes + length)
    }
    return names
  }
}
