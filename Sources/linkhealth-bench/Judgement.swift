import Base
import Engine
import History
import Host
import Incidents
import Judgement
import Model
import Probes
import Wire

/// What judging costs: an evaluation of many links of which a tenth fail in mixed patterns, and the way
/// of a sample through the engine, from its record to its place in the matrix. In memory, with no
/// daemon and no network.
func measureJudgement(_ workbench: Workbench, quick: Bool, _ report: inout Report) throws {
  let counts = quick ? [200, 2_000] : [1_000, 100_000]
  var costs: [Double] = []
  for count in counts {
    let isLargest = count == counts[1]
    let name = "judgement.\(count)"
    var field = FailingField(links: count)
    let evaluation = field.medianEvaluation(rounds: quick ? 3 : isLargest ? 15 : 301)
    report.add(
      Figure("\(name).evaluation", evaluation.milliseconds, "ms", isLargest ? .below(50) : nil))
    report.add(
      Figure("\(name).patterns", Double(evaluation.patterns), "", digits: 0))
    costs.append(evaluation.milliseconds / Double(count))
    try workbench.checkChildren()
    let samples = try measureSamples(count, rounds: quick ? 1 : isLargest ? 3 : 20)
    report.add(Figure("\(name).sample", samples, "us", isLargest ? .below(3) : nil))
    let allRules = try measureSamples(
      count, rules: everyRule, rounds: quick ? 1 : isLargest ? 3 : 20)
    report.add(
      Figure("\(name).sampleOfEveryRule", allRules, "us", isLargest ? .below(3) : nil))
    try workbench.checkChildren()
  }
  report.add(Figure("judgement.growth", costs[1] / costs[0], "x", .below(3)))
}

/// Links of provinces and services, a tenth of which fail.
private struct FailingField {
  private var matrix: Matrix

  init(links count: Int) {
    matrix = Matrix((0..<count).map(benchPlace))
    var random = SeededGenerator(seed: 1)
    let services = (count + benchProvinces - 1) / benchProvinces
    for link in 0..<count {
      let (service, province) = (link / benchProvinces, link % benchProvinces)
      // Whole columns, parts of columns, a row in some of its cells, single links, in about these
      // shares of all links: 4, 2, 2 and 2 %.
      let isColumn = service % 25 == 3
      let isPart = service % 10 == 5 && province % 5 == 0
      let isRow = province == 7 && service % 10 < 6 && service < max(10, services)
      let isPoint = random.below(50) == 0
      guard isColumn || isPart || isRow || isPoint else {
        matrix.set(Int32(link), .up)
        continue
      }
      let signs: [FailureSign] = [.serverError, .refused, .connectTimedOut]
      matrix.set(
        Int32(link), isPoint && !isColumn && link % 3 == 0 ? .degraded : .failing,
        sign: isPoint ? signs[link % 3] : signs[service % 3])
    }
  }

  /// Finding the patterns, and taking them as incidents.
  mutating func medianEvaluation(rounds: Int) -> (milliseconds: Double, patterns: Int) {
    var tracker = IncidentTracker()
    var times: [Double] = []
    var patterns = 0
    for round in 0...rounds {
      // Something is new each time.
      let link = Int32(round * 37 % matrix.count)
      matrix.set(link, matrix.states[Int(link)] == .failing ? .up : .failing, sign: .serverError)
      let began = Clock.instant
      let found = explain(matrix)
      _ = tracker.take(found, matrix, at: Instant(nanoseconds: Int64(round) * 1_000_000_000))
      patterns = found.count
      // The first one opens all of them.
      if round > 0 { times.append((Clock.instant - began).seconds * 1e3) }
    }
    return (median(times), patterns)
  }
}

private let benchProvinces = 34

private func benchPlace(_ link: Int) -> LinkPlace {
  let (service, province) = (link / benchProvinces, link % benchProvinces)
  let consumer = "province-\(province)"
  return LinkPlace(
    id: LinkID(service: "service-\(service)", consumer: consumer), name: "service \(service)",
    system: "system-\(service / 2)", owner: "owner-\(service / 20)", province: consumer,
    hops: [LinkID(service: "lgsp", consumer: consumer)])
}

/// Microseconds for a sample that has been written, through the engine's judging to its place in the
/// matrix; the median of rounds in which each link is asked once. A tenth of the links fail, so their
/// rules are at work too.
private func measureSamples(
  _ count: Int, rules: AlertRules = .standard, rounds: Int
) throws -> Double {
  var world = JudgedLinks(try benchLinks(count, rules))
  // Failures are confirmed, and the incidents opened and told, before anything counts.
  for _ in 0..<4 { _ = world.round() }
  return median((0..<rounds).map { _ in world.round() })
}

/// All that a link can have.
private let everyRule = AlertRules(
  failures: FailureRule(failures: 3, of: 5),
  errorRate: ErrorRateRule(
    raisePermille: 200, clearPermille: 100, window: .minutes(15), minimumSamples: 10),
  latency: LatencyRule(
    percentilePermille: 950, raiseAbove: .seconds(3), clearBelow: .seconds(2),
    window: .minutes(15), minimumSamples: 10),
  ownPast: OwnPastRule(
    percentilePermille: 950, raiseTenths: 20, clearTenths: 15, floor: .milliseconds(500),
    window: .minutes(15), minimumSamples: 10),
  burnRate: BurnRateRule(objectiveMillionths: 995_000), noData: .standard, flapping: .standard)

private func benchLinks(_ count: Int, _ rules: AlertRules) throws -> [Link] {
  let addresses = ["http://127.0.0.1/right", "http://127.0.0.1/wrong"]
  let options = try addresses.map { address in
    HTTPOptions(url: try URLParts(address), expectations: HTTPExpectations())
  }
  return (0..<count).map { number in
    let place = benchPlace(number)
    let isFailing = number / benchProvinces % 10 == 3
    return Link(
      id: place.id, serviceName: LocalizedName(en: place.name, vi: place.name),
      consumerName: LocalizedName(en: place.id.consumer, vi: place.id.consumer),
      system: place.system, owner: place.owner, route: [], alert: rules,
      probes: [
        ProbeDefinition(
          name: "http", kind: "http", every: .seconds(60), timeout: .seconds(10),
          options: options[isFailing ? 1 : 0])
      ])
  }
}

/// An engine whose links answer at once and whose ring takes every write, under a clock of its own.
private struct JudgedLinks: ~Copyable {
  private var engine: Engine
  private var now = Clock.now
  private var journaled: UInt64 = 0

  init(_ links: [Link]) {
    engine = Engine(
      tick: .milliseconds(100), attemptsInFlight: links.count,
      encoder: RingEncoder(
        resume: RingResume(ringID: 1, segmentBytes: 64 << 20, slots: [0, 1, 2, 3])),
      seed: 1, now: now)
    engine.load(links, at: now)
  }

  /// A minute, in which each link is asked; microseconds of judging for each sample.
  mutating func round() -> Double {
    var judging = TimeAmount.zero
    let before = engine.recording.samplesWritten
    for _ in 0..<600 {
      now = Now(instant: now.instant + .milliseconds(100), wall: now.wall + .milliseconds(100))
      repeat {
        engine.run(at: now)
        judging = judging + perform()
      } while engine.nextDue.map { $0 <= now.instant } ?? false
    }
    return judging.seconds * 1e6 / Double(max(1, engine.recording.samplesWritten - before))
  }

  private mutating func perform() -> TimeAmount {
    var judging = TimeAmount.zero
    while true {
      let actions = engine.takeActions()
      if actions.isEmpty { return judging }
      for action in actions {
        switch action {
        case .transfer(let token, let transfer):
          let isWrong = transfer.url.target == "/wrong"
          engine.deliver(
            .transferred(TransferResult(status: isWrong ? 503 : 200)), to: token, at: now)
        case .lookBack(let question):
          let found = question.probes.map {
            PastAnswer.Found(
              link: $0.link, probe: $0.probe,
              hour: PastHour(start: question.hour, percentileMicroseconds: 100_000, samples: 500))
          }
          engine.learn(PastAnswer(number: question.number, found: found), at: now)
        case .write(_, let group):
          let began = Clock.instant
          engine.written(through: group, problem: nil, at: now)
          judging = judging + (Clock.instant - began)
        case .tell, .keep:
          journaled += 1
          engine.journaled(through: journaled)
        default: break
        }
      }
    }
  }
}
