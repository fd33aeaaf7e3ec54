import Base
import CLinux
import Glibc
import Host

/// What an attempt of each kind of check costs the daemon, each against a server of our own.
func measureKinds(_ workbench: Workbench, quick: Bool, _ report: inout Report) throws {
  let rate = Double(KindRun.links) / KindRun.every.seconds
  report.add(Figure("kinds.attemptsPerSecond", rate, "", digits: 0))
  let run = KindRun(workbench, quick: quick)
  let plain = try WebServer(workbench)
  var catalogue = BenchCatalogue(plain, links: KindRun.links, every: KindRun.every)
  try run.measure("http", catalogue, &report)
  catalogue.otherProbe = { service in threeSteps("http://\(serverPlace(service, plain))") }
  try run.measure("steps", catalogue, &report)
  catalogue.otherProbe = { service in
    "kind: \"tcp\", target: \"\(serverPlace(service, plain))\""
  }
  try run.measure("tcp", catalogue, &report)
  plain.stop(workbench)

  let secure = try WebServer(workbench, tls: true)
  catalogue.caFile = secure.caFile
  let tlsKey = catalogue.tlsKey
  catalogue.otherProbe = { service in
    "kind: \"tls\", target: \"\(serverPlace(service, secure))\", warn: [], \(tlsKey)"
  }
  try run.measure("tls", catalogue, &report)
  secure.stop(workbench)
  catalogue.caFile = nil

  let nameServer = try PacketServer { answerToQuestion($0) }
  let place = "127.0.0.1:\(nameServer.port)"
  catalogue.otherProbe = { _ in
    """
    kind: "dns", query: "portal.example", type: "A", server: "\(place)", transport: "udp",
        expect: { answers: ["192.0.2.7"] }
    """
  }
  try run.measure("dns", catalogue, &report)
  nameServer.stop()

  if mayPing() {
    catalogue.otherProbe = { service in
      "kind: \"ping\", host: \"127.0.1.\(service + 1)\", packets: 1"
    }
    try run.measure("ping", catalogue, &report)
  } else {
    say(
      "ping is not measured: this user may send no echoes; run as root, or: "
        + "sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"")
  }
  try measureExec(run, &report)
}

/// Where a service's server listens, its services spread over the server's addresses.
private func serverPlace(_ service: Int, _ server: WebServer) -> String {
  "127.0.1.\(service + 1):\(server.port)"
}

/// A transaction of three requests, of which the second and the third need what the first brought.
private func threeSteps(_ origin: String) -> String {
  """
  kind: "steps", steps: [
      { name: "login", request: { url: "\(origin)/login" },
        expect: { code: { path: "status", ok: ["0"] } },
        capture: { token: { json: "data[0].code" } } },
      { name: "session", request: { url: "\(origin)/session?token={capture:token}" } },
      { name: "status", request: { url: "\(origin)/status?token={capture:token}" },
        expect: { json: [{ path: "status", equals: "0" }] } },
    ]
  """
}

/// Whether an echo could be sent, in one way or the other.
private func mayPing() -> Bool {
  let opened = lh_probe_socket(Int32(lh_transport_icmp.rawValue), "127.0.0.1", 0, nil)
  guard opened.fd >= 0 else { return false }
  close(opened.fd)
  return true
}

/// Measures kinds one after the other, all at the same rate.
struct KindRun {
  static let links = 200
  static let every = TimeAmount.seconds(2)

  let workbench: Workbench
  let quick: Bool
  private let windows: Int
  /// Each link is probed so often in a window.
  private let attemptsPerLink: Int64

  init(_ workbench: Workbench, quick: Bool) {
    self.workbench = workbench
    self.quick = quick
    windows = quick ? 1 : 5
    attemptsPerLink = quick ? 1 : 2
  }

  /// The median of the windows, each with what `beside` has counted in it per attempt.
  @discardableResult
  func measure(
    _ kind: String, _ catalogue: BenchCatalogue, _ report: inout Report,
    beside: (DaemonUnderTest) throws -> Double = { _ in 0 }
  ) throws -> Double {
    let daemon = try DaemonUnderTest(workbench, catalogue)
    defer { daemon.stop() }
    try workbench.pause(Self.every * 2)
    try daemon.waitUntilUp(within: .seconds(10))
    var costs: [Double] = []
    var besides: [Double] = []
    for _ in 0..<windows {
      let before = try beside(daemon)
      let window = try daemon.measure(Self.every * attemptsPerLink)
      costs.append(window.cpuMicroseconds / Double(window.attempts))
      besides.append((try beside(daemon) - before) / Double(window.attempts))
    }
    let shown = costs.map { decimal($0, digits: 0) }.joined(separator: ", ")
    say("\(kind): \(shown) us in windows of \(Self.every * attemptsPerLink)")
    report.add(Figure("kinds.\(kind).daemon", median(costs), "us", digits: 0))
    return median(besides)
  }
}
