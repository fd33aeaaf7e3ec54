import Base
import Model
import Wire

/// The settings of a transaction.
package final class StepsOptions: Sendable {
  package struct Step: Sendable {
    package var name: String
    /// Where captured values go, their marks stand.
    package var request: HTTPOptions
    package var timeout: TimeAmount?
    /// The names of the captures whose marks stand in the request.
    package var uses: [String]
    /// How captured values are written in the body.
    package var bodyEncoding = CaptureEncoding.plain
  }

  package let steps: [Step]
  /// A transaction that takes longer is slow, not failed.
  package let slow: TimeAmount?

  package init(steps: [Step], slow: TimeAmount? = nil) {
    precondition(!steps.isEmpty, "a transaction has a step")
    self.steps = steps
    self.slow = slow
  }
}

/// Checks a link by a transaction: requests one after the other, with values from an answer in those
/// that follow, as in login, session, status. Each step is an HTTP check of its own, timed and judged;
/// the first that fails ends it and is named in the note. Cookies live as long as the attempt.
package struct StepsProbe: Probe {
  package static let kind = "steps"

  private let options: StepsOptions
  private let timeout: TimeAmount
  private let tracing: Bool
  private var deadline = Instant.distantFuture
  private var place = 0
  private var machine: HTTPProbe
  private var captured: [(name: String, value: Secret)] = []
  private var cookies = CookieJar()
  private var waits = OwnWaits()
  private var result = ProbeResult(outcome: .ok)

  package static func target(of options: StepsOptions) -> String? {
    options.steps[0].request.url.hostAndPort
  }

  /// Every step's address: a link whose later steps ask elsewhere is another.
  package static func address(of options: StepsOptions) -> String? {
    options.steps.map(\.request.url.text).joined(separator: " ")
  }

  package static func tokens(of options: StepsOptions) -> [String] {
    options.steps.flatMap { HTTPProbe.tokens(of: $0.request) }
  }

  package static func usesTLS(_ options: StepsOptions) -> Bool {
    options.steps[0].request.url.scheme == "https"
  }

  /// The first that any of the steps shows.
  package init(_ options: StepsOptions, timeout: TimeAmount, tracing: Bool) {
    self.options = options
    self.timeout = timeout
    self.tracing = tracing
    machine = HTTPProbe(options.steps[0].request, timeout: timeout, tracing: tracing)
  }

  package mutating func step(_ event: ProbeEvent, at now: Instant) -> ProbeAction {
    if case .start = event {
      deadline = now + timeout
      return begin(at: now)
    }
    return pass(machine.step(event, at: now), at: now)
  }

  private var current: StepsOptions.Step { options.steps[place] }

  /// Starts the current step, with what the steps before it have captured.
  private mutating func begin(at now: Instant) -> ProbeAction {
    let left = max(deadline - now, .milliseconds(1))
    let request: HTTPOptions
    do throws(UnfitValue) {
      request = try current.request.filled(
        with: captured, uses: current.uses, bodyEncoding: current.bodyEncoding)
    } catch {
      return finish(.answer(.captureMissing(error.name)), note: error.reason)
    }
    machine = HTTPProbe(
      request, timeout: min(left, current.timeout ?? left), tracing: tracing)
    machine.cookies = cookies
    // A step with all of its own time has lost none of it to waits before it.
    if current.timeout.map({ left < $0 }) ?? true { machine.before = (waits, timeout) }
    note("step \(place + 1) of \(options.steps.count) \"\(current.name)\"")
    return pass(machine.step(.start, at: now), at: now)
  }

  private mutating func pass(_ action: ProbeAction, at now: Instant) -> ProbeAction {
    guard case .finish(let ended) = action else { return action }
    add(ended)
    waits = waits + machine.waits
    guard ended.outcome == .ok else { return finish(ended.outcome, note: ended.note) }
    for (capture, value) in zip(current.request.expectations.captures, machine.captured) {
      captured.removeAll { $0.name == capture.name }
      captured.append(
        (capture.name, Secret(name: Secret.captureName(capture.name), bytes: Array(value.utf8))))
    }
    if let jar = machine.cookies { cookies = jar }
    place += 1
    guard place < options.steps.count else {
      if let slow = options.slow, Int64(result.timings.totalMicroseconds) > slow.microseconds {
        result.flags.insert(.slow)
      }
      return .finish(result)
    }
    guard now < deadline else {
      let excuse = waits.excuse(of: timeout)
      return finish(
        excuse.map { .skipped($0) } ?? .http(.timedOut), note: "no time was left for it")
    }
    return begin(at: now)
  }

  /// Puts what a step showed to what the transaction shows.
  private mutating func add(_ step: ProbeResult) {
    result.timings = result.timings + step.timings
    result.httpStatus = step.httpStatus
    result.bodyBytes += step.bodyBytes
    result.address = step.address
    result.flags.formUnion(step.flags)
    result.rejectedToken = step.rejectedToken
    for line in step.steps { note(line) }
    if result.readings.count < Limits.readings {
      let milliseconds = Double(step.timings.totalMicroseconds) / 1_000
      result.readings.append(Reading(name: current.name, value: milliseconds, unit: "ms"))
    }
  }

  private mutating func finish(_ outcome: Outcome, note: String) -> ProbeAction {
    result.outcome = outcome
    let step = "step \(place + 1) of \(options.steps.count) \"\(current.name)\""
    result.note = noteText(note.isEmpty ? step : "\(step): \(note)")
    return .finish(result)
  }

  private mutating func note(_ text: String) {
    if tracing, result.steps.count < 200 { result.steps.append(text) }
  }
}
