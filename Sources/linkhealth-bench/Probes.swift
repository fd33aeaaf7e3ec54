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
    let length = TimeAmount.seconds(quick ? 2 : 6)
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

/// What a probe costs in CPU time, against the same requests by the C loop. The two take turns within
/// each tick, the C loop half a tick after the daemon, so that whatever else makes this machine
/// slower or faster meets both.
func measureProbes(_ workbench: Workbench, quick: Bool, _ report: inout Report) throws {
  let pairs = quick ? 1 : 5
  for probeCase in ProbeCase.all(quick: quick) {
    let server = try WebServer(workbench, tls: probeCase.isTLS)
    let comparison = Comparison(workbench, server, probeCase)
    var measured: [Pair] = []
    for number in 0..<pairs {
      let pair = try comparison.pair()
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

  /// CPU microseconds a probe on both sides, measured over the same seconds.
  func pair() throws -> Pair {
    let daemon = try DaemonUnderTest(workbench, catalogue)
    defer { daemon.stop() }
    try workbench.pause(probeCase.every * 2 + .milliseconds(500))
    try daemon.waitUntilUp(within: .seconds(10))
    let rate = catalogue.startsPerSecond
    let floor = try workbench.startToEnd(
      words(
        "--rate", decimal(rate, digits: 3), "--tick", "\(DaemonUnderTest.tick.milliseconds)",
        "--phase", "\(DaemonUnderTest.tick.milliseconds / 2)",
        "--warm-up", decimal(rate * Self.warmUp.seconds, digits: 0),
        "--count", decimal(rate * probeCase.length.seconds, digits: 0)),
      name: Self.floorName)
    try workbench.pause(Self.warmUp)
    let window = try daemon.measure(probeCase.length)
    let output = try workbench.output(of: floor, within: .seconds(60))
    return Pair(
      subject: window.cpuMicroseconds / Double(window.attempts), floor: try Self.cost(in: output))
  }

  /// The same requests with 64 always in flight, for information: it shows what gathering costs.
  func closedLoop(count: Int) throws -> Double {
    let words = try words(
      "--in-flight", "64", "--warm-up", "\(count / 4)", "--count", "\(count)")
    return try Self.cost(
      in: try workbench.run(words, name: Self.floorName, within: .seconds(120)))
  }

  private static let floorName = "linkhealth-curl-floor"
  private static let warmUp = TimeAmount.seconds(1)

  private func words(_ options: String...) throws -> [String] {
    var words = [
      try ownProgram(Self.floorName), "--scheme", server.scheme,
      "--port", "\(server.port)", "--addresses", "\(WebServer.addresses)",
      "--target", "/bench/c", "--user-agent", BenchCatalogue.userAgent,
    ]
    if probeCase.reuse { words.append("--keep-alive") }
    if let caFile = server.caFile { words += ["--ca", caFile] }
    return words + options
  }

  private static func cost(in output: [UInt8]) throws -> Double {
    let node = parseJSON(output, dialect: .json, limits: .body).node
    guard let cost = node?["cpuMicrosecondsPerRequest"]?.number?.double else {
      throw BenchError.failed("\(floorName) printed no figure")
    }
    return cost
  }
}
