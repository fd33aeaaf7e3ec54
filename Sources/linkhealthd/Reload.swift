import Base
import Catalogue
import Control
import Engine
import Host
import Model
import Quiet
import Wire

/// What a reload is to come to.
enum ReloadMode: Sendable {
  /// Only say what would change.
  case plan
  /// Refuse what would drop more than a third of the links.
  case unlessTooMuch
  case whateverItDrops
}

/// What a worker has read and prepared.
struct ReadReload: Sendable {
  var loaded: LoadedConfiguration?
  var history: HistorySettings?
  var prepared: Handover<PreparedLoad>?
  var complaints: Complaints
}

extension Daemon {
  /// Reads the configuration and prepares its tables on a worker; `ticket` is the caller that waits
  /// for the outcome.
  func reload(_ ticket: RequestTicket?, _ mode: ReloadMode) {
    guard !requests.isReloading, let mailbox = workReceiver?.mailbox else {
      if let ticket {
        answer(ticket, ControlError(503, "busy", "a reload is under way; ask again in a moment"))
      } else {
        // What was changed since the files were read would stay unread.
        requests.reloadsAgain = true
      }
      return
    }
    requests.isReloading = true
    if mode != .plan { service.reloading() }
    let path = configurationPath
    let base = engine.loadBase
    let now = Clock.now
    let accepted = workers.submit {
      let (loaded, complaints) = readConfiguration(path)
      let prepared = loaded.map { new in
        Handover(
          PreparedLoad(
            new.configuration.links, politeness: new.configuration.politenessInEffect, over: base,
            at: now))
      }
      mailbox.post(
        .loaded(
          ticket, mode,
          ReadReload(
            loaded: loaded, history: loaded.map { HistorySettings($0.configuration) },
            prepared: prepared, complaints: complaints)))
    }
    if !accepted {
      requests.isReloading = false
      if mode != .plan { service.ready("reload refused: busy") }
      if let ticket { answer(ticket, ControlError(503, "busy", "the workers are busy")) }
    }
  }

  func reloadEnded(
    _ ticket: RequestTicket?, _ mode: ReloadMode, _ read: ReadReload, at now: Now
  ) {
    requests.isReloading = false
    defer {
      if requests.reloadsAgain {
        requests.reloadsAgain = false
        reload(nil, .unlessTooMuch)
      }
    }
    guard let new = read.loaded, let prepared = read.prepared?.take() else {
      return refuseReload(ticket, mode, read.complaints)
    }
    let plan = prepared.plan
    if mode == .plan {
      if let ticket {
        server?.answer(
          ticket, status: 200,
          body: planBody(
            plan, warnings: restartWarnings(new) + prepared.warnings + new.warnings))
      }
      return discard(consume prepared)
    }
    if plan.dropsTooMuch, mode == .unlessTooMuch {
      refuseToDrop(plan, restartWarnings(new) + prepared.warnings + new.warnings, ticket)
      return discard(consume prepared)
    }
    take(new, consume prepared, at: now)
    if let history = read.history { disk.want(history) }
    let summary = LoadSummary(plan)
    if let ticket { server?.answer(ticket, status: 200, body: reloadBody(summary)) }
  }

  private func refuseReload(
    _ ticket: RequestTicket?, _ mode: ReloadMode, _ complaints: Complaints
  ) {
    for complaint in complaints.list { logger.write(LogEntry(.error, complaint.description)) }
    logger.write(LogEntry(.error, "the configuration has mistakes; the running one stays"))
    if mode != .plan {
      service.ready("running with the former configuration; the new one has mistakes")
    }
    if let ticket { server?.answer(ticket, status: 422, body: complaintsBody(complaints)) }
  }

  private func refuseToDrop(
    _ plan: ReloadPlan, _ warnings: [String], _ ticket: RequestTicket?
  ) {
    logger.write(
      LogEntry(
        .error, "the new configuration drops more than a third of the links; the running one stays",
        [
          ("links", "\(plan.formerLinks)"), ("removed", "\(plan.removed.total)"),
          ("withoutProbes", "\(plan.silenced.total)"),
          ("remedy", "linkhealthctl reload --yes"),
        ]))
    service.ready("running with the former configuration; the new one drops too many links")
    if let ticket {
      server?.answer(ticket, status: 409, body: dropsTooMuchBody(plan, warnings: warnings))
    }
  }

  private func take(
    _ new: LoadedConfiguration, _ prepared: consuming PreparedLoad, at now: Now
  ) {
    for warning in restartWarnings(new) + new.warnings {
      logger.write(LogEntry(.warning, warning))
    }
    let begun = Clock.instant
    engine.incidentSettings = new.configuration.incidentsInEffect
    let summary = engine.load(consume prepared, at: now)
    engine.configureClock(limit: new.configuration.clockUnsynchronisedFor, at: now)
    engine.configureQuiet(new.configuration.quiet, at: now)
    server?.zone = zoneText(new.configuration.quiet.rules.zone)
    let held = (Clock.instant - begun).milliseconds
    discard(replace(&loaded, with: new))
    loadedAt = now.wall
    discard(engine.takeFormerTables())
    transfers?.renewBundles()
    resolver?.forgetAll()
    spawner?.atOnce = new.configuration.exec.atOnce
    desk.configure(new.notifiers)
    performActions(at: now)
    logger.write(
      LogEntry(
        .notice, "configuration reloaded",
        [
          ("links", "\(summary.links)"), ("added", "\(summary.added)"),
          ("removed", "\(summary.removed)"), ("changed", "\(summary.changed)"),
          ("heldMilliseconds", "\(held)"),
        ]))
    service.ready("watching \(summary.links) links")
  }

  /// Lets go of a large value on a worker, where the time that takes delays nothing.
  func discard(_ value: consuming some Sendable) {
    let handover = Handover(value)
    _ = workers.submit { _ = handover.take() }
  }

  /// Settings that only a restart can change.
  private func restartWarnings(_ new: LoadedConfiguration) -> [String] {
    let former = loaded.configuration
    var changed: [String] = []
    if new.configuration.stateDirectory != former.stateDirectory { changed.append("state") }
    if new.configuration.socketPath != former.socketPath { changed.append("socket") }
    if new.configuration.tick != former.tick { changed.append("tick") }
    if new.configuration.historyBytes != former.historyBytes { changed.append("history.size") }
    if new.configuration.segmentBytes != former.segmentBytes { changed.append("history.segment") }
    if new.configuration.retention != former.retention {
      changed.append("history.samples, fiveMinutes or hours")
    }
    if new.configuration.attemptsInFlight != former.attemptsInFlight {
      changed.append("attempts.inFlight")
    }
    if new.configuration.resolver != former.resolver { changed.append("resolver") }
    if new.operatorGroups.first != loaded.operatorGroups.first {
      changed.append("control.operators (who may open the socket)")
    }
    return changed.map { "a change of \($0) takes effect after a restart" }
  }
}

/// Puts another value into a variable and hands the former one over, without a moment at which both
/// hold it.
private func replace<Value>(_ variable: inout Value, with value: consuming Value) -> Value {
  let former = variable
  variable = value
  return former
}
