import Base
import Glibc
import Host
import Synchronization

/// A name server on port 53 of a loopback address that gives every question the same answer. Needs
/// root, and a daemon that is started to ask it. Must be stopped.
final class NameServer: Sendable {
  /// What it answers; raw values are the response codes of RFC 1035 section 4.1.1.
  enum Answer: UInt8, Sendable {
    /// No error, and no records either.
    case empty = 0
    case serverFailure = 2
    case noSuchName = 3
    case silence = 255
  }

  private static let address = "127.0.0.54"
  private let descriptor: Int32
  private let isStopping = Atomic<Bool>(false)
  private let thread: Workers

  init(_ answer: Answer) throws {
    let raw = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    descriptor = raw
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = UInt16(53).bigEndian
    inet_pton(AF_INET, Self.address, &place.sin_addr)
    let bound = withUnsafePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard raw >= 0, bound == 0 else { throw SystemError.last("bind", "\(Self.address):53") }
    thread = try Workers(threads: 1, capacity: 1)
    _ = thread.submit { [self] in serve(answer) }
  }

  func stop() {
    guard !isStopping.exchange(true, ordering: .relaxed) else { return }
    thread.stopAndWait()
    close(descriptor)
  }

  /// Makes a daemon see this server as the machine's only one, in a mount name space of its own.
  func serve(_ daemon: Daemon) throws {
    try daemon.see("nameserver \(Self.address)\n", at: "/etc/resolv.conf")
  }

  private func serve(_ answer: Answer) {
    var buffer = [UInt8](repeating: 0, count: 1_500)
    while !isStopping.load(ordering: .relaxed) {
      guard waitUntil(descriptor, POLLIN, within: .milliseconds(50)) else { continue }
      var from = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      withUnsafeMutablePointer(to: &from) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { sender in
          let count = recvfrom(descriptor, &buffer, buffer.count, 0, sender, &length)
          guard count >= 12, answer != .silence else { return }
          // The question comes back with "response", "recursion available" and the code.
          buffer[2] |= 0x80
          buffer[3] = 0x80 | answer.rawValue
          sendto(descriptor, buffer, count, 0, sender, length)
        }
      }
    }
  }
}
