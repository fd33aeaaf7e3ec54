import Base
import CLinux
import Glibc
import Host
import Synchronization
import Wire

/// What makes a reader kill the daemon: having just been shown something for the first time.
enum CrashSight: CaseIterable {
  case sample
  case incident
  case delivery
}

/// A daemon under load with those around it: many links whose faults come and go, readers who
/// remember all that they are shown, and receivers that now and then refuse.
final class CrashSite: Sendable {
  static let linkCount = 200
  /// Each gets every alert.
  static let receivers = ["board", "ops"]
  private static let secret = "whsec_Y3Jhc2hlcyBhcmUgc3Vydml2ZWQgYnkgaGFiaXQ="

  let place: Workplace
  let ledger = Mutex(CrashLedger())
  private let seed: UInt64
  private let simulator: ChildProcess
  private let simulatorPort: UInt16
  private let threads: Workers
  private let isStopping = Atomic<Bool>(false)
  /// From now on receivers accept everything.
  private let isCalm = Atomic<Bool>(false)
  /// Whom to kill at a sight.
  private let victim = Mutex<(sight: CrashSight, process: ChildProcess)?>(nil)

  init(seed: UInt64) throws {
    self.seed = seed
    place = try Workplace()
    var services: [String] = []
    for number in 0..<Self.linkCount {
      services.append("{ service: \"\(Self.service(number))\", consumer: \"national\" }")
    }
    let scenario = try place.write(
      "scenario.json5", "{ services: [\(services.joined(separator: ",\n"))] }")
    let portFile = "\(place.path)/port"
    simulator = try ChildProcess(
      [Programs.simulator, "--scenario", scenario, "--port-file", portFile],
      output: "\(place.path)/simulator.log")
    simulatorPort = try eventually("the simulator answers") { [simulator] in
      if let end = simulator.poll() { throw HarnessError("simulator: \(end) \(simulator.output)") }
      return fileText(portFile).flatMap { UInt16($0.filter(\.isNumber)) }
    }
    threads = try Workers(threads: 3, capacity: 8)
  }

  static func service(_ number: Int) -> String { "service-\(number)" }
  static func link(_ number: Int) -> String { "\(service(number))/national" }

  /// The daemon with its links; the ring is large enough to keep every sample of the test.
  func makeDaemon(receiver: TestServer) throws -> Daemon {
    var links: [WatchedLink] = []
    for number in 0..<Self.linkCount {
      let service = Self.service(number)
      var link = WatchedLink(
        service: service, url: "http://127.0.0.1:\(simulatorPort)/\(service)/national")
      link.every = number % 2 == 0 ? "100ms" : "200ms"
      link.probe = "retryEvery: \"100ms\","
      link.request = number % 4 == 0 ? "" : "reuse: true"
      link.alert = "failures: { raise: \"2 of 3\", clearAfter: 2 }"
      if number % 3 == 0 {
        link.alert += ", errorRate: { raise: \"30% over 2s\", clear: \"10%\", minimum: 5 }"
      }
      links.append(link)
    }
    try place.write("secrets/hook", Self.secret, mode: 0o600)
    let webhooks = Self.receivers.map { name in
      "{ name: \"\(name)\", url: \"\(receiver.url)/\(name)\", secret: \"{secret:hook}\" }"
    }
    let daemon = try Daemon(
      links, settings: "webhooks: [\(webhooks.joined(separator: ", "))]", place: place)
    daemon.ring = "size: \"96MiB\", segment: \"1MiB\""
    // Each trouble is an incident of its own, so that the ledger can tell them apart.
    daemon.reopenWithin = "0s"
    return daemon
  }

  func begin(socket: String) {
    _ = threads.submit { [self] in readSamples(socket, SeededGenerator(seed: seed &+ 1)) }
    _ = threads.submit { [self] in readIncidents(socket, SeededGenerator(seed: seed &+ 2)) }
    _ = threads.submit { [self] in switchFaults(SeededGenerator(seed: seed &+ 3)) }
  }

  /// Ends readers and faults; the links are healthy and receivers accept everything.
  func calmDown() throws {
    isCalm.store(true, ordering: .relaxed)
    isStopping.store(true, ordering: .relaxed)
    threads.stopAndWait()
    let control = try SimulatorControl(simulatorPort)
    for number in 0..<Self.linkCount { try control.set("{}", service: Self.service(number)) }
  }

  func stop() {
    isStopping.store(true, ordering: .relaxed)
    threads.stopAndWait()
    simulator.kill()
  }

  // MARK: Killing

  /// Has the process killed by whoever next is shown something new of that kind.
  func kill(_ process: ChildProcess, at sight: CrashSight) {
    victim.withLock { $0 = (sight, process) }
  }

  func disarm() { victim.withLock { $0 = nil } }

  private func saw(_ sight: CrashSight) {
    victim.withLock { armed in
      guard let (awaited, process) = armed, awaited == sight else { return }
      process.signal(SIGKILL)
      armed = nil
    }
  }

  // MARK: The receivers

  /// Refuses one in ten, and lets one in thirty wait for an answer that does not come.
  func receive(_ connection: ServedConnection) {
    while let (head, body) = connection.request() {
      let webhookID = head.header("webhook-id") ?? ""
      let luck = isCalm.load(ordering: .relaxed) ? .max : randomSeed() % 30
      ledger.withLock {
        $0.arrive(
          webhookID, body, at: String(head.path.dropFirst()), isAccepted: luck > 3)
      }
      if luck > 3 { saw(.delivery) }
      if luck == 0 { return }
      connection.answer(luck <= 3 ? 500 : 204, "")
    }
  }

  // MARK: The readers

  /// Asks for samples of one link after the other, and for pages of the list of links.
  private func readSamples(_ socket: String, _ generator: SeededGenerator) {
    var generator = generator
    converse(socket) { connection in
      if generator.below(3) == 0 {
        let offset = generator.below(UInt64(Self.linkCount))
        let page = try ask(connection, "/v1/links?limit=20&offset=\(offset)")
        return show(lastSamplesOf: page?["links"]?.array ?? [])
      }
      let link = Self.link(Int(generator.below(UInt64(Self.linkCount))))
      let answer = try ask(connection, "/v1/links/\(link)/samples?limit=40")
      return show(answer?["samples"]?.array ?? [], of: link)
    }
  }

  private func show(_ samples: [JSONNode], of link: String) {
    let isNew = ledger.withLock { ledger in
      samples.reduce(false) { ledger.show(sample: $1, of: link) || $0 }
    }
    if isNew { saw(.sample) }
  }

  private func show(lastSamplesOf links: [JSONNode]) {
    for node in links {
      guard let id = node["id"]?.string, let sample = node["lastSample"], !sample.isNull else {
        continue
      }
      show([sample], of: id)
    }
  }

  /// Asks for incidents, and reads alert files where they lie.
  private func readIncidents(_ socket: String, _ generator: SeededGenerator) {
    var generator = generator
    converse(socket) { connection in
      switch generator.below(4) {
      case 0: readFiles("alerts/open", few: &generator)
      case 1: readFiles("alerts/closed", few: &generator)
      case 2:
        let list = try ask(connection, "/v1/incidents?status=resolved&limit=30")
        show(list?["incidents"]?.array ?? [], areOpen: false)
      default:
        let list = try ask(connection, "/v1/incidents?status=open")
        show(list?["incidents"]?.array ?? [], areOpen: true)
      }
    }
  }

  private func show(_ incidents: [JSONNode], areOpen: Bool) {
    let isNew = ledger.withLock { ledger in
      if areOpen { return ledger.show(open: incidents, by: "open incidents") }
      return incidents.reduce(false) {
        ledger.show(incident: $1, by: "resolved incidents") || $0
      }
    }
    if isNew { saw(.incident) }
  }

  private func readFiles(_ directory: String, few generator: inout SeededGenerator) {
    let names = fileNames("\(place.path)/state/\(directory)").filter { $0.hasSuffix(".json") }
    guard !names.isEmpty else { return }
    for _ in 0..<10 {
      readAlertFile("\(directory)/\(names[Int(generator.below(UInt64(names.count)))])")
    }
  }

  /// A file that is there is whole; one that has just been moved is not there.
  func readAlertFile(_ name: String) {
    guard let text = place.read("state/\(name)") else { return }
    let parsed = parseJSON(Array(text.utf8), dialect: .json)
    ledger.withLock { ledger in
      ledger.readAlertFile()
      guard let node = parsed.node, parsed.errors.isEmpty else {
        return ledger.complain("\(name) is not whole: \(text)")
      }
      if "\(directoryPart(name))/\(node["id"]?.string ?? "").json" != name {
        ledger.complain("\(name) holds \(node["id"]?.string ?? "no incident")")
      }
      ledger.show(incident: node, by: directoryPart(name))
    }
  }

  private func directoryPart(_ name: String) -> String {
    name.split(separator: "/").dropLast().joined(separator: "/")
  }

  /// Asks one thing after the other, over as many connections as it takes, until the test ends.
  private func converse(_ socket: String, _ step: (ControlConnection) throws -> Void) {
    while !isStopping.load(ordering: .relaxed) {
      if let connection = ControlConnection(socket) {
        do {
          while !isStopping.load(ordering: .relaxed) { try step(connection) }
        } catch is ConversationEnd {
          // The daemon was killed.
        } catch {
          ledger.withLock { $0.complain("\(error)") }
        }
      }
      rest(.milliseconds(1))
    }
  }

  private struct ConversationEnd: Error {}

  /// The answer as JSON; nil, with a complaint, when it is no success.
  private func ask(_ connection: ControlConnection, _ target: String) throws -> JSONNode? {
    guard let request = httpRequest(method: "GET", target: target, host: "localhost"),
      connection.send(request), let answer = try connection.receive()
    else { throw ConversationEnd() }
    if answer.status == 200, let json = answer.json { return json }
    ledger.withLock { $0.complain("\(target) answers \(answer.status): \(answer.text)") }
    return nil
  }

  // MARK: The faults

  private static let faults = [
    "{ status: 503 }", "{ status: 404 }", "{ close: true }", "{ garbage: true }",
    "{ reset: \"head\" }", "{ status: 500, rate: 0.5 }",
  ]

  /// Changes how a link fares some eighty times a second, so that a quarter of them or so fails.
  private func switchFaults(_ generator: SeededGenerator) {
    var generator = generator
    var isFailing = [Bool](repeating: false, count: Self.linkCount)
    do {
      let control = try SimulatorControl(simulatorPort)
      while !isStopping.load(ordering: .relaxed) {
        let number = Int(generator.below(UInt64(Self.linkCount)))
        isFailing[number] = generator.below(10) < (isFailing[number] ? 4 : 2)
        let fault = Self.faults[Int(generator.below(UInt64(Self.faults.count)))]
        try control.set(isFailing[number] ? fault : "{}", service: Self.service(number))
        rest(.milliseconds(12))
      }
    } catch {
      ledger.withLock { $0.complain("the simulator: \(error)") }
    }
  }
}

/// A connection to the simulator, for changing faults.
private final class SimulatorControl {
  private let descriptor: Int32
  private var parser = HTTPResponseParser()

  init(_ port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw SystemError.last("connect", "127.0.0.1:\(port)") }
    _ = lh_no_delay(descriptor)
    _ = lh_set_nonblocking(descriptor)
  }

  deinit { close(descriptor) }

  /// Puts a fault in place of what the link had; `{}` makes it healthy.
  func set(_ fault: String, service: String) throws {
    guard
      let request = httpRequest(
        method: "POST", target: "/_sim/set?service=\(service)", host: "localhost",
        body: Array(fault.utf8)), sendAll(descriptor, request)
    else { throw HarnessError("it takes no request") }
    let limit = Clock.instant + .seconds(20)
    while true {
      switch parser.next() {
      case .response(let head, let body):
        if head.status == 200 { return }
        throw HarnessError("\(head.status) \(String(decoding: body, as: UTF8.self))")
      case .failed(let reason): throw HarnessError(reason)
      case .needMore: break
      }
      guard let bytes = try receiveSome(descriptor, until: limit) else {
        throw HarnessError("it has closed the connection")
      }
      parser.append(bytes)
    }
  }
}
