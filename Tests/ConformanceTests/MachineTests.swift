import Base
import Model
import Probes
import Testing

/// A machine to be tried: a kind's, with the settings of its sample, or the worked example's.
struct Subject: Sendable, CustomTestStringConvertible {
  var name: String
  var timeout: TimeAmount
  var make: @Sendable () -> any Probe

  var testDescription: String { name }

  static let all: [Subject] =
    KindSample.all.compactMap { sample in
      guard let probe = load(sample.node).link?.probes.first else { return nil }
      return Subject(name: sample.kind, timeout: probe.timeout) {
        guard let machine = makeProbe(probe, tracing: false) else { fatalError(sample.kind) }
        return machine
      }
    } + [workedExample]
}

@Suite("Every kind's machine")
struct MachineTests {
  /// More events than any attempt may need.
  static let eventsMaximum = 20_000

  struct Run {
    /// Whether the last transfer was one that the attempt can do without.
    var wasOptional = false
    var events: [ProbeEvent] = []
    var result: ProbeResult?
    var end = Instant(nanoseconds: 0)
  }

  /// Runs a machine to its end. After `stage` events its time is up; nil leaves that to the clock.
  private func run(_ subject: Subject, _ world: SimulatedWorld, endingAt stage: Int? = nil) -> Run {
    var machine = subject.make()
    var world = world
    let deadline = world.now + subject.timeout
    var run = Run()
    var event = ProbeEvent.start
    while run.events.count < Self.eventsMaximum {
      run.events.append(event)
      let action = machine.step(event, at: world.now)
      if case .finish(let result) = action {
        run.result = result
        run.end = world.now
        return run
      }
      if case .transfer(let transfer) = action { run.wasOptional = transfer.isOptional }
      let answer = world.answer(action)
      let isOver = world.now > deadline || stage == run.events.count
      event = isOver ? .timedOut(waitingInOurQueue: false) : answer ?? .start
    }
    return run
  }

  /// What holds for every result.
  private func check(_ run: Run, _ reason: String) throws {
    let result = try #require(run.result, "it has no end: \(reason)")
    let outcome = result.outcome
    #expect(outcome == .ok || !outcome.causeName.isEmpty, "\(reason)")
    #expect(outcome != .skipped(.unsupported), "it takes every event that it asked for: \(reason)")
    #expect(outcome.detail.unicodeScalars.count <= 4 * Limits.outcomeDetailCharacters, "\(reason)")
    #expect(result.note.utf8.count <= Limits.noteBytes, "\(reason)")
    #expect(result.readings.count <= Limits.readings, "\(reason)")
    for reading in result.readings {
      #expect(
        !reading.name.isEmpty && reading.name.utf8.count <= Limits.readingNameBytes
          && reading.unit.utf8.count <= Limits.readingUnitBytes && reading.value.isFinite,
        "\(reading): \(reason)")
    }
    #expect(!"\(result.note)\(outcome.detail)".contains(secretMark), "\(reason)")
    // Where an optional look at something finds no room, what was known before it stays.
    if let last = run.events.last, SimulatedWorld.isOurs(last), !run.wasOptional {
      #expect(outcome.isSkipped, "\(last) is not the link's fault, not \(outcome.name): \(reason)")
    }
  }

  @Test("asks for something at the start", arguments: Subject.all)
  func start(_ subject: Subject) {
    var machine = subject.make()
    let action = machine.step(.start, at: Instant(nanoseconds: 1))
    if case .finish(let result) = action { Issue.record("it ends as \(result.outcome.name)") }
  }

  @Test("comes to an end in any weather, with a phase and a cause", arguments: Subject.all)
  func weathers(_ subject: Subject) throws {
    for weather in SimulatedWorld.Weather.allCases {
      for seed in 1...20 {
        try check(
          run(subject, SimulatedWorld(weather, seed: UInt64(seed))), "\(weather), seed \(seed)")
      }
    }
  }

  @Test("nothing that is lacking here is blamed on the link", arguments: Subject.all)
  func noRoom(_ subject: Subject) throws {
    for seed in 1...20 {
      // The first thing that it needs is lacking; and the second, after a good start, and so on.
      for stage in 1...6 {
        var world = SimulatedWorld(.good, seed: UInt64(seed))
        var machine = subject.make()
        var event = ProbeEvent.start
        var result: ProbeResult?
        for step in 1...Self.eventsMaximum {
          let action = machine.step(event, at: world.now)
          if case .finish(let found) = action {
            result = found
            break
          }
          if step >= stage { world.weather = .noRoom }
          event = world.answer(action) ?? .start
        }
        let outcome = try #require(result).outcome
        #expect(
          outcome.isSkipped || !SimulatedWorld.isOurs(event),
          "\(outcome.name) after \(event), seed \(seed), stage \(stage)")
      }
    }
  }

  @Test("out of time at any stage it ends at once, and not well", arguments: Subject.all)
  func outOfTime(_ subject: Subject) throws {
    for weather in [SimulatedWorld.Weather.good, .nonsense] {
      for seed in 1...5 {
        let world = SimulatedWorld(weather, seed: UInt64(seed))
        let whole = run(subject, world)
        for stage in 1..<max(2, min(whole.events.count, 60)) {
          let cut = run(subject, world, endingAt: stage)
          let reason = "\(weather), seed \(seed), out of time after \(stage) events"
          try check(cut, reason)
          #expect(cut.events.count == stage + 1, "at once: \(reason)")
          let outcome = try #require(cut.result).outcome
          #expect(outcome.isFailure || outcome.isSkipped, "\(outcome.name): \(reason)")
        }
      }
    }
  }

  @Test("whatever comes, in whatever order, it ends within its bounds", arguments: Subject.all)
  func random(_ subject: Subject) throws {
    for seed in 1...300 {
      let one = run(subject, SimulatedWorld(.random, seed: UInt64(seed)))
      try check(one, "seed \(seed)")
      let other = run(subject, SimulatedWorld(.random, seed: UInt64(seed)))
      #expect(one.events.count == other.events.count, "alike each time, seed \(seed)")
      #expect(one.result?.outcome == other.result?.outcome, "seed \(seed)")
    }
  }
}
