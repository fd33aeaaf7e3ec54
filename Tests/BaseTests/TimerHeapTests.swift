import Testing

@testable import Base

struct TimerHeapTests {
  @Test("an empty heap has nothing due")
  func empty() {
    var heap = TimerHeap<Int>()
    #expect(heap.nextDue == nil)
    #expect(heap.popDue(at: .distantFuture) == nil)
    #expect(heap.isEmpty)
  }

  @Test("an entry comes out at its time, once, and not before")
  func onTime() throws {
    var heap = TimerHeap<String>()
    heap.push("a", due: Instant(nanoseconds: 10))
    #expect(heap.popDue(at: Instant(nanoseconds: 9)) == nil)
    #expect(heap.count == 1)
    let taken = heap.popDue(at: Instant(nanoseconds: 10))
    let popped = try #require(taken)
    #expect(popped.payload == "a")
    #expect(popped.due == Instant(nanoseconds: 10))
    #expect(heap.popDue(at: .distantFuture) == nil)
  }

  @Test("equal times come out in the order they went in")
  func ties() {
    var heap = TimerHeap<Int>()
    for number in 0..<100 { heap.push(number, due: Instant(nanoseconds: Int64(number % 2))) }
    var out: [Int] = []
    while let entry = heap.popDue(at: .distantFuture) { out.append(entry.payload) }
    #expect(out == Array(stride(from: 0, to: 100, by: 2)) + Array(stride(from: 1, to: 100, by: 2)))
  }

  @Test("it does what a sorted list does", arguments: 0..<20)
  func againstList(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var heap = TimerHeap<Int>()
    var list: [(due: Int64, payload: Int)] = []
    for step in 0..<600 {
      if random.below(5) < 3 {
        let due = Int64(random.below(50))
        heap.push(step, due: Instant(nanoseconds: due))
        list.append((due, step))
      } else {
        let now = Int64(random.below(60))
        let expected = list.filter { $0.due <= now }.min { $0 < $1 }
        let popped = heap.popDue(at: Instant(nanoseconds: now))
        #expect(popped?.payload == expected?.payload, "seed \(seed), step \(step)")
        list.removeAll { $0.payload == expected?.payload }
      }
      #expect(heap.count == list.count, "seed \(seed)")
      #expect(heap.nextDue?.nanoseconds == list.map(\.due).min(), "seed \(seed)")
    }
    heap.removeAll()
    #expect(heap.isEmpty)
  }
}
