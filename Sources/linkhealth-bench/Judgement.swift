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
    let found = field.evaluate(rounds: quick ? 3 : isLargest ? 31 : 301)
    report.add(Figure("\(name).evaluation", found.median, "ms", isLargest ? .below(50) : nil))
    report.add(Figure("\(name).opening", found.opening, "ms"))
    report.add(Figure("\(name).telling", found.telling, "ms"))
    report.add(Figure("\(name).incidents", Double(found.incidents), "", digits: 0))
    costs.append(found.median / Double(count))
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

/// Links of provinces and services, a tenth of which fail, and the casebook that tells of them.
private struct FailingField {
  private var book: Casebook
  private var now = Clock.now

  /// Milliseconds of evaluations: the one that opens all incidents, the one that tells them, and the
  /// median of those that follow.
  struct Evaluations {
    var opening = 0.0
    var telling = 0.0
    var median = 0.0
    var incidents = 0
  }

  init(links count: Int) {
    book = Casebook(Matrix((0..<count).map(benchPlace)), seed: 1)
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
      let signs: [FailureSign] = [.serverError, .refused, .connectTimedOut]
      let isDegraded = isPoint && !isColumn && link % 3 == 0
      set(
        link,
        isColumn || isPart || isRow || isPoint ? isDegraded ? .degraded : .failing : .up,
        isPoint ? signs[link % 3] : signs[service % 3])
    }
  }

  /// With what is wrong, in the words that messages repeat.
  private mutating func set(_ link: Int, _ state: CellState, _ sign: FailureSign) {
    guard Layer(state) != nil else { return book.set(Int32(link), state, at: now) }
    let isFailing = state == .failing
    let (cause, detail) = sign == .serverError ? ("http.status", "503") : ("connect.\(sign)", "")
    let condition = Condition(
      link: book.matrix.places[link].id, probe: "http", rule: isFailing ? .failures : .errorRate,
      evidence: "3 of the last 5 attempts failed: \(cause) \(detail)", cause: cause,
      causeDetail: detail, since: now.wall)
    let trouble = LinkTrouble(
      severity: isFailing ? .critical : .warning, conditions: [condition], since: now.wall,
      isDown: isFailing)
    book.set(Int32(link), state, sign: sign, trouble: trouble, at: now)
  }

  /// Finding the patterns, taking them as incidents, and writing the versions of these with their words
  /// and suspicions. Between two of them a second passes, and another link fails or recovers.
  mutating func evaluate(rounds: Int) -> Evaluations {
    var found = Evaluations()
    found.opening = timed()
    pass(IncidentSettings().gatherCritical)
    found.telling = timed()
    var times: [Double] = []
    for round in 1...rounds {
      pass(.seconds(1))
      // Something is new each time.
      let link = round * 37 % book.matrix.count
      set(link, book.matrix.states[link] == .failing ? .up : .failing, .serverError)
      times.append(timed())
    }
    found.median = median(times)
    found.incidents = book.open.count
    return found
  }

  private mutating func pass(_ amount: TimeAmount) {
    now = Now(instant: now.instant + amount, wall: now.wall + amount)
  }

  private mutating func timed() -> Double {
    let began = Clock.instant
    _ = book.evaluate(at: now)
    return (Clock.instant - began).seconds * 1e3
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
