import Base
import Model
import Testing

@testable import Delivery

struct OutboxJournalTests {
  @Test("a receipt that is durable is not repeated; one that is not leads to the same id again")
  func receipts() {
    let bench = Bench()
    bench.enqueue(incident("a"))
    bench.enqueue(incident("b"))
    bench.commit()
    bench.start()
    let tried = bench.out
    bench.finish("ops:a-1", accepted)
    bench.commit()
    bench.finish("ops:b-1", accepted)
    bench.crash()
    #expect(bench.start() == ["ops:b-1"])
    #expect(bench.out[0].webhookID == tried[1].webhookID)
    #expect(bench.out[0].body == tried[1].body)
  }

  @Test("from every prefix of a journal an outbox comes back that has lost nothing whole")
  func everyPrefix() {
    let bench = Bench(receivers: ["ops", "wall"])
    var durable: [(bytes: Int, open: Set<String>, pending: Set<String>)] = []
    func note() {
      var pending = Set<String>()
      for receiver in bench.outbox.receivers {
        for lane in receiver.lanes.values {
          for event in lane.pending {
            pending.insert("\(receiver.name) \(event.incident.webhookID)")
          }
        }
      }
      let open = Set(bench.outbox.openIncidents.map(\.webhookID))
      durable.append((bench.journal.count, open, pending))
    }
    note()
    let steps: [(Bench) -> Void] = [
      { $0.enqueue(incident("a", 1), receivers: ["ops", "wall"]) },
      { $0.enqueue(incident("b", 1), receivers: ["wall"]) },
      { $0.start() },
      { $0.finish("ops:a-1", accepted) },
      { $0.enqueue(incident("a", 2), receivers: ["ops", "wall"]) },
      { $0.finish("wall:a-1", .failed("refused")) },
      { $0.finish("wall:b-1", accepted) },
      { $0.enqueue(incident("b", 2, resolved: true), receivers: ["ops", "wall"]) },
      { _ = $0.outbox.configure(receivers: ["wall"]) },
      { $0.enqueue(incident("a", 3, resolved: true), receivers: ["wall"]) },
    ]
    for step in steps {
      step(bench)
      bench.commit()
      note()
    }
    let whole = bench.journal
    for length in 0...whole.count {
      let replay = Outbox.replay(Array(whole[..<length]), generator: SeededGenerator(seed: 1))
      let last = durable.lastIndex { $0.bytes <= length }!
      let expected = durable[last]
      #expect(Set(replay.openIncidents.map(\.webhookID)) == expected.open)
      var pending = Set<String>()
      for receiver in replay.outbox.receivers {
        for lane in receiver.lanes.values {
          #expect(
            lane.pending.map(\.incident.sequence) == lane.pending.map(\.incident.sequence).sorted())
          for event in lane.pending {
            pending.insert("\(receiver.name) \(event.incident.webhookID)")
          }
        }
      }
      #expect(pending == expected.pending, "\(length) bytes")
      #expect(replay.damage.isEmpty == (expected.bytes == length))
    }
  }

  @Test("a snapshot gives the same outbox as the journal it replaces")
  func snapshot() {
    let bench = Bench(receivers: ["ops", "wall"])
    bench.enqueue(incident("a", 1), receivers: ["ops", "wall"])
    bench.enqueue(incident("b", 1))
    bench.commit()
    bench.start()
    bench.finish("ops:b-1", accepted)
    bench.enqueue(incident("a", 2), receivers: ["wall"])
    bench.enqueue(incident("c", 1, resolved: false))
    bench.enqueue(incident("c", 2, resolved: true), receivers: [])
    bench.commit()
    let snapshot = bench.outbox.compacted().bytes
    let fromJournal = Outbox.replay(bench.journal, generator: SeededGenerator(seed: 1))
    let fromSnapshot = Outbox.replay(snapshot, generator: SeededGenerator(seed: 1))
    #expect(fromSnapshot.damage == [])
    #expect(fromSnapshot.openIncidents == fromJournal.openIncidents)
    #expect(
      fromSnapshot.openIncidents.map(\.webhookID) == [
        "inc-aaaaaaaaaaaaaaaaaaaa-2", incident("b").webhookID,
      ])
    #expect(
      fromSnapshot.outbox.compacted().bytes == fromJournal.outbox.compacted().bytes)
    #expect(
      fromSnapshot.outbox.compacted().bytes == snapshot,
      "an opening that waits does not open its incident again after the end")
  }

  @Test("the first group after a start replaces the journal, without its torn end")
  func rewriteAtStart() {
    let bench = Bench()
    bench.enqueue(incident())
    bench.commit()
    bench.journal += [1, 2, 3]
    #expect(bench.crash().damage == ["the last 3 bytes are no whole record and were ignored"])
    bench.commit()
    let again = bench.crash()
    #expect(again.damage == [])
    #expect(again.openIncidents == [incident()])
    #expect(bench.start() == ["ops:a-1"])
  }

  @Test("the first group after a start holds the alert files of all open incidents")
  func filesAtStart() {
    let bench = Bench()
    for letter in ["a", "b", "c"] as [Character] { bench.enqueue(incident(letter)) }
    bench.enqueue(incident("b", 2, resolved: true))
    bench.commit()
    let replay = bench.crash()
    #expect(replay.resolvedIncidents == [incident("b", 2, resolved: true)])
    #expect(bench.take()?.alertFiles == [incident("a"), incident("c")])
  }

  @Test("the journal is compacted when it has grown, and stays bounded")
  func compaction() {
    let bench = Bench { $0.compactBytes = 10_000 }
    var largest = 0
    for round in 1...2_000 {
      let letter = Character(UnicodeScalar(UInt8(97 + round % 5)))
      bench.enqueue(
        incident(letter, 2 * round, resolved: round % 3 == 0))
      bench.commit()
      bench.start()
      while let attempt = bench.out.first { bench.finish(bench.name(attempt), accepted) }
      bench.commit()
      largest = max(largest, bench.journal.count)
    }
    #expect(largest < 13_000)
    let open = bench.outbox.openIncidents
    #expect(bench.crash().openIncidents == open)
    #expect(bench.outbox.pendingCount == 0)
  }

  @Test("a disk that fails silences nothing, and is tried again with the whole content")
  func failingDisk() throws {
    let bench = Bench()
    bench.enqueue(incident("a"))
    let group = try #require(bench.take())
    bench.outbox.commitFailed(
      through: group.number, unwritten: group.alertFiles, at: bench.now.instant)
    #expect(bench.start() == ["ops:a-1"])
    #expect(bench.take() == nil, "not at once")
    #expect(bench.outbox.nextDue == bench.now.instant + Limits.outboxDiskRetry)
    bench.enqueue(incident("b"))
    bench.seconds += 5
    let second = try #require(bench.take())
    #expect(second.alertFiles == [incident("a"), incident("b")])
    bench.write(second)
    bench.committed(second)
    #expect(bench.start() == ["ops:b-1"])
    #expect(bench.crash().openIncidents == [incident("a"), incident("b")])
  }

  @Test("alert files that fail come again, the newest version once, and do not hold the journal up")
  func failingFiles() throws {
    let bench = Bench()
    bench.enqueue(incident("a", 1))
    bench.enqueue(incident("b", 1))
    let first = try #require(bench.take())
    bench.enqueue(incident("a", 2))
    bench.committed(first, unwritten: first.alertFiles)
    let second = try #require(bench.take())
    #expect(second.alertFiles == [])
    bench.committed(second)
    bench.seconds += 5
    let third = try #require(bench.take())
    #expect(third.alertFiles == [incident("a", 2), incident("b", 1)])
    bench.committed(third)
    #expect(bench.outbox.nextDue == nil || bench.start() != [])
  }

  @Test("an end whose alert file is not written yet is kept by a snapshot")
  func unfiledEnd() throws {
    let bench = Bench(receivers: [])
    bench.enqueue(incident("a", 1), receivers: [])
    bench.commit()
    bench.crash(receivers: [])
    bench.enqueue(incident("a", 2, resolved: true), receivers: [])
    let group = try #require(bench.take())
    guard case .replace(let snapshot) = group.write else {
      Issue.record("the first group after a start is a snapshot")
      return
    }
    let replay = Outbox.replay(snapshot.bytes, generator: SeededGenerator(seed: 1))
    #expect(replay.openIncidents == [])
    #expect(replay.resolvedIncidents == [incident("a", 2, resolved: true)])
    bench.committed(group)
    let filed = Outbox.replay(
      bench.outbox.compacted().bytes, generator: SeededGenerator(seed: 1))
    #expect(filed.resolvedIncidents == [], "once it is filed, it is not to be filed again")
    #expect(filed.endedIncidents == [incident("a", 2, resolved: true)], "and is not forgotten")
  }

  @Test("ends outlive compaction and any number of starts, and go when the incident begins again")
  func endsKept() {
    let bench = Bench(receivers: [])
    let end = incident("a", 2, resolved: true)
    bench.enqueue(incident("a", 1), receivers: [])
    bench.enqueue(end, receivers: [])
    bench.commit()
    for start in 1...3 {
      let replay = bench.crash(receivers: [])
      #expect(replay.damage == [] && replay.endedIncidents == [end])
      #expect(replay.resolvedIncidents == (start == 1 ? [end] : []), "filed once")
      bench.commit()
    }
    bench.enqueue(incident("a", 3), receivers: [])
    bench.commit()
    let last = bench.crash(receivers: [])
    #expect(last.endedIncidents == [] && last.openIncidents == [incident("a", 3)])
  }

  @Test("of the ends the newest are kept, by number and by size")
  func endsBounded() {
    var ended = EndedIncidents()
    func end(_ number: Int, links: Int = 1) -> Incident {
      var end = incident("a", 2, resolved: true)
      end.id = "inc-\(number)"
      end.links = Array(repeating: end.links[0], count: links)
      return end
    }
    for number in 0..<Limits.endedIncidents + 5 { ended.take(end(number)) }
    #expect(ended.list.count == Limits.endedIncidents)
    #expect(ended.list.first?.id == "inc-5" && !ended.contains("inc-4"))
    ended.take(end(9_999, links: Limits.linksPerDaemon))
    #expect(ended.list.last?.id == "inc-9999" && ended.list.count < Limits.endedIncidents)
  }

  @Test("what is kept quiet of an incident that was told is not in its file until it is told")
  func heldChanges() {
    let bench = Bench(receivers: [])
    bench.enqueue(incident("a", 1), receivers: [])
    bench.commit()
    var held = incident("a", 2)
    held.hasHeldChanges = true
    bench.enqueue(held, receivers: [])
    #expect(bench.take()?.alertFiles == [])
    let replay = Outbox.replay(
      bench.outbox.compacted().bytes, generator: SeededGenerator(seed: 1))
    #expect(replay.openIncidents == [held])
    var again = replay.outbox
    let group = again.takeGroup(at: bench.now.instant)
    #expect(group?.alertFiles == [], "the file of before stays as it is")
  }
}
