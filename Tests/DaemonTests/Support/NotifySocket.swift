import Base
import CLinux
import Glibc
import Host

/// The socket by which a service tells its manager how it is (sd_notify(3)), held by a test.
final class NotifySocket {
  let path: String
  private let descriptor: Int32
  private var messages: [String] = []

  init(in place: Workplace) throws {
    path = "\(place.path)/notify"
    descriptor = lh_unix_socket(1)
    guard descriptor >= 0, lh_unix_bind(descriptor, path) == 0 else {
      throw SystemError.last("bind", path)
    }
  }

  deinit { close(descriptor) }

  /// All that has come, oldest first.
  var all: [String] {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return messages }
      messages.append(String(decoding: buffer.prefix(count), as: UTF8.self))
    }
  }

  func count(of line: String) -> Int {
    all.count { $0.split(separator: "\n").contains { $0 == line } }
  }

  func waitFor(_ line: String, times: Int = 1) throws {
    try eventually("\(line) is told") { count(of: line) >= times }
  }
}
