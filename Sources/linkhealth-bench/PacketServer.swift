import Base
import Glibc
import Host
import Synchronization

/// A UDP server on loopback that answers each packet by itself, on a thread of its own: its CPU time is
/// not the daemon's. Must be stopped.
final class PacketServer: Sendable {
  let port: UInt16
  private let descriptor: Int32
  private let isStopping = Atomic<Bool>(false)
  private let thread: Workers

  init(_ answer: @escaping @Sendable ([UInt8]) -> [UInt8]?) throws {
    let raw = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    descriptor = raw
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    inet_pton(AF_INET, "127.0.0.1", &place.sin_addr)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(raw, $0, length) == 0 && getsockname(raw, $0, &length) == 0
      }
    }
    guard raw >= 0, bound else { throw SystemError.last("bind", "127.0.0.1") }
    port = UInt16(bigEndian: place.sin_port)
    thread = try Workers(threads: 1, capacity: 1)
    _ = thread.submit { [self] in serve(answer) }
  }

  func stop() {
    isStopping.store(true, ordering: .relaxed)
    thread.stopAndWait()
    close(descriptor)
  }

  private func serve(_ answer: ([UInt8]) -> [UInt8]?) {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while !isStopping.load(ordering: .relaxed) {
      var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&wait, 1, 50) > 0 else { continue }
      var from = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      withUnsafeMutablePointer(to: &from) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { sender in
          let count = recvfrom(descriptor, &buffer, buffer.count, 0, sender, &length)
          guard count > 0, let bytes = answer(Array(buffer.prefix(count))) else { return }
          sendto(descriptor, bytes, bytes.count, 0, sender, length)
        }
      }
    }
  }
}

/// The bytes of a DNS query up to the end of its question (RFC 1035 section 4.1.2); nil when it has none.
func question(of query: [UInt8]) -> [UInt8]? {
  var index = 12
  while index < query.count, query[index] != 0 { index += 1 + Int(query[index]) }
  index += 5
  return index <= query.count ? Array(query[..<index]) : nil
}

/// An answer to a DNS query: its header says "response, recursion available" and counts the records.
func answerToQuestion(
  _ query: [UInt8], records: Int = 1, _ bytes: [UInt8] = addressRecord
) -> [UInt8]? {
  guard var answer = question(of: query) else { return nil }
  answer.replaceSubrange(
    2..<12,
    with: [0x81, 0x80, 0, 1, UInt8(records >> 8), UInt8(records & 0xFF), 0, 0, 0, 0])
  return answer + bytes
}

/// 192.0.2.7 for the name of the question, for a minute.
let addressRecord: [UInt8] = [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]
