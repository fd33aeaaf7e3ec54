import Base
import Model
import Probes

/// Answers what a machine wants, as a seed or a fixed weather has it, on a clock of its own.
struct SimulatedWorld {
  enum Weather: String, CaseIterable, CustomStringConvertible {
    /// All goes well, as far as one can without knowing the kind.
    case good
    /// Nobody ever answers.
    case silent
    /// Whatever is asked closes or refuses.
    case refusing
    /// What comes makes no sense.
    case nonsense
    /// Nothing is left on this machine: descriptors, threads, processes, budget.
    case noRoom
    /// Anything may happen.
    case random

    var description: String { rawValue }
  }

  var weather: Weather
  var random: SeededGenerator
  var now = Instant(nanoseconds: 1_000_000_000_000)
  private var sent: [UInt8] = []

  init(_ weather: Weather, seed: UInt64 = 1) {
    self.weather = weather
    random = SeededGenerator(seed: seed)
  }

  /// Whether an event says that something was lacking here, of which the link knows nothing.
  static func isOurs(_ event: ProbeEvent) -> Bool {
    switch event {
    case .transferred(let result): result.failure?.isSkipped ?? false
    case .examined(let examined): examined.outcome.isSkipped
    case .noToken, .socketFailed(.noRoom), .socketFailed(.notPermitted): true
    case .exited(let result): result.end == .noRoom
    case .timedOut(let waitingInOurQueue, _): waitingInOurQueue
    default: false
    }
  }

  /// What comes of an action; nil for its end.
  mutating func answer(_ action: ProbeAction) -> ProbeEvent? {
    now = now + .microseconds(Int64(random.below(20_000)))
    let weather = weather == .random ? anyWeather() : weather
    switch action {
    case .resolve: return resolved(weather)
    case .transfer: return .transferred(transferred(weather))
    case .examine(let examination):
      return .examined(
        weather == .noRoom
          ? Examined(outcome: .skipped(.workersBusy)) : examination.run())
    case .token(let name):
      return weather == .noRoom || weather == .refusing
        ? .noToken : .token(Secret(name: name, bytes: Array("token".utf8)))
    case .connect: return connected(weather)
    case .send(let bytes):
      sent = bytes
      return weather == .noRoom ? .socketFailed(.noRoom) : .sent
    case .receive(let limit, let within): return received(weather, limit: limit, within: within)
    case .wait(let time):
      now = now + time
      return .waited
    case .spawn(let spawn): return .exited(exited(weather, spawn))
    case .finish: return nil
    }
  }

  private mutating func anyWeather() -> Weather {
    let list = Weather.allCases.filter { $0 != .random }
    return random.below(2) == 0 ? .good : list[Int(random.below(UInt64(list.count)))]
  }

  private mutating func resolved(_ weather: Weather) -> ProbeEvent {
    let took = TimeAmount.microseconds(Int64(random.below(5_000)))
    switch weather {
    case .good, .nonsense:
      return .resolved(
        addresses: random.below(2) == 0 ? ["127.0.0.1"] : ["::1", "127.0.0.1"], took: took)
    case .silent: return .timedOut(waitingInOurQueue: false)
    case .refusing:
      return .notResolved(
        ResolveCause.allCases[Int(random.below(UInt64(ResolveCause.allCases.count)))], took: took)
    case .noRoom, .random: return .timedOut(waitingInOurQueue: true)
    }
  }

  private mutating func transferred(_ weather: Weather) -> TransferResult {
    let head = Array("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n".utf8)
    switch weather {
    case .good: return TransferResult(status: 200, head: head, body: Array("{}".utf8))
    case .silent: return TransferResult(failure: .http(.timedOut))
    case .refusing:
      let failures: [Outcome] = [
        .connect(.refused), .tls(.expired), .http(.closed), .body(.truncated),
      ]
      return TransferResult(failure: failures[Int(random.below(4))])
    case .nonsense:
      return TransferResult(
        status: UInt16(random.below(600)), head: noise(200), body: noise(2_000))
    case .noRoom, .random: return TransferResult(failure: .skipped(.tableFull))
    }
  }

  private mutating func connected(_ weather: Weather) -> ProbeEvent {
    switch weather {
    case .good, .nonsense: .connected(took: .milliseconds(1))
    case .silent: .socketFailed(.connect(.timedOut))
    case .refusing: .socketFailed(.connect(.refused))
    case .noRoom, .random: .socketFailed(random.below(2) == 0 ? .noRoom : .notPermitted)
    }
  }

  private mutating func received(
    _ weather: Weather, limit: Int, within: TimeAmount
  ) -> ProbeEvent {
    switch weather {
    case .good:
      return .received(
        Array((sent.isEmpty ? Array("220 ready\r\n".utf8) : sent).prefix(limit)), at: now)
    case .silent:
      now = now + within
      return .receivedNothing
    case .refusing: return random.below(2) == 0 ? .closed : .socketFailed(.reset)
    case .nonsense: return .received(Array(noise(300).prefix(limit)), at: now)
    case .noRoom, .random: return .socketFailed(.noRoom)
    }
  }

  private mutating func exited(_ weather: Weather, _ spawn: Spawn) -> SpawnResult {
    let took = TimeAmount.milliseconds(3)
    switch weather {
    case .good:
      return SpawnResult(
        end: .exited(code: 0), output: Array("OK - well | t=1s;2;3\n".utf8), took: took)
    case .silent:
      now = now + spawn.timeLimit
      return SpawnResult(
        end: .timedOut(ignoredSIGTERM: random.below(2) == 0), took: spawn.timeLimit)
    case .refusing:
      let ends: [SpawnResult.End] = [
        .exited(code: 2), .exited(code: 3), .signalled(11), .notStarted("no such program"),
      ]
      return SpawnResult(end: ends[Int(random.below(4))], output: Array("no\n".utf8), took: took)
    case .nonsense:
      return SpawnResult(
        end: random.below(2) == 0 ? .outputTooLarge : .exited(code: Int32(random.below(256))),
        output: noise(2_000), took: took, leftBehind: Int(random.below(3)))
    case .noRoom, .random: return SpawnResult(end: .noRoom)
    }
  }

  private mutating func noise(_ count: UInt64) -> [UInt8] {
    (0..<random.below(count)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }
}
