import CLinux
import Glibc

/// One of a program's outputs: reads what is there and keeps it up to a limit.
final class ProgramOutput {
  private let descriptor: Descriptor
  private let limitBytes: Int
  private(set) var bytes: [UInt8] = []
  private(set) var isOverLimit = false

  init(_ raw: Int32, limitBytes: Int) {
    descriptor = Descriptor(raw)
    self.limitBytes = limitBytes
  }

  var raw: Int32 { descriptor.raw }

  /// Reads all that is there, at most as much as shows that it is too much; false at the end.
  func read(_ buffer: inout [UInt8]) -> Bool {
    while !isOverLimit {
      let count = Glibc.read(descriptor.raw, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      if count < 0 { return errno == EAGAIN }
      if count == 0 { return false }
      let room = limitBytes - bytes.count
      bytes += buffer.prefix(min(count, room))
      isOverLimit = count > room
    }
    return true
  }
}
