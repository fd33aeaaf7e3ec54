import Glibc
import Testing

@testable import Host

@Suite("Errors and descriptors")
struct SystemErrorTests {
  @Test(
    "an error says what was tried, on what, and why",
    arguments: [
      (
        SystemError(operation: "open", path: "/x/y", code: EACCES),
        "open /x/y: Permission denied (EACCES)", "with a path"
      ),
      (
        SystemError(operation: "epoll_wait", code: EBADF),
        "epoll_wait: Bad file descriptor (EBADF)", "without one"
      ),
      (
        SystemError(operation: "read", path: "/x", code: EL2HLT),
        "read /x: Level 2 halted (errno 51)", "an error without a name of ours"
      ),
    ] as [(SystemError, String, String)])
  func description(error: SystemError, text: String, reason: String) {
    #expect("\(error)" == text, "\(reason)")
  }

  @Test("a descriptor closes with its owner, unless it was released")
  func descriptor() {
    var ends: [Int32] = [-1, -1]
    #expect(pipe(&ends) == 0)
    let released = Descriptor(ends[0]).release()
    #expect(released == ends[0])
    do { _ = Descriptor(ends[1]).raw }
    // The other end is closed, so that reading finds the end of the pipe.
    var byte: UInt8 = 0
    #expect(read(released, &byte, 1) == 0)
    #expect(close(released) == 0)
  }
}
