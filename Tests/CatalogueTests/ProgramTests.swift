import Base
import Model
import Probes
import Testing
import Wire

@testable import Catalogue

/// A program as a check names it, and what is to be said of it.
struct ProgramCase: Sendable, CustomTestStringConvertible {
  var reason: String
  var program: String
  /// Nil where nothing is wrong.
  var says: String?

  var testDescription: String { reason }
}

@Suite("Programs of checks")
struct ProgramTests {
  private static let plugins = "/usr/lib/nagios/plugins"

  /// A machine with two directories of plugins and some that must not be run.
  private static let machine: [String: ProgramFacts] = [
    plugins: ProgramFacts(realPath: plugins, isDirectory: true),
    "/opt/plugins": ProgramFacts(realPath: "/srv/plugins", isDirectory: true),
    "/srv/plugins": ProgramFacts(realPath: "/srv/plugins", isDirectory: true),
    "\(plugins)/check_tcp": ProgramFacts(realPath: "\(plugins)/check_tcp"),
    "\(plugins)/check_ftp": ProgramFacts(realPath: "\(plugins)/check_tcp"),
    "\(plugins)/../plugins": ProgramFacts(realPath: plugins, isDirectory: true),
    "\(plugins)/../plugins/check_tcp": ProgramFacts(realPath: "\(plugins)/check_tcp"),
    "/home/alice": ProgramFacts(realPath: "/home/alice", isDirectory: true, strangeOwner: "alice"),
    "/home/alice/check": ProgramFacts(realPath: "\(plugins)/check_tcp"),
    "\(plugins)/../../../bin/sh": ProgramFacts(realPath: "/usr/bin/dash"),
    "\(plugins)/leads-out": ProgramFacts(realPath: "/usr/bin/dash"),
    "\(plugins)-more/check": ProgramFacts(realPath: "\(plugins)-more/check"),
    "\(plugins)/utils.sh": ProgramFacts(
      realPath: "\(plugins)/utils.sh", isExecutable: false),
    "\(plugins)/open": ProgramFacts(realPath: "\(plugins)/open", isWritableByOthers: true),
    "\(plugins)/alices": ProgramFacts(realPath: "\(plugins)/alices", strangeOwner: "alice"),
    "\(plugins)/sub": ProgramFacts(realPath: "\(plugins)/sub", isDirectory: true),
    "\(plugins)/loose": ProgramFacts(
      realPath: "\(plugins)/loose", isDirectory: true, isWritableByOthers: true),
    "\(plugins)/loose/check": ProgramFacts(realPath: "\(plugins)/loose/check"),
    "/opt/plugins/own": ProgramFacts(realPath: "/srv/plugins/own"),
    "/bin/sh": ProgramFacts(realPath: "/usr/bin/dash"),
    "/tmp": ProgramFacts(realPath: "/tmp", isDirectory: true, isWritableByOthers: true),
  ]

  private static func load(_ exec: String, _ program: String) -> (
    configuration: Configuration?, complaints: Complaints
  ) {
    var access = memory([
      "c.json5": "{ catalogue: [\"services\"], provinces: \"provinces.json\", \(exec) }",
      "provinces.json": threeProvinces,
      "services/a.json5": object(
        plainService, "probes", #"probes: [{ kind: "exec", program: "\#(program)" }],"#
      ).text,
    ])
    access.program = { machine[$0] }
    return loadConfiguration("c.json5", access)
  }

  private static let allowed = "exec: { directories: [\"\(plugins)\", \"/opt/plugins\"] },"

  static let cases: [ProgramCase] = [
    .init(reason: "by its name", program: "check_tcp"),
    .init(reason: "by its path", program: "\(plugins)/check_tcp"),
    .init(reason: "a link within the directory", program: "check_ftp"),
    .init(reason: "a way around that ends inside", program: "\(plugins)/../plugins/check_tcp"),
    .init(reason: "in an allowed directory that is a link", program: "own"),
    .init(
      reason: "a way that leads out", program: "\(plugins)/../../../bin/sh",
      says: "/usr/bin/dash lies in none of the directories"),
    .init(
      reason: "a link that leads out", program: "leads-out",
      says: "/usr/bin/dash lies in none of the directories"),
    .init(
      reason: "a link from outside that leads in, which its owner may change",
      program: "/home/alice/check", says: "/home/alice lies in none of the directories"),
    .init(
      reason: "a directory whose name begins alike", program: "\(plugins)-more/check",
      says: "lies in none of the directories"),
    .init(reason: "another program", program: "/bin/sh", says: "lies in none"),
    .init(reason: "no such program", program: "check_none", says: "there is no program"),
    .init(reason: "no such path", program: "\(plugins)/none", says: "there is no program"),
    .init(reason: "a relative path", program: "sub/check", says: "expected the name of a program"),
    .init(reason: "dots", program: "../sh", says: "expected the name of a program"),
    .init(reason: "no executable", program: "utils.sh", says: "no program that this user may"),
    .init(reason: "a directory", program: "sub", says: "no program that this user may"),
    .init(reason: "anybody may change it", program: "open", says: "run chmod go-w"),
    .init(reason: "a stranger's", program: "alices", says: "belongs to alice"),
    .init(
      reason: "anybody may replace it", program: "\(plugins)/loose/check",
      says: "plugins/loose can be changed by its group or by others"),
  ]

  @Test(
    "only programs of allowed directories that nobody else can change are run", arguments: cases)
  func allowList(_ program: ProgramCase) throws {
    let (configuration, complaints) = Self.load(Self.allowed, program.program)
    guard let says = program.says else {
      #expect(complaints.list.map(\.description) == [])
      let options = configuration?.links.first?.probes.first?.options as? ExecOptions
      let directory = program.program == "own" ? "/srv/plugins" : Self.plugins
      let name = program.program.split(separator: "/").last ?? ""
      #expect(
        options?.program == "\(directory)/\(name)",
        "by the name that it was given, in the directory where that really lies")
      return
    }
    #expect(complaints.list.count == 1, "told once, however many links need it")
    let complaint = try #require(complaints.list.first)
    #expect(complaint.message.contains(says), "\(complaint)")
    #expect(complaint.keyPath == "probes[0].program")
  }

  @Test("where no directory is allowed, the complaint names the key")
  func none() {
    let (_, complaints) = Self.load("", "check_tcp")
    #expect(complaints.list.map(\.keyPath) == ["probes[0].program"])
    #expect(complaints.list.first?.message.contains("add exec: { directories: [") == true)
  }

  @Test("without a configuration nothing is known of programs, and nothing said")
  func unknown() {
    let (links, complaints) = Catalogue.loadCatalogue(
      ["services"],
      memory([
        "services/a.json5": object(
          plainService, "probes", #"probes: [{ kind: "exec", program: "check_tcp" }],"#
        ).text,
        "provinces.json": threeProvinces,
      ]))
    #expect(complaints.list.map(\.description) == [])
    #expect(links?.count == 3)
  }

  @Test(
    "what is wrong in exec is told",
    arguments: [
      (#"exec: { directories: ["plugins"] },"#, "exec.directories[0]", "an absolute path"),
      (#"exec: { directories: ["/none"] },"#, "exec.directories[0]", "there is no directory"),
      (#"exec: { directories: ["/tmp"] },"#, "exec.directories[0]", "can be changed by its group"),
      (#"exec: { directories: ["/bin/sh"] },"#, "exec.directories[0]", "there is no directory"),
      (#"exec: { environment: { "1A": "x" } },"#, "exec.environment.1A", "name of a variable"),
      (
        #"exec: { environment: { A: "{secret:pg}" } },"#, "exec.environment.A",
        "no secret may stand here"
      ),
      (#"exec: { atOnce: 0 },"#, "exec.atOnce", "from 1 to 4096"),
      (#"exec: { shell: true },"#, "exec", "unknown key"),
    ])
  func mistakes(exec: String, path: String, says: String) {
    let (_, complaints) = Self.load(exec, "\(Self.plugins)/check_tcp")
    let found = complaints.list.first { $0.file == "c.json5" }
    #expect(found?.keyPath == path, "\(complaints.list)")
    #expect(found?.message.contains(says) == true, "\(complaints.list)")
  }

  @Test(
    "the configuration's environment is every program's, and a change of it a change of the links")
  func environment() throws {
    let exec = { (value: String) in
      #"exec: { directories: ["\#(Self.plugins)"], environment: { HTTP: "\#(value)" }, atOnce: 9 },"#
    }
    let first = try #require(Self.load(exec("a"), "check_tcp").configuration)
    #expect(first.exec.atOnce == 9)
    let options = try #require(first.links.first?.probes.first?.options as? ExecOptions)
    #expect(options.environment.map(\.name) == ["HTTP", "LANG", "PATH"])
    let second = try #require(Self.load(exec("b"), "check_tcp").configuration)
    #expect(first.links[0].fingerprint != second.links[0].fingerprint)
  }
}
