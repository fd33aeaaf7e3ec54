import Base
import Delivery
import Glibc
import Model
import Testing

@testable import Host

struct AlertFilesTests {
  private let scratch = ScratchDirectory()
  private var directory: String { scratch.path + "/alerts" }

  private func files(closedLimit: Int = 100) throws -> AlertFiles {
    let files = AlertFiles(directory: directory, closedLimit: closedLimit)
    try files.prepare()
    return files
  }

  private func text(_ incident: Incident, note: String? = nil) -> String {
    String(decoding: IncidentDocument.encode(incident, pretty: true, note: note), as: UTF8.self)
  }

  private func name(_ letter: Character) -> String { hostTestIncident(letter).id + ".json" }

  @Test("directories and files can be read by the group that directories pass on, and by no others")
  func modes() throws {
    let files = try files()
    #expect(files.apply([hostTestIncident()]).isEmpty)
    #expect(scratch.mode("alerts") == 0o2750)
    #expect(scratch.mode("alerts/open") == 0o2750)
    #expect(scratch.mode("alerts/closed") == 0o2750)
    #expect(scratch.mode("alerts/open/" + name("a")) == 0o640)
    try files.prepare()
    #expect(scratch.mode("alerts/open") == 0o2750, "preparing again changes nothing")
  }

  @Test("a file is there while its incident is open, is rewritten, and moves when it is resolved")
  func life() throws {
    let files = try files()
    #expect(files.apply([hostTestIncident("a", 1), hostTestIncident("b", 1)]).isEmpty)
    #expect(scratch.names("alerts/open") == [name("a"), name("b")])
    #expect(files.apply([hostTestIncident("a", 2)]).isEmpty)
    #expect(scratch.read("alerts/open/" + name("a")) == text(hostTestIncident("a", 2)))
    let end = hostTestIncident("a", 3, resolved: true)
    #expect(files.apply([end, hostTestIncident("c")]).isEmpty)
    #expect(scratch.names("alerts/open") == [name("b"), name("c")])
    #expect(scratch.names("alerts/closed") == [name("a")])
    #expect(scratch.read("alerts/closed/" + name("a")) == text(end))
    #expect(files.apply([end]).isEmpty, "doing it again changes nothing")
    #expect(scratch.names("alerts/closed") == [name("a")])
  }

  @Test("files that say the same already are not touched; missing, outdated, damaged ones are")
  func sameContent() throws {
    let files = try files()
    let open = (["a", "b", "c", "d"] as [Character]).map { hostTestIncident($0, 2) }
    _ = files.apply([open[0], hostTestIncident("b", 1)])
    scratch.write("alerts/open/" + name("c"), "{ half")
    scratch.date("alerts/open/" + name("a"), 1_000)
    #expect(files.apply(open).isEmpty)
    for incident in open {
      #expect(scratch.read("alerts/open/\(incident.id).json") == text(incident))
    }
    #expect(scratch.date("alerts/open/" + name("a")) == 1_000)
    #expect(scratch.names("alerts/open").count == 4)
  }

  @Test("a burst is written whole, by one sync of the file system")
  func burst() throws {
    let files = try files()
    let many = (0..<200).map { number in
      var incident = hostTestIncident("a", 1, resolved: number % 10 == 0)
      incident.id = "inc-\(number)"
      return incident
    }
    #expect(files.apply(many).isEmpty)
    #expect(scratch.names("alerts/open").count == 180)
    #expect(scratch.names("alerts/closed").count == 20)
    #expect(scratch.read("alerts/open/inc-199.json") == text(many[199]))
  }

  @Test("an id that would leave the directory is refused; the others are written")
  func hostileID() throws {
    let files = try files()
    var hostile = hostTestIncident()
    hostile.id = "../../evil"
    let failures = files.apply([hostile, hostTestIncident("b")])
    #expect(failures.map(\.incident.id) == ["../../evil"])
    #expect(failures.map(\.error.code) == [EINVAL])
    #expect(scratch.names("alerts/open") == [name("b")])
    #expect(scratch.names(".") == ["alerts"])
  }

  @Test("a directory that cannot be written gives an error for each incident, and leaves no half")
  func unwritable() throws {
    let files = try files()
    #expect(files.apply([hostTestIncident("a")]).isEmpty)
    let failures = withoutPrivileges(guarding: scratch.path + "/alerts/open") {
      files.apply([hostTestIncident("a", 2), hostTestIncident("b")])
    }
    #expect(failures.map(\.incident) == [hostTestIncident("a", 2), hostTestIncident("b")])
    #expect(failures.allSatisfy { $0.error.path.hasPrefix(directory + "/open") })
    #expect(scratch.names("alerts/open") == [name("a")])
    #expect(scratch.read("alerts/open/" + name("a")) == text(hostTestIncident("a", 1)))
    #expect(files.apply(failures.map(\.incident)).isEmpty, "tried again, it succeeds")
    #expect(scratch.names("alerts/open") == [name("a"), name("b")])
  }

  @Test("when closed/ cannot be written, the file stays in open/")
  func closedUnwritable() throws {
    let files = try files()
    #expect(files.apply([hostTestIncident("a")]).isEmpty)
    let failures = withoutPrivileges(guarding: scratch.path + "/alerts/closed") {
      files.apply([hostTestIncident("a", 2, resolved: true), hostTestIncident("b")])
    }
    #expect(failures.map(\.incident.id) == [hostTestIncident("a").id])
    #expect(scratch.names("alerts/open") == [name("a"), name("b")])
  }

  @Test("of the closed ones, the newest stay")
  func pruning() throws {
    let files = try files(closedLimit: 20)
    for number in 10..<31 {
      scratch.write("alerts/closed/inc-\(number).json", "old")
      scratch.date("alerts/closed/inc-\(number).json", 1_000 - number)
    }
    scratch.write("alerts/closed/README", "not ours")
    #expect(files.apply([hostTestIncident("a", 2, resolved: true)]).isEmpty)
    let kept = scratch.names("alerts/closed")
    #expect(kept.count == 20, "19 alert files and the other one")
    #expect(kept.contains(name("a")))
    #expect(kept.contains("inc-10.json"), "the newest of the old ones")
    #expect(!kept.contains("inc-28.json"))
    #expect(kept.contains("README"))
  }
}

/// What a start finds, and what it makes of it.
struct AlertFilesReconcileTests {
  private let scratch = ScratchDirectory()
  private let files: AlertFiles

  init() throws {
    files = AlertFiles(directory: scratch.path + "/alerts", closedLimit: 100)
    try files.prepare()
  }

  private func text(_ incident: Incident) -> String {
    String(decoding: IncidentDocument.encode(incident, pretty: true), as: UTF8.self)
  }

  private func name(_ letter: Character) -> String { hostTestIncident(letter).id + ".json" }

  @Test("files that are as they should be are not touched")
  func nothingToDo() throws {
    _ = files.apply([hostTestIncident("a"), hostTestIncident("b", 2, resolved: true)])
    scratch.date("alerts/closed/" + name("b"), 1_000)
    let messages = files.reconcile(
      open: [hostTestIncident("a")], resolved: [hostTestIncident("b", 2, resolved: true)])
    #expect(messages == [])
    #expect(scratch.date("alerts/closed/" + name("b")) == 1_000)
    #expect(scratch.names("alerts/open") == [name("a")])
    #expect(scratch.names("alerts/closed") == [name("b")])
  }

  @Test("an end that a crash kept from its file is filed, wherever the crash came")
  func unfiledEnds() throws {
    let ends = (["a", "b", "c"] as [Character]).map { hostTestIncident($0, 2, resolved: true) }
    // a: nothing done; b: written to closed/, not yet gone from open/; c: opened and resolved at once
    _ = files.apply([ends[1]])
    _ = files.apply([hostTestIncident("a"), hostTestIncident("b")])
    #expect(files.reconcile(open: [], resolved: ends) == [])
    #expect(scratch.names("alerts/open") == [])
    #expect(scratch.names("alerts/closed") == [name("a"), name("b"), name("c")])
    for end in ends { #expect(scratch.read("alerts/closed/\(end.id).json") == text(end)) }
  }

  @Test("a file that the journal does not know moves to closed/ with a note")
  func unknown() throws {
    _ = files.apply([hostTestIncident("a")])
    let messages = files.reconcile(open: [], resolved: [])
    #expect(messages.count == 1)
    #expect(scratch.names("alerts/open") == [])
    let moved = try #require(scratch.read("alerts/closed/" + name("a")))
    #expect(moved.contains("\"note\": \"moved here at a start of the daemon"))
    #expect(try IncidentDocument.decode(Array(moved.utf8)) == hostTestIncident("a"))
  }

  @Test("an unknown file whose end is filed already is only removed")
  func unknownButFiled() throws {
    let end = hostTestIncident("a", 2, resolved: true)
    _ = files.apply([hostTestIncident("a")])
    let open = try #require(scratch.read("alerts/open/" + name("a")))
    _ = files.apply([end])
    // As a crash leaves it between the two directories.
    scratch.write("alerts/open/" + name("a"), open)
    #expect(files.reconcile(open: [], resolved: []) == [])
    #expect(scratch.names("alerts/open") == [])
    #expect(scratch.read("alerts/closed/" + name("a")) == text(end))
  }

  @Test("one that is open again is not in closed/ any more")
  func reopened() {
    _ = files.apply([hostTestIncident("a", 2, resolved: true)])
    _ = files.apply([hostTestIncident("a", 3)])
    #expect(scratch.names("alerts/open") == [name("a")])
    #expect(scratch.names("alerts/closed") == [])
  }

  @Test("an unknown file that is no document moves as it is")
  func unknownGarbage() throws {
    scratch.write("alerts/open/" + name("a"), "{ half")
    #expect(files.reconcile(open: [], resolved: []).count == 1)
    #expect(scratch.read("alerts/closed/" + name("a")) == "{ half")
    #expect(scratch.names("alerts/open") == [])
  }

  @Test("temporary files of a crash are removed, files of others stay and are told of")
  func leftovers() throws {
    scratch.write("alerts/open/" + name("a") + ".tmp", "{ half")
    scratch.write("alerts/closed/" + name("b") + ".tmp", "")
    scratch.write("alerts/open/NOTES", "for the night shift")
    let messages = files.reconcile(open: [hostTestIncident("a")], resolved: [])
    #expect(messages.count == 3)
    #expect(messages.contains { $0.hasSuffix("open/NOTES is no alert file and was left alone") })
    #expect(scratch.names("alerts/open") == ["NOTES"])
    #expect(scratch.names("alerts/closed") == [])
  }

  @Test("a leftover that is a link is replaced, not written through")
  func linkInTheWay() throws {
    scratch.write("precious", "mine")
    let temporary = scratch.path + "/alerts/open/" + name("a") + ".tmp"
    #expect(symlink(scratch.path + "/precious", temporary) == 0)
    #expect(files.apply([hostTestIncident("a")]).isEmpty)
    #expect(scratch.read("precious") == "mine")
    #expect(scratch.read("alerts/open/" + name("a")) == text(hostTestIncident("a")))
  }

  @Test("an end that cannot be filed is told of, and does not keep the daemon from starting")
  func unfilable() throws {
    let end = hostTestIncident("a", 2, resolved: true)
    #expect(mkdir(scratch.path + "/alerts/closed/" + name("a"), 0o700) == 0)
    let messages = files.reconcile(open: [], resolved: [end])
    #expect(messages.count == 1)
    #expect(messages.first?.hasPrefix("alert file of \(end.id): ") == true)
  }

  @Test("directories that are missing are told of, not taken for an empty state")
  func missingDirectory() {
    let elsewhere = AlertFiles(directory: scratch.path + "/nowhere")
    #expect(elsewhere.reconcile(open: [], resolved: []).count == 2)
    #expect(elsewhere.apply([hostTestIncident()]).map(\.error.code) == [ENOENT])
  }
}

/// Runs a body while a directory cannot be written. Root may write anywhere, so for root the
/// directory is put out of the way and a file takes its name.
private func withoutPrivileges<Result>(guarding path: String, _ body: () -> Result) -> Result {
  let aside = path + ".aside"
  let isRoot = geteuid() == 0
  if isRoot {
    rename(path, aside)
    symlink("/dev/full", path)
  } else {
    chmod(path, 0o500)
  }
  defer {
    if isRoot {
      unlink(path)
      rename(aside, path)
    } else {
      chmod(path, 0o2750)
    }
  }
  return body()
}
