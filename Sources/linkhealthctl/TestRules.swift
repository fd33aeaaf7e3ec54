import Base
import Catalogue
import ControlClient
import Glibc
import Host
import Model
import Rehearsal
import Wire

/// Runs the rehearsals of files against the rules of a configuration, without a daemon, and returns the
/// exit code. Each is told when it is done.
func testRules(
  _ files: [String], configuration: String?, isVerbose: Bool, asJSON: Bool
) -> Int32 {
  var desk = RehearsalDesk(configuration: configuration, isVerbose: isVerbose, asJSON: asJSON)
  do {
    for file in files { try desk.run(file) }
    try desk.finish()
  } catch {
    // A reader who has read enough is no error.
    return error.code == EPIPE ? desk.exitCode : Exit.failed
  }
  return desk.exitCode
}

private struct RehearsalDesk {
  let configuration: String?
  let isVerbose: Bool
  let asJSON: Bool
  private var good = 0
  private var wrong = 0
  private var hasMistakes = false
  /// Each configuration is read once.
  private var read: (path: String, configuration: Configuration)?
  private var json = JSONWriter(pretty: true)

  init(configuration: String?, isVerbose: Bool, asJSON: Bool) {
    self.configuration = configuration
    self.isVerbose = isVerbose
    self.asJSON = asJSON
    json.beginObject()
    json.key("rehearsals")
    json.beginArray()
  }

  var exitCode: Int32 {
    hasMistakes ? Exit.mistakes : wrong > 0 ? Exit.failed : Exit.done
  }

  mutating func run(_ file: String) throws(SystemError) {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try readFile(file, limitBytes: Limits.catalogueFileBytes)
    } catch {
      return complain(["linkhealthctl: \(error)"])
    }
    let path = configuration ?? rehearsalConfiguration(bytes, file: file) ?? defaultConfiguration
    guard let rules = rules(path) else { return }
    var complaints = Complaints()
    let rehearsals = readRehearsals(bytes, file: file, over: rules, &complaints)
    guard complaints.isEmpty else { return complain(lines(&complaints)) }
    for rehearsal in rehearsals {
      let verdict = Verdict(rehearsal, rehearse(rehearsal, over: rules))
      if verdict.isGood { good += 1 } else { wrong += 1 }
      if asJSON {
        verdict.write(to: &json)
      } else {
        try tell(verdict.lines(isVerbose: isVerbose))
      }
    }
  }

  mutating func finish() throws(SystemError) {
    if asJSON {
      json.endArray()
      json.member("ok", exitCode == Exit.done)
      json.member("good", good)
      json.member("wrong", wrong)
      json.endObject()
      return try writeAll(json.bytes + [0x0A], to: STDOUT_FILENO)
    }
    let all = good + wrong
    if all > 0 || !hasMistakes {
      try tell(["\(all) \(all == 1 ? "rehearsal" : "rehearsals"): \(good) ok, \(wrong) wrong"])
    }
  }

  /// The rules of a configuration; nil where it has mistakes, which are told.
  private mutating func rules(_ path: String) -> Configuration? {
    if let read, read.path == path { return read.configuration }
    var access = FileAccess.system
    // Nobody is asked, so a secret that only the daemon may read is not missed.
    access.secret = { name, _ in .success(Secret(name: name, bytes: Array("rehearsed".utf8))) }
    var (found, complaints) = loadConfiguration(path, access, secretsAreNeeded: false)
    guard let found else {
      complain(lines(&complaints))
      return nil
    }
    read = (path, found)
    return found
  }

  private func lines(_ complaints: inout Complaints) -> [String] {
    complaints.sort()
    let more = complaints.unlisted
    return complaints.list.map(\.description) + (more > 0 ? ["and \(more) more mistakes"] : [])
  }

  private mutating func complain(_ lines: [String]) {
    hasMistakes = true
    let text = lines.map { printable($0, limit: 2_000) + "\n" }.joined()
    try? writeAll(Array(text.utf8), to: STDERR_FILENO)
  }

  private func tell(_ lines: [String]) throws(SystemError) {
    try writeAll(Array(lines.map { $0 + "\n" }.joined().utf8), to: STDOUT_FILENO)
  }
}
