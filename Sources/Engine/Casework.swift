import Base
import Incidents
import Judgement
import Model
import Quiet

/// Incidents: how links stand goes into the casebook's matrix; what comes out is told.
extension Engine {
  /// How a link stands, as grouping sees it, and in what way it fails. Whether its attempts fail decides,
  /// and not how grave that is: a link of little weight may be down, and a critical one slow.
  ///
  /// It is asked for with each sample, so that it reads single fields: a copy of a link's record touches
  /// every text in it.
  private func cell(of link: Int, _ trouble: LinkTrouble?) -> (state: CellState, sign: FailureSign)
  {
    let role = links[link].link.role
    if role == .mustFail { return (.excluded, .slow) }
    if !pauses.isEmpty, pauses[links[link].link.id] != nil {
      // Nobody looks, so nothing has recovered.
      return (trouble == nil ? .excluded : .unknown, .slow)
    }
    if let trouble {
      if trouble.isOverdue { return (.overdue, .overdue) }
      // Of a canary it is our own sight that fails.
      let isDown = trouble.isDown && role != .canary
      return (isDown ? .failing : .degraded, sign(of: trouble, link))
    }
    switch links[link].state {
    case .up: return (.up, .slow)
    case .planned, .notConnected: return (.excluded, .slow)
    case .down, .unknown: return (.unknown, .slow)
    case .degraded:
      // A failure that nothing has confirmed speaks against no pattern.
      return failure(of: link).map { (.unknown, $0) } ?? (.up, .slow)
    }
  }

  /// Whether what fails is never critical: of a canary it is our own sight, and what is worked on is down by
  /// arrangement. A hop that is worked on is still what stands in the way of its links.
  private func weighsLittle(_ link: Int) -> Bool {
    switch links[link].link.role {
    case .canary: true
    case .hop: false
    default: isInMaintenance(link)
    }
  }

  /// How a required probe of a link failed in its newest attempt; nil where none did.
  private func failure(of link: Int) -> FailureSign? {
    for probe in links[link].probes where probes[probe].definition.isRequired {
      if let outcome = probes[probe].judge.last?.outcome, outcome.isFailure,
        let sign = FailureSign(outcome)
      {
        return sign
      }
    }
    return nil
  }

  private func sign(of trouble: LinkTrouble, _ link: Int) -> FailureSign {
    guard let first = trouble.firstPlace else { return .slow }
    let rule = trouble.conditions[first].rule
    switch rule {
    case .latency, .ownPast: return .slow
    case .warnings:
      let ours = [WarningCause.clientCertificateExpires(""), .secretExpires("")]
      let cause = trouble.conditions[first].cause
      return ours.contains { Outcome.warning($0).name == cause } ? .ourSecret : .warning
    case .overdue: return .overdue
    case .noData: return .notMeasured
    case .failures, .errorRate, .burnRate, .flapping: break
    }
    let place =
      rule == .flapping ? trouble.conditions.firstIndex { $0.rule == .failures } : first
    guard let name = place.map({ trouble.conditions[$0].probe }),
      let probe = links[link].probes.first(where: { probes[$0].definition.name == name })
    else { return .wrongAnswer }
    return probes[probe].judge.newestFailure.flatMap(FailureSign.init) ?? .wrongAnswer
  }

  private func trouble(of link: Int) -> LinkTrouble? {
    links[link].hasTrouble ? troubles[links[link].link.id] : nil
  }

  /// Enters how a link stands.
  mutating func place(_ link: Int, endReason: String? = nil, at now: Now) {
    var trouble = trouble(of: link)
    let (state, sign) = cell(of: link, trouble)
    if Layer(state) == nil, casebook.hasUnseenTrouble(Int32(link)), !isStopping,
      hurriedAt != now.instant || casebook.matrix.badCount < Limits.hurriedBadLinks
    {
      // Several samples may come at once, as after a disk that hung: a trouble that began and ended
      // among them is an incident like any other. Of very many one evaluation sees them all, and they
      // last until then.
      hurriedAt = now.instant
      casebook.hurry(at: now.instant)
      evaluateIncidents(at: now)
      trouble = self.trouble(of: link)
    }
    let isSuspect =
      state == .unknown && trouble == nil && sign != .slow && !isSightMark(link)
    casebook.set(
      Int32(link), state, sign: sign,
      severity: trouble != nil && weighsLittle(link) ? .warning : nil, trouble: trouble,
      endReason: endReason, isSuspect: isSuspect, waitsUntilSeen: !isStopping, at: now)
  }

  /// Looks for incidents, if that is due.
  mutating func evaluateIncidents(at now: Now) {
    guard let due = casebook.nextDue, due <= now.instant, !isStopping else { return }
    casebook.set(canaries(at: now), at: now)
    perform(casebook.evaluate(at: now), at: now)
  }

  mutating func perform(_ actions: [CaseAction], at now: Now) {
    var begun: [Int32] = []
    for action in actions {
      switch action {
      case .version(let incident, let isTold): publish(incident, isTold: isTold, at: now)
      case .gather(let list): begun += list.prefix(Limits.gatheringProbes)
      case .wentBlind(let list): goBlind(list, at: now)
      case .sawAgain: seeAgain(at: now)
      }
    }
    if !begun.isEmpty { gather(begun, at: now) }
  }

  /// Puts a version on its way to the journal, and to its receivers if they are to hear of it.
  mutating func publish(_ version: Incident, isTold wasToBeTold: Bool, at now: Now) {
    var incident = version
    var isTold = wasToBeTold
    // Quiet keeps beginnings and changes, never an end.
    if isTold, incident.status != .resolved, let quiet = quieting(of: incident, at: now) {
      noteHidden(incident, by: quiet, at: now)
      isTold = false
      incident = casebook.hold(
        incident, until: now.instant + max(.seconds(1), quiet.until - now.wall),
        because: quietPrefix + "\(quiet.kind) \(quiet.id): \(quiet.reason)")
    }
    shownIncidents.add(incident, isTold: isTold, at: now.instant)
    act(isTold ? .tell(incident) : .keep(incident))
  }

  package enum AcknowledgeResult: Sendable, Hashable {
    /// The version that says so; others see it once it is in the journal.
    case acknowledged(Incident)
    case notOpen
  }

  /// Notes who has taken an incident up, and tells it.
  package mutating func acknowledge(
    _ id: String, by: String, note: String, at now: Now
  ) -> AcknowledgeResult {
    let acknowledgement = Acknowledgement(by: by, note: note, time: now.wall)
    if let incident = acknowledgeClock(id, acknowledgement, at: now) {
      return .acknowledged(incident)
    }
    guard let incident = casebook.acknowledge(id, acknowledgement, at: now) else {
      return .notOpen
    }
    publish(incident, isTold: incident.isTold, at: now)
    return .acknowledged(incident)
  }

  // MARK: - Gathering

  /// Brings forward what would show the pattern of links that began to fail: the canaries, their
  /// hops, other consumers of the same service, other services of the same consumer. A bounded number,
  /// and only what has not been looked at just now; the politeness budget counts them like any other.
  private mutating func gather(_ begun: [Int32], at now: Now) {
    for link in canaryLinks { bringForward(link, at: now) }
    var wanted: [Int] = []
    for link in begun.prefix(4) {
      let owner = links[Int(link)].link
      wanted += owner.hops.compactMap { linkIndex[$0] }
      wanted += siblings(of: Int(link), owner)
    }
    var count = 0
    for link in wanted where count < Limits.gatheringProbes {
      if bringForward(link, at: now) { count += 1 }
    }
  }

  private func siblings(of link: Int, _ owner: Link) -> [Int] {
    var found: [Int] = []
    // The links of a service stand side by side.
    for distance in 1...16 where found.count < 3 {
      for place in [link - distance, link + distance] where links.indices.contains(place) {
        if links[place].link.id.service == owner.id.service { found.append(place) }
      }
    }
    let others = casebook.matrix.groups.lazy.filter { $0.axis == .service }.prefix(64)
    var sameConsumer = 0
    for group in others where sameConsumer < 3 && group.name != owner.id.service {
      let id = LinkID(service: group.name, consumer: owner.id.consumer)
      guard let place = linkIndex[id] else { continue }
      found.append(place)
      sameConsumer += 1
    }
    return found
  }

  /// Whether a probe of the link runs ahead of its time.
  @discardableResult
  private mutating func bringForward(_ link: Int, at now: Now) -> Bool {
    guard !links[link].isQuiet else { return false }
    var isAny = false
    for probe in links[link].probes where probes[probe].definition.isRequired {
      if let last = probes[probe].lastSampleAt, now.instant - last < Limits.gatheringFresh {
        continue
      }
      guard !probes[probe].isRunning, probes[probe].nextDue - now.instant > Limits.gatheringFresh
      else { continue }
      schedule.push(
        Schedule.Due(
          probe: Int32(probe), generation: probes[probe].generation, kind: .early),
        at: now.instant)
      isAny = true
    }
    return isAny
  }

  // MARK: - Under another catalogue

  /// The matrix of a catalogue; long, for a worker thread.
  static func matrix(of catalogue: [Link]) -> Matrix {
    Matrix(
      catalogue.map { link in
        LinkPlace(
          id: link.id, name: link.serviceName.en, system: link.system, owner: link.owner,
          province: link.id.consumer == nationalConsumer ? nil : link.id.consumer,
          vendor: link.vendor, hops: link.hops)
      })
  }
}
