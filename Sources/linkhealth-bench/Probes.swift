import Base
import Wire

/// One way of probing that the daemon and the C loop are compared in.
private struct ProbeCase {
  var name: String
  var bound: Double
  var links: Int
  var every: TimeAmount
  var isTLS = false
  var reuse = false
  /// How long both sides are measured in each pair.
  var length: TimeAmount

  static func all(quick: Bool) -> [ProbeCase] {
    let length = TimeAmount.seconds(quick ? 1 : 4)
    return [
      ProbeCase(
        name: "keepAlive", bound: 1.5, links: 3_000, every: .seconds(1), reuse: true,
        length: length),
      ProbeCase(
        name: "newConnection", bound: 1.25, links: 3_000, every: .seconds(1), length: length),
      ProbeCase(
        name: "https", bound: 1.05, links: 300, every: .seconds(1), isTLS: true, length: length),
      ProbeCase(
        name: "paced", bound: 1.25, links: 200, every: .seconds(3),
        length: quick ? .seconds(3) : .seconds(9)),
    ]
  }
}

/// What a probe costs in CPU time, against the same requests by the C loop, in turn.
func measureProbes(_ workbench: Workbench, quick: Bool, _ report: inout Report) throws {
  let pairs = quick ? 1 : 5
  for probeCase in ProbeCase.all(quick: quick) {
    let server = try WebServer(workbench, tls: probeCase.isTLS)
    let comparison = Comparison(workbench, server, probeCase)
    var measured: [Pair] = []
    for number in 0..<pairs {
      let pair = try comparison.pair(daemonFirst: number % 2 == 0)
      say(
        "\(probeCase.name), pair \(number + 1) of \(pairs): daemon "
          + "\(decimal(pair.subject, digits: 1)) us, C \(decimal(pair.floor, digits: 1)) us")
      measured.append(pair)
    }
    let closedLoop = try comparison.closedLoop(count: quick ? 2_000 : 10_000)
    server.stop(workbench)
    let name = "probes.\(probeCase.name)"
    report.add(Figure("\(name).daemon", median(measured.map(\.subject)), "us", digits: 1))
    report.add(Figure("\(name).floor", median(measured.map(\.floor)), "us", digits: 1))
    report.add(Figure("\(name).floor.closedLoop", closedLoop, "us", digits: 1))
    report.add(
      Figure(
        "\(name).ratio", median(measured.map(\.ratio)), "x", .atMost(probeCase.bound), digits: 3))
  }
}

/// Runs the two sides of a case against one server.
private struct Comparison {
  let workbench: Workbench
  let server: WebServer
  let probeCase: ProbeCase
  let catalogue: BenchCatalogue

  init(_ workbench: Workbench, _ server: WebServer, _ probeCase: ProbeCase) {
    self.workbench = workbench
    self.server = server
    self.probeCase = probeCase
    var catalogue = BenchCatalogue(server, links: probeCase.links, every: probeCase.every)
    catalogue.reuse = probeCase.reuse
    // Short enough for the rules' windows to be full, and so at their usual work, when measured.
    catalogue.window = probeCase.every * 2
    self.catalogue = catalogue
  }

  /// CPU microseconds a probe on both sides, one right after the other.
  func pair(daemonFirst: Bool) throws -> Pair {
    if daemonFirst {
      let subject = try daemon()
      return Pair(subject: subject, floor: try floor())
    }
    let floor = try floor()
    return Pair(subject: try daemon(), floor: floor)
  }

  private func daemon() throws -> Double {
    let daemon = try DaemonUnderTest(workbench, catalogue)
    defer { daemon.stop() }
    try workbench.pause(probeCase.every * 2 + .milliseconds(500))
    try daemon.waitUntilUp(within: .seconds(10))
    let window = try daemon.measure(probeCase.length)
    return window.cpuMicroseconds / Double(window.attempts)
  }

  private func floor() throws -> Double {
    let rate = catalogue.startsPerSecond
    return try run([
      "--rate", decimal(rate, digits: 3), "--tick", "\(DaemonUnderTest.tick.milliseconds)",
      "--warm-up", decimal(rate, digits: 0),
      "--count", decimal(rate * probeCase.length.seconds, digits: 0),
    ])
  }

  /// The same requests with 64 always in flight, for information: it shows what gathering costs.
  func closedLoop(count: Int) throws -> Double {
    try run(["--in-flight", "64", "--warm-up", "\(count / 4)", "--count", "\(count)"])
  }

  private func run(_ options: [String]) throws -> Double {
    var words = [
      try ownProgram("linkhealth-curl-floor"), "--scheme", server.scheme,
      "--port", "\(server.port)", "--addresses", "\(WebServer.addresses)",
      "--target", "/bench/c", "--user-agent", BenchCatalogue.userAgent,
    ]
    if probeCase.reuse { words.append("--keep-alive") }
    if let caFile = server.caFile { words += ["--ca", caFile] }
    let output = try workbench.run(
      words + options, name: "linkhealth-curl-floor", within: .seconds(120))
    guard
      let cost = parseJSON(output, dialect: .json, limits: .body).node?[
        "cpuMicrosecondsPerRequest"]?.number?.double
    else { throw BenchError.failed("linkhealth-curl-floor printed no figure") }
    return cost
  }
}
