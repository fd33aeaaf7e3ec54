import Base
import Glibc
import Host
import Testing
import Wire

/// A link as a test wants it watched: one service with one consumer and one probe. What is a string
/// of JSON5 stands so in the service's file.
struct WatchedLink {
  var service = "subject"
  var url: String
  /// The regular runs; a day where a test asks by `try` alone.
  var every = "24h"
  var timeout = "2s"
  /// More keys of `request`, `tls` and `expect`, such as `method: "HEAD"`.
  var request = ""
  var tls = ""
  var expect = ""
  var limits = ""
  /// More keys of the probe.
  var probe = ""
  var alert = "failures: { raise: \"3 of 5\", clearAfter: 2 }"

  /// The whole probe, where it is not one of HTTP.
  var other: String?

  var id: String { "\(service)/national" }

  private var http: String {
    """
    { kind: "http", every: "\(every)", timeout: "\(timeout)", \(probe)
        request: { url: "\(url)", \(request) }, tls: { \(tls) }, expect: { \(expect) },
        limits: { \(limits) } }
    """
  }

  var file: String {
    """
    { service: "\(service)", system: "system-\(service)", owner: "owner-\(service)", consumers: ["national"],
      probes: [\(other ?? http)],
      alert: { \(alert) } }
    """
  }
}

/// A `linkhealthd` with a directory of its own: `state`, `ctl.sock`, `services`, `secrets`.
final class Daemon {
  let place: Workplace
  private(set) var process: ChildProcess?
  /// How long telling waits for a pattern.
  var gather = "0s"
  /// Within what time the same trouble is the same incident again.
  var reopenWithin = "15m"
  /// More keys of the configuration.
  var settings: String
  var ring = #"size: "1MiB", segment: "64KiB", samples: "1d", fiveMinutes: "2d", hours: "2d""#
  /// Tests ask one server far more often than anybody should be asked.
  var politeness = "politeness: \"off\","
  /// What the configuration names under `catalogue`, as JSON5.
  var catalogue = "[\"services\"]"
  var state: String
  var environment: [(String, String)] = []
  /// What is put before the program's own words, to change what it meets.
  var prefix: [String] = []

  init(_ links: [WatchedLink] = [], settings: String = "", place: Workplace? = nil) throws {
    self.place = try place ?? Workplace()
    self.settings = settings
    state = "\(self.place.path)/state"
    mkdir("\(self.place.path)/services", 0o755)
    try self.place.write(
      "provinces.json",
      """
      [{ "code": "01", "slug": "ha-noi", "name_vi": "Hà Nội", "name_en": "Hanoi",
         "agency_code": "H26" }]
      """)
    // A catalogue without any service is a mistake.
    let idle = WatchedLink(service: "idle", url: "http://127.0.0.1:1/")
    for link in links.isEmpty ? [idle] : links { try watch(link) }
  }

  /// Starts it with these links and waits until it answers.
  static func running(
    _ links: [WatchedLink], settings: String = "", prepare: (Daemon) throws -> Void = { _ in }
  ) throws -> Daemon {
    let daemon = try Daemon(links, settings: settings)
    try prepare(daemon)
    try daemon.start()
    return daemon
  }

  var socket: String { "\(place.path)/ctl.sock" }
  var configurationFile: String { "\(place.path)/linkhealth.json5" }

  /// Writes the file of a link; counts from the next start or reload.
  func watch(_ link: WatchedLink) throws {
    try place.write("services/\(link.service).json5", link.file)
  }

  func writeConfiguration() throws {
    try place.write(
      "linkhealth.json5",
      """
      { state: "\(state)", socket: "ctl.sock", catalogue: \(catalogue), tick: "50ms",
        history: { \(ring) }, secrets: "secrets",
        \(politeness) incidents: { gather: "\(gather)", reopenWithin: "\(reopenWithin)" },
        \(settings) }
      """)
  }

  // MARK: Life

  /// Starts the program without waiting for anything.
  @discardableResult
  func launch() throws -> ChildProcess {
    try writeConfiguration()
    let child = try ChildProcess(
      prefix + [Programs.daemon, "--config", configurationFile],
      output: "\(place.path)/log", environment: environment)
    process = child
    return child
  }

  func start() throws {
    let child = try launch()
    try eventually("the daemon answers") {
      if let end = child.poll() {
        throw HarnessError("the daemon ended at once: \(end)\n\(log)")
      }
      return (try? get("/healthz")) != nil
    }
  }

  /// Starts it where it is bound to fail, and waits for that.
  func startInVain() throws -> ChildProcess.End {
    try launch().waitForEnd()
  }

  /// Asks it to end and waits for it.
  @discardableResult
  func stop(within bound: TimeAmount = .seconds(15)) throws -> ChildProcess.End {
    guard let process else { throw HarnessError("the daemon does not run") }
    process.signal(SIGTERM)
    return try process.waitForEnd(within: bound)
  }

  func kill() { process?.kill() }

  /// From the next start on it sees a file of the machine's with another content, in a mount name
  /// space of its own. Needs root.
  func see(_ text: String, at path: String) throws {
    let name = path.split(separator: "/").last.map(String.init) ?? "file"
    let file = try place.write(name, text)
    prefix = ["unshare", "-m", "sh", "-c", "mount --bind \"$0\" \(path) && exec \"$@\"", file]
  }

  /// Everything that it has written, over all starts.
  var log: String { place.read("log") ?? "" }

  func logLines(with text: String) -> [Substring] {
    log.split(separator: "\n").filter { $0.contains(text) }
  }

  // MARK: Questions

  func connect() throws -> ControlConnection {
    guard let connection = ControlConnection(socket) else {
      throw HarnessError("nothing answers at \(socket)")
    }
    return connection
  }

  func get(_ target: String) throws -> ControlAnswer { try connect().request("GET", target) }

  @discardableResult
  func post(_ target: String, body: String = "") throws -> ControlAnswer {
    try connect().request("POST", target, body: body)
  }

  /// One attempt now, beside the schedule.
  func attempt(_ link: WatchedLink) throws -> Attempt {
    let answer = try post("/v1/links/\(link.id)/try")
    guard answer.status == 200, let node = answer.json?["attempts"]?.array?.first,
      let sample = node["sample"]
    else { throw HarnessError("no attempt: \(answer.status) \(answer.text)\n\(log)") }
    return Attempt(
      sample: TakenSample(sample), address: node["address"]?.string,
      steps: (node["steps"]?.array ?? []).compactMap(\.string))
  }

  /// The newest samples in the ring, oldest first.
  func samples(_ link: WatchedLink, limit: Int = 1_000) throws -> [TakenSample] {
    let answer = try get("/v1/links/\(link.id)/samples?limit=\(limit)")
    guard answer.status == 200, let list = answer.json?["samples"]?.array else {
      throw HarnessError("no samples: \(answer.status) \(answer.text)")
    }
    return list.map(TakenSample.init)
  }

  func linkState(_ link: WatchedLink) throws -> String? {
    try get("/v1/links/\(link.id)").json?["link"]?["state"]?.string
  }

  func waitForState(_ state: String, of link: WatchedLink) throws {
    try eventually("\(link.id) is \(state)") { try linkState(link) == state }
  }

  func status() throws -> JSONNode {
    guard let json = try get("/v1/status").json else { throw HarnessError("no status") }
    return json
  }

  func incidents(_ status: String = "open") throws -> [JSONNode] {
    try get("/v1/incidents?status=\(status)").json?["incidents"]?.array ?? []
  }
}

/// A sample as the control socket shows it.
struct TakenSample {
  let node: JSONNode

  init(_ node: JSONNode) { self.node = node }

  var outcome: String { node["outcome"]?.string ?? "" }
  var detail: String { node["detail"]?.string ?? "" }
  var sentence: String { node["sentence"]?.string ?? "" }
  /// The first part of the outcome's name, which is the phase that decided.
  var phase: String { outcome.split(separator: ".").first.map(String.init) ?? "" }
  var isOK: Bool { node["ok"]?.bool ?? false }
  var isSlow: Bool { node["slow"]?.bool ?? false }
  var isSkipped: Bool { node["skipped"]?.bool ?? false }
  var isConfirmation: Bool { node["confirmation"]?.bool ?? false }
  /// Nil when no answer came.
  var httpStatus: Int? { node["httpStatus"]?.int }
  var bodyBytes: Int { node["bodyBytes"]?.int ?? -1 }
  var time: String { node["time"]?.string ?? "" }

  /// A phase's time, by its name: `connect`, `tls`, `total`.
  func microseconds(_ phase: String) -> Int { node["\(phase)Microseconds"]?.int ?? -1 }
}

/// One attempt made by `try`.
struct Attempt {
  var sample: TakenSample
  var address: String?
  var steps: [String]

  var outcome: String { sample.outcome }
}

/// Starts a daemon for one link and makes one attempt.
func tryOnce(_ link: WatchedLink, settings: String = "") throws -> Attempt {
  let daemon = try Daemon.running([link], settings: settings)
  return try daemon.attempt(link)
}

/// All tests of the programs as a whole. One after the other: each starts processes of its own.
@Suite("The programs together", .serialized) enum DaemonTests {}
