import Base
import Model
import Testing

@testable import Delivery

struct OutboxTests {
  @Test("nothing is told before it is durable")
  func durableFirst() throws {
    let bench = Bench()
    bench.enqueue(incident())
    #expect(bench.start() == [])
    let group = try #require(bench.take())
    #expect(bench.start() == [])
    bench.outbox.committed(through: group.number + 1, at: bench.now.instant)
    #expect(bench.start() == [], "the end of another group says nothing")
    bench.committed(group)
    #expect(bench.start() == ["ops:a-1"])
    #expect(bench.out.first?.webhookID == "inc-aaaaaaaaaaaaaaaaaaaa-1")
    #expect(bench.out.first?.body == IncidentDocument.webhookBody(incident()))
  }

  @Test("a disk that neither takes nor refuses a group holds alerts up for a bounded time")
  func hungDisk() throws {
    let bench = Bench { $0.diskPatience = .seconds(3) }
    bench.enqueue(incident("a"))
    _ = try #require(bench.take())
    bench.seconds += 2.9
    #expect(bench.stopWaitingForDisk() == false)
    #expect(bench.start() == [])
    #expect(bench.outbox.nextDue == bench.now.instant + .milliseconds(100))
    bench.seconds += 0.1
    #expect(bench.stopWaitingForDisk())
    #expect(bench.start() == ["ops:a-1"])
    bench.enqueue(incident("b"))
    #expect(bench.stopWaitingForDisk(), "what comes later does not wait")
    #expect(bench.start() == ["ops:b-1"])
  }

  @Test("the end of a group of alert files alone says nothing of the journal")
  func filesAlone() throws {
    let bench = Bench()
    bench.enqueue(incident("a"))
    let group = try #require(bench.take())
    #expect(bench.outbox.isWritingJournal)
    bench.outbox.commitFailed(
      through: group.number, unwritten: [incident("a")], at: bench.now.instant)
    bench.enqueue(incident("b"))
    bench.seconds += 0.1
    #expect(bench.take() == nil, "both wait for the next try")
    #expect(bench.outbox.isWritingJournal == false)
  }

  @Test("one group is out at a time; what comes meanwhile is the next")
  func groups() throws {
    let bench = Bench()
    bench.enqueue(incident("a"))
    let first = try #require(bench.take())
    bench.enqueue(incident("b"))
    bench.enqueue(incident("c"))
    #expect(bench.take() == nil)
    bench.committed(first)
    #expect(bench.start() == ["ops:a-1"])
    let second = try #require(bench.take())
    #expect(second.alertFiles.map(\.id) == [incident("b").id, incident("c").id])
    bench.committed(second)
    #expect(bench.start() == ["ops:b-1", "ops:c-1"])
    #expect(bench.take() == nil, "nothing is left to write")
  }

  @Test("events of one incident reach a receiver in order, one at a time")
  func order() {
    let bench = Bench()
    bench.enqueue(incident("a", 1))
    bench.enqueue(incident("a", 2))
    bench.commit()
    #expect(bench.start() == ["ops:a-1"])
    bench.enqueue(incident("a", 3, resolved: true))
    bench.commit()
    #expect(bench.start() == [])
    bench.finish("ops:a-1", accepted)
    #expect(bench.start() == ["ops:a-2"])
    bench.finish("ops:a-2", .answered(status: 500))
    #expect(bench.start() == [])
    bench.seconds += 2
    #expect(bench.start() == ["ops:a-2"])
    bench.finish("ops:a-2", accepted)
    #expect(bench.start() == ["ops:a-3"])
    bench.finish("ops:a-3", accepted)
    #expect(bench.outbox.pendingCount == 0)
    bench.commit()
    #expect(bench.outbox.nextDue == nil)
  }

  @Test("an event that follows an accepted one waits until it is durable itself")
  func nextNotDurable() {
    let bench = Bench()
    bench.enqueue(incident("a", 1))
    bench.commit()
    bench.start()
    bench.enqueue(incident("a", 2))
    bench.finish("ops:a-1", accepted)
    #expect(bench.start() == [])
    bench.commit()
    #expect(bench.start() == ["ops:a-2"])
  }

  @Test("incidents and receivers do not wait for each other")
  func independence() {
    let bench = Bench(receivers: ["ops", "wall"])
    for letter in ["a", "b"] as [Character] {
      bench.enqueue(incident(letter), receivers: ["ops", "wall"])
    }
    bench.commit()
    #expect(bench.start().sorted() == ["ops:a-1", "ops:b-1", "wall:a-1", "wall:b-1"])
    bench.finish("ops:a-1", .answered(status: 400))
    bench.enqueue(incident("a", 2), receivers: ["ops", "wall"])
    bench.finish("wall:a-1", accepted)
    bench.commit()
    #expect(bench.start() == ["wall:a-2"])
  }

  @Test(
    "only an answer of 200 to 299 is success",
    arguments: [
      (200, true), (204, true), (299, true), (199, false), (301, false), (307, false),
      (400, false), (410, false), (429, false), (500, false), (503, false),
    ])
  func success(status: Int, isAccepted: Bool) {
    let bench = Bench()
    bench.enqueue(incident())
    bench.commit()
    bench.start()
    bench.finish("ops:a-1", .answered(status: status))
    #expect((bench.outbox.pendingCount == 0) == isAccepted)
    let lastError = bench.outbox.receiverStatuses[0].lastError
    #expect(lastError == (isAccepted ? nil : "HTTP status \(status)"))
  }

  @Test("waits between tries double up to the longest, spread between the first wait and that")
  func backoff() {
    var longestSeen = [Double](repeating: 0, count: 12)
    var shortestSeen = [Double](repeating: 1e9, count: 12)
    for seed in 1...200 as ClosedRange<UInt64> {
      let bench = Bench(seed: seed)
      bench.enqueue(incident())
      bench.commit()
      for failure in 0..<12 {
        #expect(bench.start() == ["ops:a-1"])
        bench.finish("ops:a-1", .failed("connection refused"))
        bench.commit()
        let wait = (bench.outbox.nextDue! - bench.now.instant).seconds
        let ceiling = min(300, Double(2 << failure))
        #expect((1...ceiling).contains(wait), "failure \(failure + 1)")
        longestSeen[failure] = max(longestSeen[failure], wait)
        shortestSeen[failure] = min(shortestSeen[failure], wait)
        bench.seconds += wait + 0.000_001
      }
    }
    #expect(longestSeen[11] > 290, "the whole span is used")
    #expect(shortestSeen[11] < 10, "from its beginning")
  }

  @Test("the waits of a seed are the same each time")
  func seeded() {
    func waits(_ seed: UInt64) -> [Instant] {
      let bench = Bench(seed: seed)
      bench.enqueue(incident())
      bench.commit()
      return (0..<5).map { _ in
        bench.start()
        bench.finish("ops:a-1", .failed("no answer"))
        let due = bench.outbox.nextDue!
        bench.seconds += 600
        return due
      }
    }
    #expect(waits(5) == waits(5))
    #expect(waits(5) != waits(6))
  }

  @Test(
    "Retry-After is honoured up to the longest wait",
    arguments: [
      ("seconds", "120", 120.0...120), ("longer than the longest", "86400", 300...300),
      ("less than our own wait", "0", 1...2), ("nonsense", "soon", 1...2),
      ("a date", "Fri, 07 Nov 2025 01:20:03 GMT", 80...80),
    ])
  func retryAfter(reason: String, header: String, expected: ClosedRange<Double>) {
    let bench = Bench()
    bench.enqueue(incident())
    bench.commit()
    bench.start()
    bench.finish("ops:a-1", .answered(status: 502, retryAfter: header))
    let wait = (bench.outbox.nextDue! - bench.now.instant).seconds
    #expect(expected.contains(wait), "\(reason): \(wait)")
  }

  @Test("a receiver that says it is overloaded is left alone as a whole; others are not")
  func overloaded() {
    let bench = Bench(receivers: ["ops", "wall"])
    bench.enqueue(incident("a"), receivers: ["ops", "wall"])
    bench.commit()
    bench.start()
    bench.finish("ops:a-1", .answered(status: 429, retryAfter: "60"))
    bench.finish("wall:a-1", .answered(status: 500, retryAfter: "60"))
    bench.enqueue(incident("b"), receivers: ["ops", "wall"])
    bench.commit()
    #expect(bench.start() == ["wall:b-1"], "500 speaks of one event, 429 of the receiver")
    bench.seconds += 61
    #expect(bench.start().sorted() == ["ops:a-1", "ops:b-1", "wall:a-1"])
  }

  @Test("places are bounded in all and for each receiver, and shared in turns")
  func places() {
    let names = ["r1", "r2", "r3", "r4", "r5", "r6"]
    let bench = Bench(receivers: names)
    for letter in "abcdefgh" { bench.enqueue(incident(letter), receivers: names) }
    bench.commit()
    let started = bench.start()
    #expect(started.count == Limits.webhooksInFlight)
    for name in names {
      let count = started.count { $0.hasPrefix(name) }
      #expect((2...Limits.webhooksPerReceiver).contains(count), "\(name): \(count)")
    }
    #expect(bench.start() == [])
    #expect(bench.outbox.nextDue == nil, "only the end of a try can bring the next")
    bench.finish(started[0], accepted)
    #expect(bench.start().count == 1)
  }

  @Test("one receiver alone has at most its own share")
  func shareOfOne() {
    let bench = Bench()
    for letter in "abcdefgh" { bench.enqueue(incident(letter)) }
    bench.commit()
    #expect(bench.start() == ["ops:a-1", "ops:b-1", "ops:c-1", "ops:d-1"])
    #expect(bench.outbox.nextDue == nil)
    bench.finish("ops:b-1", accepted)
    #expect(bench.start() == ["ops:e-1"])
  }

  @Test("receivers that do not answer hold one place each, until one answers again")
  func silentReceivers() {
    let dead = ["d1", "d2", "d3", "d4", "d5"]
    let bench = Bench(receivers: dead + ["ops"])
    for letter in "abcdefgh" {
      bench.enqueue(incident(letter), receivers: dead + ["ops"])
    }
    bench.commit()
    for _ in 0..<10 {
      bench.start()
      for attempt in bench.out where attempt.receiver != "ops" {
        bench.finish(bench.name(attempt), .failed("no answer in time"))
      }
    }
    bench.seconds += 400
    bench.start()
    for name in dead { #expect(bench.out.count { $0.receiver == name } == 1) }
    #expect(bench.out.count { $0.receiver == "ops" } == Limits.webhooksPerReceiver)
    let back = bench.out.first { $0.receiver == "d3" }!
    bench.finish(bench.name(back), accepted)
    #expect(bench.start().count { $0.hasPrefix("d3") } == Limits.webhooksPerReceiver)
  }

  @Test("a receiver that is gone takes its events with it; a new one gets what comes from now on")
  func configuration() {
    let bench = Bench(receivers: ["ops", "old"])
    bench.enqueue(incident("a"), receivers: ["ops", "old"])
    bench.commit()
    bench.start()
    let messages = bench.outbox.configure(receivers: ["new", "ops"])
    #expect(messages == ["receiver old is no longer configured: 1 events for it dropped"])
    bench.finish("old:a-1", .answered(status: 500))
    bench.enqueue(incident("b"), receivers: ["ops", "old", "new"])
    bench.commit()
    #expect(bench.start().sorted() == ["new:b-1", "ops:b-1"])
    #expect(bench.outbox.receiverStatuses.map(\.name) == ["new", "ops"])

    let replay = bench.crash(receivers: ["new", "ops", "old"])
    #expect(replay.damage == [])
    #expect(bench.start().sorted() == ["new:b-1", "ops:a-1", "ops:b-1"], "old stays dropped")
  }

  @Test("a result that comes twice, or for a receiver that went and came back, changes nothing")
  func lateResults() {
    let bench = Bench()
    bench.enqueue(incident("a"))
    bench.commit()
    bench.start()
    let token = bench.out[0].token
    _ = bench.outbox.configure(receivers: [])
    _ = bench.outbox.configure(receivers: ["ops"])
    bench.enqueue(incident("a", 2))
    bench.commit()
    #expect(bench.start() == ["ops:a-2"])
    bench.outbox.finished(token, accepted, at: bench.now)
    bench.outbox.finished(token, accepted, at: bench.now)
    #expect(bench.outbox.pendingCount == 1)
    bench.finish("ops:a-2", accepted)
    #expect(bench.outbox.pendingCount == 0)
  }

  @Test("an incident without receivers still gets its record and its file")
  func withoutReceivers() {
    let bench = Bench(receivers: [])
    #expect(bench.enqueue(incident(), receivers: []) == 0)
    let group = bench.take()
    #expect(group?.alertFiles == [incident()])
    if let group { bench.write(group) }
    #expect(bench.crash().openIncidents == [incident()])
  }
}
