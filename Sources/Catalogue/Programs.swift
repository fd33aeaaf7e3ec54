import Base
import Model
import Probes
import Wire

/// Looks for the programs that probes name: only those in the directories that the configuration allows
/// are run, and only if nobody but root and the daemon's own user can have put something else in their
/// place. Each is looked at once, however many links name it.
struct ProgramTable {
  private let access: FileAccess
  /// Nil where no configuration is read: then nothing is known of programs.
  private let directories: [String]?
  private var known: [String: FoundFile] = [:]

  init(_ access: FileAccess, _ directories: [String]?) {
    self.access = access
    self.directories = directories
  }

  /// What came of looking for the programs of texts.
  mutating func find(_ texts: [String]) -> [String: FoundFile] {
    guard let directories else { return [:] }
    var found: [String: FoundFile] = [:]
    for text in texts {
      let file = known[text] ?? look(for: text, in: directories)
      known[text] = file
      found[text] = file
    }
    return found
  }

  private func look(for text: String, in directories: [String]) -> FoundFile {
    func refused(_ problem: String) -> FoundFile { FoundFile(path: text, problem: problem) }
    guard !directories.isEmpty else {
      return refused(
        "the configuration allows no programs: add exec: { directories: "
          + "[\"/usr/lib/nagios/plugins\"] } to it, with the directory of this one")
    }
    let list = printable(directories.joined(separator: ", "), limit: 1_000)
    if text.hasPrefix("/") {
      guard let facts = access.program(text) else {
        return refused("there is no program \(printable(text)), or it cannot be reached")
      }
      return checked(facts, text, directories)
    }
    guard !text.utf8.contains(UInt8(ascii: "/")) else {
      return refused(
        "expected the name of a program in one of the directories \(list), or an absolute path")
    }
    for directory in directories {
      let path = resolve(text, from: directory)
      guard let facts = access.program(path) else { continue }
      return checked(facts, path, directories)
    }
    return refused("there is no program \"\(printable(text))\" in \(list)")
  }

  /// What is run of a program that is there: the name that it has in its directory, links kept, because
  /// some programs go by their name. The directory is told by where it really lies. So nobody who may
  /// change a link on the way there can lead to another program after this look.
  private func checked(
    _ facts: ProgramFacts, _ path: String, _ directories: [String]
  ) -> FoundFile {
    let outside = isAllowed(facts.realPath, directories) ? nil : facts.realPath
    if let problem = outside.map({ notAllowed($0, directories) }) ?? problem(of: facts) {
      return FoundFile(path: path, problem: problem)
    }
    guard let place = access.program(directory(of: path)) else {
      return FoundFile(path: path, problem: notAllowed(path, directories))
    }
    guard isAllowed(place.realPath, directories) else {
      return FoundFile(path: path, problem: notAllowed(place.realPath, directories))
    }
    if let problem = replaceable(place) { return FoundFile(path: path, problem: problem) }
    let name = path.utf8.split(separator: UInt8(ascii: "/")).last.map { String($0) ?? "" } ?? ""
    return FoundFile(path: resolve(name, from: place.realPath), problem: nil)
  }

  /// Whether something is an allowed directory or lies in one.
  private func isAllowed(_ real: String, _ directories: [String]) -> Bool {
    directories.contains { directory in
      guard let allowed = access.program(directory)?.realPath else { return false }
      return real == allowed || real.hasPrefix(allowed == "/" ? "/" : allowed + "/")
    }
  }

  private func notAllowed(_ real: String, _ directories: [String]) -> String {
    let list = printable(directories.joined(separator: ", "), limit: 1_000)
    return "\(printable(real)) lies in none of the directories that the configuration allows "
      + "(exec.directories: \(list))"
  }

  /// Why an allowed program is not run; nil if it may be.
  private func problem(of facts: ProgramFacts) -> String? {
    if facts.isDirectory || !facts.isExecutable {
      return "\(printable(facts.realPath)) is no program that this user may execute"
    }
    if let problem = replaceable(facts) { return problem }
    return access.program(directory(of: facts.realPath)).flatMap(replaceable)
  }
}

/// Why somebody else may have put something there; nil if nobody can.
func replaceable(_ facts: ProgramFacts) -> String? {
  let real = printable(facts.realPath)
  if let owner = facts.strangeOwner {
    return "\(real) belongs to \(printable(owner)): it must belong to root or to the daemon's user"
  }
  if facts.isWritableByOthers {
    return "\(real) can be changed by its group or by others: run chmod go-w \(real)"
  }
  return nil
}

/// The texts of a probe that name programs.
func programTexts(in node: JSONNode) -> [String] {
  [node["program"]?.string].compactMap { $0 }
}

/// What the configuration says of programs.
package struct ExecSettings: Sendable, Hashable {
  package var defaults = ExecDefaults(directories: [])
  package var atOnce = Limits.pluginsAtOnce
}

/// Reads the key `exec`: `{ directories: [...], environment: {...}, atOnce: 256 }`.
func readExec(
  _ parent: inout FieldReader, _ access: FileAccess, _ complaints: inout Complaints
) -> ExecSettings {
  var settings = ExecSettings()
  guard var reader = parent.object("exec", &complaints) else { return settings }
  if let directories = reader.strings("directories", &complaints) {
    settings.defaults.directories = directories
    for (place, directory) in directories.enumerated() {
      guard let problem = problemOfDirectory(directory, access) else { continue }
      complaints.add(
        file: reader.file, position: reader.elementPosition(of: "directories", place),
        keyPath: "\(reader.keyPath("directories"))[\(place)]", message: problem)
    }
    if directories.count > Limits.pluginDirectories {
      reader.complain(
        "directories", "expected at most \(Limits.pluginDirectories) directories", &complaints)
    }
  }
  if var variables = reader.object("environment", &complaints) {
    settings.defaults.environment = readVariables(&variables, &complaints)
  }
  if let count = reader.int("atOnce", range: Ranges.pluginsAtOnce, &complaints) {
    settings.atOnce = count
  }
  reader.finish(&complaints)
  return settings
}

private func problemOfDirectory(_ path: String, _ access: FileAccess) -> String? {
  guard path.hasPrefix("/"), !path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
    return "expected an absolute path"
  }
  guard let facts = access.program(path), facts.isDirectory else {
    return "there is no directory \(printable(path)), or it cannot be reached"
  }
  return replaceable(facts)
}

private func readVariables(
  _ reader: inout FieldReader, _ complaints: inout Complaints
) -> [String: String] {
  var variables: [String: String] = [:]
  for name in reader.allMembers().map(\.key) {
    if let problem = problemOfVariable(name: name) { reader.complain(name, problem, &complaints) }
    guard let text = reader.string(name, &complaints) else { continue }
    if text.utf8.contains(0) { reader.complain(name, "expected no NUL character", &complaints) }
    if text.contains("{secret:") {
      reader.complain(
        name, "no secret may stand here: put it into \"environment\" of the probe that needs it",
        &complaints)
    }
    variables[name] = text
  }
  if variables.count > Limits.pluginVariables {
    reader.complain(nil, "expected at most \(Limits.pluginVariables) variables", &complaints)
  }
  return variables
}
