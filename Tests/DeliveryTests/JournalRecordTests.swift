import Base
import Model
import Testing

@testable import Delivery

struct JournalRecordTests {
  private let key = DeliveryKey(incident: incident().id, sequence: 1, receiver: "ops")

  private func journal(_ records: [JournalRecord]) -> [UInt8] {
    var bytes: [UInt8] = []
    for record in records { record.append(to: &bytes) }
    return bytes
  }

  private func read(_ bytes: [UInt8]) -> (records: [String], damage: [String]) {
    var damage = JournalDamage()
    var records: [String] = []
    readJournal(bytes, damage: &damage) { records.append("\($0)") }
    return (records, damage.list)
  }

  private var samples: [JournalRecord] {
    [
      .event(incident("a", 1), receivers: ["ops", "wall"]), .receipt(key),
      .pending(incident("b", 2), receivers: ["ops"]),
      .state(incident("c", 3, resolved: true), isFiled: true),
      .state(incident("d"), isFiled: false),
      .dropped(key), .receiverRemoved("wall"),
    ]
  }

  @Test("each kind of record is read back")
  func roundTrip() {
    let (records, damage) = read(journal(samples))
    #expect(records == samples.map { "\($0)" })
    #expect(damage.isEmpty)
  }

  @Test("a frame is laid out as its description says")
  func layout() {
    let bytes = journal([.receiverRemoved("w")])
    let payload = Array(#"{"receiver":"w"}"#.utf8)
    #expect(bytes.prefix(4) == [0xFF, 0x4C, 0x48, 0x4A])
    #expect(bytes[4..<12] == [16, 0, 0, 0, 6, 0, 0, 0])
    let check = crc32c(Array(bytes[4..<12]) + payload)
    #expect(bytes[12..<16] == [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: check >> $0) }[...])
    #expect(bytes.dropFirst(16) == payload[...])
  }

  @Test("every prefix gives the records that are whole, and says what is torn off")
  func everyPrefix() {
    let bytes = journal(samples)
    var ends = [0]
    for count in samples.indices { ends.append(journal(Array(samples[...count])).count) }
    for length in 0...bytes.count {
      let (records, damage) = read(Array(bytes[..<length]))
      let whole = ends.lastIndex { $0 <= length }!
      #expect(records == samples.prefix(whole).map { "\($0)" })
      #expect(damage.isEmpty == (ends[whole] == length))
    }
  }

  @Test("whatever single byte is damaged, only its record is lost")
  func everyDamagedByte() {
    let bytes = journal(samples)
    var starts: [Int] = []
    for count in samples.indices { starts.append(journal(Array(samples[..<count])).count) }
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 0x41
      let (records, damage) = read(damaged)
      let lost = starts.lastIndex { $0 <= place }!
      var expected = samples.map { "\($0)" }
      expected.remove(at: lost)
      #expect(records == expected, "byte \(place)")
      #expect(damage.count == 1)
    }
  }

  @Test("a record of a later version is skipped with a message")
  func unknownKind() {
    var bytes = journal([.receipt(key)])
    bytes[8] = 99
    let check = crc32c(Array(bytes[4..<12]) + bytes[16...])
    for place in 0..<4 { bytes[12 + place] = UInt8(truncatingIfNeeded: check >> (8 * place)) }
    let (records, damage) = read(bytes + journal([.receiverRemoved("w")]))
    #expect(records.count == 1)
    #expect(damage == ["the record at byte 0 was skipped: kind 99 is not known to this version"])
  }

  @Test("random bytes are survived, and the messages are bounded")
  func randomBytes() {
    var generator = SeededGenerator(seed: 3)
    var bytes: [UInt8] = []
    for _ in 0..<300 {
      bytes += journal([.receipt(key)])
      for _ in 0..<generator.below(40) { bytes.append(UInt8(truncatingIfNeeded: generator.next())) }
      bytes += [0xFF, 0x4C, 0x48, 0x4A]
    }
    let (records, damage) = read(bytes)
    #expect(records.count == 300)
    #expect(damage.count == Limits.outboxDamageMessages + 1)
  }
}
