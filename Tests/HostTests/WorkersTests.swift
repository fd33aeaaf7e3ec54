import Base
import Glibc
import Synchronization
import Testing

@testable import Host

@Suite("Workers")
struct WorkersTests {
  @Test("all that waits is done before they end")
  func done() throws {
    let workers = try Workers(threads: 2, capacity: 100)
    let count = Mutex(0)
    for _ in 0..<100 {
      let accepted = workers.submit { count.withLock { $0 += 1 } }
      #expect(accepted)
    }
    #expect(workers.stop(within: .seconds(30)))
    #expect(count.withLock { $0 } == 100)
    #expect(!workers.submit {}, "nothing more is taken")
  }

  @Test("one that hangs is not waited for beyond the bound, and what it holds lives on")
  func hangs() throws {
    var ends: (Int32, Int32) = (-1, -1)
    try withUnsafeMutableBytes(of: &ends) { bytes in
      let code = pipe(bytes.baseAddress!.assumingMemoryBound(to: Int32.self))
      try #require(code == 0)
    }
    let (reading, writing) = ends
    let isOver = Mutex(false)
    let workers = try Workers(threads: 2, capacity: 2)
    let accepted = workers.submit {
      var byte: UInt8 = 0
      _ = read(reading, &byte, 1)
      isOver.withLock { $0 = true }
    }
    #expect(accepted)
    #expect(!workers.stop(within: .milliseconds(20)))
    close(writing)
    let bound = Clock.instant + .seconds(30)
    while !isOver.withLock({ $0 }), Clock.instant < bound { sched_yield() }
    #expect(isOver.withLock { $0 })
    close(reading)
  }
}
