import Base
import CLinux
import Glibc
import Host
import Scenario

/// Serves until SIGTERM or SIGINT.
func serve(_ scenario: Scenario, _ options: SimulatorOptions) throws {
  let signals = lh_signalfd([SIGTERM, SIGINT], 2)
  guard signals >= 0 else { throw SystemError.last("signalfd") }
  let signalDescriptor = Descriptor(signals)
  // Each connection is a descriptor. Where the limit is lower than what we offer, accepting pauses
  // whenever it is reached.
  _ = raiseDescriptorLimit()

  let raw = lh_tcp_listen(options.address, options.port, 4_096)
  guard raw >= 0 else {
    throw SystemError.last("listen", "\(options.address) port \(options.port)")
  }
  let listener = Descriptor(raw)
  let port = lh_local_port(listener.raw)

  let reactor = try Reactor()
  let run = ScenarioRun(
    scenario, seed: options.seed, speed: options.speed, start: Clock.instant)
  let server = Server(
    reactor, simulator: Simulator(run), listener: listener, connections: options.connections)
  try server.start()
  let stopper = SignalReceiver(reactor)
  _ = try reactor.add(signalDescriptor.raw, .readable, handler: stopper)

  let host = options.address.contains(":") ? "[\(options.address)]" : options.address
  writeOutput("listening on http://\(host):\(port)\n")
  if let file = options.portFile { try writeWhole("\(port)\n", to: file) }
  defer { if let file = options.portFile { unlink(file) } }
  try reactor.run()
}

/// Stops the loop at the first signal.
private final class SignalReceiver: ReadinessHandler {
  private let reactor: Reactor

  init(_ reactor: Reactor) { self.reactor = reactor }

  func ready(_ readiness: Readiness, key: Int32, token: Token) {
    if lh_signalfd_read(key) >= 0 { reactor.stop() }
  }
}
