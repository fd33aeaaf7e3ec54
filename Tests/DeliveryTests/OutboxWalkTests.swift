import Base
import Model
import Testing

@testable import Delivery

/// Random walks: events, answers, failures, full disks and crashes in any order, watched by a model
/// that knows only what was asked for and what receivers saw.
struct OutboxWalkTests {
  @Test("whatever happens, what was durable is told, in order and under one id", arguments: 1...60)
  func walk(seed: UInt64) {
    var world = World(seed: seed)
    for _ in 0..<400 { world.step() }
    world.settle()
  }
}

private struct World {
  private let names = ["ops", "wall", "desk"]
  private let letters = Array("abcdef")
  private let bench: Bench
  private var random: SeededGenerator
  /// The newest version of each incident that was asked for and not forgotten in a crash.
  private var versions: [Character: Incident] = [:]
  /// What is owed since it became durable: `receiver:letter-sequence`.
  private var owed: Set<String> = []
  /// Asked for, not known to be durable.
  private var asked: [(name: String, incident: Incident)] = []
  private var taken: (group: JournalGroup, asked: [String])?
  /// Whether what was told may be missing in the journal.
  private var journalLags = false
  /// The newest that each receiver saw of each incident since the last crash. A crash may forget
  /// receipts, and then a run of events comes again, in order.
  private var newest: [String: Int] = [:]
  /// What each receiver saw of each incident, and the body under each id.
  private var seen: [String: [Int]] = [:]
  private var bodies: [String: [UInt8]] = [:]

  init(seed: UInt64) {
    bench = Bench(receivers: names, seed: seed) { $0.compactBytes = 20_000 }
    random = SeededGenerator(seed: seed &* 77)
  }

  private mutating func chance(_ permille: UInt64) -> Bool { random.below(1_000) < permille }

  mutating func step() {
    bench.seconds += random.unit() * 3
    switch random.below(10) {
    case 0...2: tell()
    case 3: takeGroup()
    case 4...5: endGroup()
    case 6...8: deliver()
    default: if chance(150) { crash() }
    }
  }

  private mutating func tell() {
    let letter = letters[Int(random.below(UInt64(letters.count)))]
    let sequence = (versions[letter]?.sequence ?? 0) + 1
    let version = incident(letter, sequence, resolved: sequence > 1 && chance(250))
    versions[letter] = version
    let receivers = names.filter { _ in chance(800) }
    bench.enqueue(version, receivers: receivers)
    for name in receivers { asked.append(("\(name):\(letter)-\(sequence)", version)) }
  }

  private mutating func takeGroup() {
    guard taken == nil, let group = bench.take() else { return }
    taken = (group, asked.map(\.name))
    asked = []
  }

  private mutating func endGroup() {
    guard let (group, names) = taken else { return }
    taken = nil
    if chance(150) {
      bench.outbox.commitFailed(
        through: group.number, unwritten: group.alertFiles, at: bench.now.instant)
      journalLags = true
    } else {
      bench.write(group)
      bench.committed(group)
      if case .replace = group.write { journalLags = false }
    }
    // After a failure they are told from memory: owed as well, as long as nothing crashes.
    owed.formUnion(names)
  }

  private mutating func deliver() {
    let told = bench.start()
    for name in told {
      #expect(owed.contains(name) || seen[lane(name)]?.contains(sequence(name)) == true)
    }
    #expect(bench.out.count <= Limits.webhooksInFlight)
    for name in names {
      #expect(bench.out.count { $0.receiver == name } <= Limits.webhooksPerReceiver)
    }
    for attempt in bench.out where chance(600) {
      if chance(400) {
        bench.finish(bench.name(attempt), chance(500) ? .failed("refused") : .answered(status: 503))
      } else {
        receive(attempt)
        // The answer may be lost on its way.
        let name = bench.name(attempt)
        bench.finish(name, chance(100) ? .failed("connection reset") : accepted)
      }
    }
  }

  private mutating func receive(_ attempt: DeliveryAttempt) {
    let name = bench.name(attempt)
    #expect(attempt.sequence >= newest[lane(name)] ?? 0, "never older than what was seen")
    newest[lane(name)] = attempt.sequence
    seen[lane(name), default: []].append(attempt.sequence)
    let known = bodies[attempt.webhookID] ?? attempt.body
    #expect(known == attempt.body, "one id, one body")
    bodies[attempt.webhookID] = attempt.body
    owed.remove(name)
  }

  /// kill -9, with any part of the group that was being written on disk.
  private mutating func crash() {
    if let (group, _) = taken {
      switch group.write {
      case .append(let bytes):
        bench.journal += bytes.prefix(Int(random.below(UInt64(bytes.count) + 1)))
      case .replace(let snapshot): if chance(500) { bench.journal = snapshot.bytes }
      }
    }
    let replay = bench.crash(receivers: names, seed: random.next())
    // What was told during a disk failure may be forgotten, and so may what was never durable: the
    // model takes the journal's word for both, but for nothing else.
    var durable = Set<String>()
    for receiver in bench.outbox.receivers {
      for lane in receiver.lanes.values {
        for event in lane.pending {
          durable.insert("\(receiver.name):\(event.incident.id.last!)-\(event.incident.sequence)")
        }
      }
    }
    if !journalLags { #expect(owed.subtracting(durable).isEmpty, "lost by a crash") }
    owed = durable
    journalLags = false
    forgetVersions(replay)
    asked = []
    taken = nil
    newest = [:]
  }

  /// After a crash an incident goes on from the version that the journal knows; one that it does not
  /// know any more begins under a new id, here by never using the letter's lower numbers again.
  private mutating func forgetVersions(_ replay: OutboxReplay) {
    for incident in replay.openIncidents {
      let letter = incident.id.last!
      let told = versions[letter]?.sequence ?? 0
      versions[letter] = incident
      versions[letter]?.sequence = max(told, incident.sequence)
    }
  }

  /// The faults stop: everything owed has to arrive.
  mutating func settle() {
    if let (group, names) = taken {
      bench.write(group)
      bench.committed(group)
      owed.formUnion(names)
    }
    owed.formUnion(asked.map(\.name))
    for _ in 0..<500 where bench.outbox.pendingCount > 0 || bench.outbox.nextDue != nil {
      bench.seconds += 301
      bench.commit()
      bench.start()
      for attempt in bench.out {
        receive(attempt)
        bench.finish(bench.name(attempt), accepted)
      }
    }
    #expect(bench.outbox.pendingCount == 0)
    #expect(owed.isEmpty, "never told: \(owed.sorted())")
    bench.commit()
    #expect(bench.outbox.nextDue == nil)
  }

  private func lane(_ name: String) -> String { String(name.prefix { $0 != "-" }) }
  private func sequence(_ name: String) -> Int { Int(name.drop { $0 != "-" }.dropFirst()) ?? 0 }
}
