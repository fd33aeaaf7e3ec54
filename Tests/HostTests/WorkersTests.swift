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

  @Test("those that give way let other threads go first, and only those")
  func givingWay() throws {
    let own = try #require(nice())
    for (givesWay, expected) in [(true, min(19, own + 10)), (false, own)] {
      let workers = try Workers(threads: 1, capacity: 1, givingWay: givesWay)
      let found = Mutex<Int?>(nil)
      let accepted = workers.submit {
        let value = nice()
        found.withLock { $0 = value }
      }
      #expect(accepted)
      #expect(workers.stop(within: .seconds(30)))
      #expect(found.withLock { $0 } == expected)
    }
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

/// By how much the calling thread lets others go first, as the kernel tells it.
private func nice() -> Int? {
  guard let file = fopen("/proc/thread-self/stat", "r") else { return nil }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 1_024)
  guard fgets(&line, Int32(line.count), file) != nil else { return nil }
  let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  // Behind the name, which may hold anything, stands the third field; it is the nineteenth.
  guard let end = text.lastIndex(of: ")") else { return nil }
  let fields = text[text.index(after: end)...].split(separator: " ")
  return fields.count > 16 ? Int(fields[16]) : nil
}
