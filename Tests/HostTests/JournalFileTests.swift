import Base
import Delivery
import Glibc
import Model
import Testing

@testable import Host

struct JournalFileTests {
  private let scratch = ScratchDirectory()
  private var directory: String { scratch.path + "/outbox" }
  private var journal: JournalFile { JournalFile(directory: directory) }

  @Test("a journal is made where there is none, for its owner only")
  func made() throws {
    #expect(try journal.readAll() == [])
    #expect(scratch.mode("outbox") == 0o700)
    #expect(scratch.mode("outbox/journal") == 0o600)
  }

  @Test("what was appended and replaced is read back")
  func content() throws {
    _ = try journal.readAll()
    try journal.append([1, 2, 3])
    try journal.write(.append([]))
    try journal.write(.append([4]))
    #expect(try journal.readAll() == [1, 2, 3, 4])
    try journal.replace([9, 9])
    try journal.append([8])
    #expect(try journal.readAll() == [9, 9, 8])
    let large = [UInt8](repeating: 7, count: 3 << 20)
    try journal.replace(large)
    #expect(try journal.readAll() == large)
    #expect(scratch.names("outbox") == ["journal"])
  }

  @Test("a replacement that a crash left unfinished is removed, and the old journal holds")
  func leftover() throws {
    _ = try journal.readAll()
    try journal.append([1])
    scratch.write("outbox/journal.tmp", "half")
    #expect(try journal.readAll() == [1])
    #expect(scratch.names("outbox") == ["journal"])
  }

  @Test("a damaged journal is kept aside, in place of a former one")
  func damaged() throws {
    _ = try journal.readAll()
    for content in [[1], [2]] as [[UInt8]] {
      try journal.replace(content)
      let kept = try journal.keepDamaged()
      try journal.replace([])
      #expect(kept == directory + "/journal.damaged")
      #expect(try readWholeFile(kept) == content)
    }
  }

  @Test("appending to a journal that has vanished is an error; replacing heals it")
  func vanished() throws {
    _ = try journal.readAll()
    scratch.remove("outbox/journal")
    #expect(throws: SystemError(operation: "open", path: directory + "/journal", code: ENOENT)) {
      try journal.append([1])
    }
    try journal.replace([2])
    #expect(try journal.readAll() == [2])
  }

  @Test("a link in the journal's place is not followed")
  func link() throws {
    _ = try journal.readAll()
    scratch.write("elsewhere", "precious")
    scratch.remove("outbox/journal")
    #expect(symlink(scratch.path + "/elsewhere", directory + "/journal") == 0)
    #expect(throws: SystemError(operation: "open", path: directory + "/journal", code: ELOOP)) {
      try journal.append([1])
    }
    #expect(scratch.read("elsewhere") == "precious")
  }

  @Test("a directory that cannot be made is an error that names it")
  func noDirectory() {
    scratch.write("outbox", "a file")
    #expect(throws: SystemError(operation: "open", path: directory + "/journal", code: ENOTDIR)) {
      try journal.readAll()
    }
  }

  @Test("an outbox comes back from its file")
  func outbox() throws {
    var outbox = Outbox(generator: SeededGenerator(seed: 1))
    _ = outbox.configure(receivers: ["ops"])
    _ = try journal.readAll()
    for letter in ["a", "b"] as [Character] {
      outbox.enqueue(hostTestIncident(letter), receivers: ["ops"])
      let group = outbox.takeGroup(at: Instant(nanoseconds: 1))
      if let group {
        try journal.write(group.write)
        outbox.committed(through: group.number, at: Instant(nanoseconds: 1))
      }
    }
    let replay = Outbox.replay(try journal.readAll(), generator: SeededGenerator(seed: 1))
    #expect(replay.damage == [])
    #expect(replay.openIncidents == [hostTestIncident("a"), hostTestIncident("b")])
    #expect(replay.outbox.pendingCount == 2)
  }
}
