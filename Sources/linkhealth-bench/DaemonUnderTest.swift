import Base
import Glibc
import Host
import Wire

/// The real daemon with a generated catalogue, its state in the workbench's directory.
struct DaemonUnderTest {
  /// The daemon's tick, to which measuring windows are laid.
  static let tick = TimeAmount.milliseconds(100)
  /// Within a tick: after the work of the tick, before the next.
  private static let quietPhase = TimeAmount.milliseconds(85)
  private static let secretName = "bench-webhook"

  let home: String
  let links: Int
  let control: ControlSocket
  private let workbench: Workbench
  private let child: Child

  var openAlerts: String { "\(home)/state/alerts/open" }

  /// Starts a daemon and waits until it answers.
  init(_ workbench: Workbench, _ catalogue: BenchCatalogue, webhook: String? = nil) throws {
    self.workbench = workbench
    links = catalogue.links
    home = "\(workbench.directory)/daemon"
    let program = try ownProgram("linkhealthd")
    control = ControlSocket(path: "\(home)/control.sock")
    guard mkdir(home, 0o700) == 0 else { throw SystemError.last("mkdir", home) }
    try writeFile("\(home)/provinces.json", catalogue.provincesFile)
    try writeFile("\(home)/services.json5", catalogue.servicesFile)
    try writeFile("\(home)/\(Self.secretName)", Array(Self.secret.utf8))
    let file = "\(home)/linkhealth.json5"
    try writeFile(file, Self.configuration(home, catalogue, webhook: webhook))
    child = try workbench.start([program, "--config", file], name: "linkhealthd")
    let control = self.control
    try workbench.wait(for: "the daemon answers", within: .seconds(30)) { control.isHealthy }
  }

  /// Ends the daemon and forgets its state, so that the next one starts like this one did.
  func stop() {
    workbench.stop(child)
    removeTree(home)
  }

  func status() throws -> JSONNode { try control.get("/v1/status") }

  /// Starts the daemon's own figures anew.
  func resetFigures() throws { try control.post("/v1/schedule/reset") }

  /// Puts another catalogue into its files, for the next reload.
  func write(_ catalogue: BenchCatalogue) throws {
    try writeFile("\(home)/provinces.json", catalogue.provincesFile)
    try writeFile("\(home)/services.json5", catalogue.servicesFile)
  }

  /// Has it reload, whatever that drops, and returns its answer.
  func reload() throws -> JSONNode { try control.postForAnswer("/v1/reload?yes=true") }

  /// Waits until every link is up.
  func waitUntilUp(within limit: TimeAmount) throws {
    let control = self.control
    let links = self.links
    try workbench.wait(for: "all \(links) links are up", within: limit) {
      try control.get("/v1/status")["links"]?["up"]?.int == links
    }
  }

  /// CPU time and attempts of a window of whole ticks that starts and ends between two ticks.
  func measure(_ length: TimeAmount) throws -> (cpuMicroseconds: Double, attempts: Int) {
    let tick = Self.tick.nanoseconds
    let next = Instant(nanoseconds: (Clock.instant.nanoseconds / tick + 1) * tick)
    let start = next + Self.quietPhase
    try workbench.pause(until: start)
    try resetFigures()
    let before = try child.cpuNanoseconds()
    try workbench.pause(until: start + length)
    let after = try child.cpuNanoseconds()
    let status = try status()
    guard let attempts = status["schedule"]?["attempts"]?.int, attempts > 0 else {
      throw BenchError.failed("the daemon made no attempts")
    }
    let skipped = status["schedule"]?["skipped"]?.int ?? 0
    let up = status["links"]?["up"]?.int ?? 0
    guard skipped == 0, up == links else {
      throw BenchError.failed(
        "not a fair run: the daemon skipped \(skipped) of \(attempts + skipped) runs, \(up) of "
          + "\(links) links are up; does the machine do something else?")
    }
    return (Double(after - before) / 1e3, attempts)
  }

  /// CPU time of the programs that it has run and reaped.
  func reapedMicroseconds() throws -> Double { try child.reapedMicroseconds() }

  private static func configuration(
    _ home: String, _ catalogue: BenchCatalogue, webhook: String?
  ) -> [UInt8] {
    var writer = JSONWriter(pretty: true)
    writer.beginObject()
    writer.member("vantage", "bench")
    writer.member("state", "\(home)/state")
    writer.member("socket", "\(home)/control.sock")
    writer.member("tick", tick.description)
    // All links ask one server here.
    writer.member("politeness", "off")
    writer.key("history")
    writer.beginObject()
    writer.member("size", "64MiB")
    // A benchmark of minutes needs no room for months: with 100,000 links that would be 300 GB.
    writer.member("samples", "1d")
    writer.member("fiveMinutes", "2d")
    writer.member("hours", "2d")
    writer.endObject()
    writer.key("catalogue")
    writer.beginArray()
    writer.string("\(home)/services.json5")
    writer.endArray()
    writer.member("provinces", "\(home)/provinces.json")
    writer.key("defaults")
    writer.beginObject()
    writer.member("userAgent", BenchCatalogue.userAgent)
    writer.endObject()
    if let directory = catalogue.pluginDirectory {
      writer.key("exec")
      writer.beginObject()
      writer.key("directories")
      writer.beginArray()
      writer.string(directory)
      writer.endArray()
      writer.endObject()
    }
    if let webhook {
      writer.member("secrets", home)
      writer.key("webhooks")
      writer.beginArray()
      writer.beginObject()
      writer.member("name", "bench")
      writer.member("url", webhook)
      writer.member("secret", "{secret:\(secretName)}")
      writer.endObject()
      writer.endArray()
    }
    writer.endObject()
    return writer.bytes
  }

  /// A key that signs nothing but this run's webhooks to ourselves.
  private static var secret: String {
    let key = (0..<32).map { _ in UInt8.random(in: 0...255) }
    return "whsec_\(base64Encode(key))"
  }
}
