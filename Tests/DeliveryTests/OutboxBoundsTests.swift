import Base
import Model
import Testing

@testable import Delivery

struct OutboxBoundsTests {
  private func pending(_ bench: Bench) -> [String] {
    bench.outbox.receivers.flatMap { receiver in
      receiver.lanes.values.flatMap { lane in
        lane.pending.map {
          "\(receiver.name):\($0.incident.id.last!)-\($0.incident.sequence)"
        }
      }
    }.sorted()
  }

  @Test("when the outbox is full, the oldest superseded updates give way")
  func supersededGiveWay() {
    let bench = Bench { $0.pending = 6 }
    for sequence in 1...4 { bench.enqueue(incident("a", sequence)) }
    for sequence in 1...2 { bench.enqueue(incident("b", sequence)) }
    #expect(bench.enqueue(incident("b", 3, resolved: true)) == 0)
    #expect(pending(bench) == ["ops:a-1", "ops:a-3", "ops:a-4", "ops:b-1", "ops:b-2", "ops:b-3"])
    #expect(bench.enqueue(incident("c")) == 0)
    #expect(bench.enqueue(incident("d")) == 0)
    #expect(pending(bench) == ["ops:a-1", "ops:a-4", "ops:b-1", "ops:b-3", "ops:c-1", "ops:d-1"])
    #expect(bench.outbox.droppedCount == 3)

    bench.commit()
    bench.crash()
    #expect(
      pending(bench) == ["ops:a-1", "ops:a-4", "ops:b-1", "ops:b-3", "ops:c-1", "ops:d-1"],
      "what was dropped stays dropped")
  }

  @Test("openings and resolutions never give way; what is new is refused and counted")
  func refusal() {
    let bench = Bench(receivers: ["ops", "wall"]) { $0.pending = 4 }
    bench.enqueue(incident("a", 1))
    bench.enqueue(incident("a", 2, resolved: true))
    bench.enqueue(incident("b", 1))
    #expect(bench.enqueue(incident("c", 1), receivers: ["ops", "wall"]) == 1)
    #expect(bench.outbox.refusedCount == 1)
    #expect(pending(bench) == ["ops:a-1", "ops:a-2", "ops:b-1", "ops:c-1"])
    #expect(bench.enqueue(incident("b", 2)) == 1)
    let group = bench.take()
    #expect(group?.alertFiles.map(\.sequence) == [2, 2, 1], "the alert files still come")
    if let group { bench.write(group) }
    #expect(bench.crash().openIncidents.map(\.sequence) == [2, 1], "and so does the state")
  }

  @Test("an update on its way does not give way")
  func inFlightStays() {
    let bench = Bench { $0.pending = 2 }
    bench.enqueue(incident("a", 2))
    bench.commit()
    #expect(bench.start() == ["ops:a-2"])
    bench.enqueue(incident("a", 3))
    #expect(bench.enqueue(incident("a", 4)) == 0)
    #expect(pending(bench) == ["ops:a-2", "ops:a-4"])
    bench.finish("ops:a-2", accepted)
    bench.commit()
    #expect(bench.start() == ["ops:a-4"])
  }

  @Test("an update that waits for another try gives way to a newer one that is not durable yet")
  func waitingGivesWay() {
    let bench = Bench { $0.pending = 1 }
    bench.enqueue(incident("a", 2))
    bench.commit()
    bench.start()
    bench.finish("ops:a-2", .failed("refused"))
    bench.enqueue(incident("a", 3))
    bench.seconds += 10
    #expect(bench.start() == [], "the newer one is not durable")
    bench.commit()
    #expect(bench.start() == ["ops:a-3"])
  }

  @Test("the bytes that wait are bounded as well")
  func bytes() {
    let size = IncidentDocument.encode(incident()).count
    let bench = Bench { $0.pendingBytes = 3 * size }
    for letter in "abcde" { bench.enqueue(incident(letter)) }
    #expect(bench.outbox.pendingCount == 3)
    #expect(bench.outbox.refusedCount == 2)
  }

  @Test("a receiver that is down for long costs bounded memory and journal")
  func downForLong() {
    let bench = Bench {
      $0.pending = 100
      $0.compactBytes = 50_000
    }
    var largest = 0
    for sequence in 1...20_000 {
      bench.enqueue(incident("a", sequence))
      bench.commit()
      largest = max(largest, bench.journal.count)
    }
    #expect(bench.outbox.pendingCount == 100)
    #expect(bench.outbox.droppedCount == 19_900)
    #expect(largest < 250_000)
    var told: [Int] = []
    while bench.outbox.pendingCount > 0 {
      bench.start()
      told.append(bench.out[0].sequence)
      bench.finish(bench.name(bench.out[0]), accepted)
      bench.commit()
    }
    #expect(told.first == 1)
    #expect(told.last == 20_000)
    #expect(told == told.sorted())
  }

  @Test("while the disk hangs, what waits for it is bounded")
  func hangingDisk() throws {
    let bench = Bench(receivers: []) {
      $0.pending = 50
      $0.compactBytes = 20_000
    }
    bench.enqueue(incident("a", 1), receivers: [])
    let hanging = try #require(bench.take())
    for number in 2...500 {
      var next = incident("b", 1)
      next.id = "inc-\(number)"
      bench.enqueue(next, receivers: [])
      next.sequence = 2
      next.status = .resolved
      bench.enqueue(next, receivers: [])
    }
    #expect(bench.outbox.unfiledCount == 2 * (499 - 50))
    #expect(bench.outbox.commits.records.count <= 20_000)
    bench.write(hanging)
    bench.committed(hanging)
    let group = try #require(bench.take())
    #expect(group.alertFiles.count == 50)
    guard case .replace(let snapshot) = group.write else {
      Issue.record("more records than fit are replaced by a snapshot")
      return
    }
    // Beside what waits it holds the incidents that ended last, which have a bound of their own.
    var ends: [UInt8] = []
    for incident in bench.outbox.ended.list {
      JournalRecord.state(incident, isFiled: true).append(to: &ends)
    }
    #expect(ends.count <= Limits.endedIncidentsBytes)
    #expect(snapshot.bytes.count - ends.count < 60_000)
  }
}
