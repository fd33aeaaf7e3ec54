/// What the command line asks of the simulator.
package struct SimulatorOptions: Sendable, Hashable {
  package enum Action: Sendable, Hashable { case serve, expected, help, version }

  package var action = Action.serve
  /// Read one after the other into one scenario. Nil for the usual ones; empty for none, so that only
  /// the test endpoints answer.
  package var scenarioFiles: [String]?
  package var provincesFile: String?
  /// A numeric address of this machine's loopback.
  package var address = "127.0.0.1"
  /// 0 lets the system choose.
  package var port: UInt16 = 0
  package var portFile: String?
  package var seed: UInt64 = 1
  package var speed = 1.0
  package var connections = SimulatorLimits.connections
  /// The services whose states are expected; nil for all.
  package var services: [String]?
  package var onlyWrong = false

  package init() {}

  package struct Misuse: Error, Sendable, Hashable {
    package var message: String

    package init(message: String) { self.message = message }
  }

  /// Reads the arguments after the program's name; values follow as `--key value` or `--key=value`.
  package init(_ arguments: [String]) throws(Misuse) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let key = String(parts[0])
      if try readMark(key, hasValue: parts.count == 2) { continue }
      guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
        throw Misuse(message: "\(key) needs a value, or is unknown")
      }
      try readValue(key, value)
    }
    if action != .expected, services != nil || onlyWrong {
      throw Misuse(message: "--services and --wrong go with --expected")
    }
  }

  private mutating func readMark(_ key: String, hasValue: Bool) throws(Misuse) -> Bool {
    switch key {
    case "--help", "-h": action = .help
    case "--version": action = .version
    case "--expected": action = .expected
    case "--wrong": onlyWrong = true
    default: return false
    }
    if hasValue { throw Misuse(message: "\(key) takes no value") }
    return true
  }

  private mutating func readValue(_ key: String, _ value: String) throws(Misuse) {
    switch key {
    case "--scenario": try addScenario(value)
    case "--provinces": provincesFile = value
    case "--listen": (address, port) = try Self.loopback(value)
    case "--port-file": portFile = value
    case "--seed":
      seed = try Self.value(UInt64(value), key, "a whole number")
    case "--speed":
      let number = Double(value).flatMap { (0.001...10_000).contains($0) ? $0 : nil }
      speed = try Self.value(number, key, "a number from 0.001 to 10000")
    case "--connections":
      let most = SimulatorLimits.connectionsMaximum
      let number = Int(value).flatMap { (1...most).contains($0) ? $0 : nil }
      connections = try Self.value(number, key, "a whole number from 1 to \(most)")
    case "--services": services = value.split(separator: ",").map(String.init)
    default: throw Misuse(message: "unknown argument \(key)")
    }
  }

  private mutating func addScenario(_ value: String) throws(Misuse) {
    if scenarioFiles != nil, value == "none" || scenarioFiles == [] {
      throw Misuse(message: "--scenario none leaves no room for another scenario")
    }
    if value == "none" {
      scenarioFiles = []
    } else {
      scenarioFiles = (scenarioFiles ?? []) + [value]
    }
  }

  private static func value<Value>(
    _ value: Value?, _ key: String, _ expected: String
  ) throws(Misuse) -> Value {
    guard let value else { throw Misuse(message: "\(key) needs \(expected)") }
    return value
  }

  /// Reads `127.x.y.z:PORT` or `[::1]:PORT`: what the simulator shows must not be reachable from
  /// another machine.
  private static func loopback(_ text: String) throws(Misuse) -> (String, UInt16) {
    let misuse = Misuse(message: "--listen needs a loopback address, 127.0.0.1:PORT or [::1]:PORT")
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...])
    else { throw misuse }
    let host = text[..<colon]
    if host == "[::1]" { return ("::1", port) }
    let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    guard numbers.count == 4, numbers[0] == 127, !numbers.contains(nil) else { throw misuse }
    return (String(host), port)
  }

  package static let version = "linkhealth-sim 0.1.0"

  package static var help: String {
    var text = """
      linkhealth-sim: ministries and provinces on this machine's loopback, with faults

      linkhealth-sim [--scenario FILE]... [--listen 127.0.0.1:0] [--port-file FILE]
                     [--seed N] [--speed X] [--connections N] [--provinces FILE]
      linkhealth-sim --expected [--wrong] [--services A,B,...] [--scenario FILE]...

        --scenario FILE   the scenario (JSON5), several of them for one world; `none` for
                          the test endpoints alone; as a rule the situation of 7 November
                          2025 with the hubs that its links stand on
        --provinces FILE  what "all" stands for; as a rule provinces.json beside the
                          scenario or one directory above
        --listen ADDRESS  127.x.y.z:PORT or [::1]:PORT; port 0 is chosen by the system
        --port-file FILE  holds the port once the simulator answers
        --seed N          of everything random (1)
        --speed X         the scenario's clock runs X times as fast (1)
        --connections N   held at once (\(SimulatorLimits.connections))
        --expected        print SERVICE/CONSUMER STATE for every link, in order
        --wrong           only those that an alert should tell of: not up, and not merely
                          unconnected unless overdue

      Endpoints:
        /SERVICE/CONSUMER/...    by the scenario
        GET  /_sim/counts        requests and faults of every link
        POST /_sim/set?service=S[&consumer=C]
                                 another fault from now on; the body is a fault object
        POST /_sim/clear[?service=S[&consumer=C]]
                                 back to the scenario
        /_test/KIND, whatever the scenario says:

      """
    for (endpoint, summary) in TestEndpoints.help {
      let gap = String(repeating: " ", count: max(1, 25 - endpoint.count))
      text += "    \(endpoint)\(gap)\(summary)\n"
    }
    return text
  }
}
