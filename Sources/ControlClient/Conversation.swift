import Base
import Wire

/// An answer of the daemon.
package struct ControlAnswer: Sendable, Hashable {
  package var status: Int
  package var body: [UInt8]
  /// The daemon's zone, as the header `Linkhealth-Zone` tells it; nil where it does not.
  package var zone: String?

  package init(status: Int, body: [UInt8], zone: String? = nil) {
    self.status = status
    self.body = body
    self.zone = zone
  }
}

/// What the program prints and how it ends.
package struct Report: Sendable, Hashable {
  /// For the output stream.
  package var output: [UInt8]
  /// For the error stream.
  package var errors: [UInt8]
  package var exitCode: Int32

  package init(output: [UInt8] = [], errors: [UInt8] = [], exitCode: Int32) {
    self.output = output
    self.errors = errors
    self.exitCode = exitCode
  }

  init(_ page: Page, exitCode: Int32 = Exit.done) {
    self.init(output: Array(page.text.utf8), exitCode: exitCode)
  }

  init(error message: String, exitCode: Int32) {
    self.init(errors: Array("linkhealthctl: \(message)\n".utf8), exitCode: exitCode)
  }
}

/// One command from the first request to the report. It does no input or output of its own: it says
/// what to send next and is told what came back.
package struct Conversation: Sendable {
  package enum Step: Sendable, Hashable {
    case send(ControlRequest)
    /// Write this, then send: an answer in pages, of which one is held at a time.
    case write([UInt8], thenSend: ControlRequest)
    case finish(Report)
  }

  private let invocation: Invocation
  private var display: Display
  /// The figures of `status`, while the matrix and the links that are not well are asked for.
  private var status: StatusAnswers?
  /// Where the page before ended.
  private var cursor: String?

  package init(_ invocation: Invocation, _ display: Display) {
    self.invocation = invocation
    self.display = display
  }

  private var isJSON: Bool { invocation.common.isJSON }

  /// The first step.
  package func begin() -> Step {
    switch invocation.action {
    case .status, .version: .send(.status)
    case .links(let filter): .send(.links(filter))
    case .show(let link): .send(.show(link))
    case .explain(let link): .send(.explain(link))
    case .samples(let link, let filter): .send(.samples(link, filter))
    case .past(let question): .send(question.request())
    case .incidents(let filter): .send(.incidents(filter))
    case .incident(let id): .send(.incident(id))
    case .acknowledge(let id, let note): .send(.acknowledge(id, note: note))
    case .attempt(let link): .send(.attempt(link))
    case .pause(let link, let reason): .send(.pause(link, reason: reason))
    case .resume(let link): .send(.resume(link))
    case .quiet(let question): .send(question.request)
    case .reload(let plan, let yes): .send(.reload(plan: plan, yes: yes))
    case .help(let command): .finish(Report(renderHelp(command, display)))
    case .check, .testRules: preconditionFailure("this asks no daemon")
    }
  }

  /// The step after an answer, or after there was none.
  package mutating func receive(_ result: Result<ControlAnswer, ClientFailure>) -> Step {
    if case .success(let answer) = result, let zone = answer.zone, distance(zone) != nil {
      display.zone = zone
    }
    if let status { return goOn(status, result) }
    switch result {
    case .failure(let failure): return .finish(report(failure))
    case .success(let answer):
      if isCSVAnswer(answer) {
        return .finish(Report(output: shownText(answer.body, display), exitCode: Exit.done))
      }
      guard let node = parseJSON(answer.body, dialect: .json, limits: answerLimits).node else {
        return .finish(
          report(
            .brokenAnswer(
              path: invocation.common.socket, problem: "status \(answer.status), no JSON")))
      }
      return (200...299).contains(answer.status)
        ? accept(node, answer) : .finish(refusal(node, answer))
    }
  }

  private mutating func accept(_ node: JSONNode, _ answer: ControlAnswer) -> Step {
    if case .status = invocation.action {
      guard let figures = HealthFigures(node) else {
        return .finish(
          report(.brokenAnswer(path: invocation.common.socket, problem: "figures are missing")))
      }
      if isJSON {
        return .finish(
          Report(output: shownJSON(answer.body, display), exitCode: figures.verdict.rawValue))
      }
      status = StatusAnswers(node: node, figures: figures)
      return .send(.matrix)
    }
    if case .past(let question) = invocation.action, question.kind == .export {
      return nextPage(node, question)
    }
    if isJSON { return .finish(jsonReport(node, answer.body)) }
    return .finish(Report(page(node), exitCode: exitCode(node)))
  }

  private func page(_ node: JSONNode) -> Page {
    switch invocation.action {
    case .links(let filter): renderLinks(node, offset: filter.offset ?? 0, display)
    case .show: renderLink(node, display)
    case .explain: renderExplanation(node, display)
    case .samples: renderSamples(node, display)
    case .past(let question): renderPast(question, node, display)
    case .incidents(let filter): renderIncidents(node, filter, display)
    case .incident, .acknowledge: renderWholeIncident(node, display)
    case .attempt: renderAttempts(node, display)
    case .pause(let link, let reason): renderPaused(node, link, reason: reason, display)
    case .resume(let link): renderPaused(node, link, reason: nil, display)
    case .quiet(let question): renderQuiet(question, node, display)
    case .reload(let plan, _):
      plan ? renderPlan(node, display) : renderReloaded(node, display)
    case .version: renderVersions(daemon: node, problem: nil, display)
    case .status, .check, .testRules, .help: Page(display)
    }
  }

  /// An attempt that went wrong is a failure of `try`, so that scripts can ask by it.
  private func exitCode(_ node: JSONNode) -> Int32 {
    guard case .attempt = invocation.action else { return Exit.done }
    return attemptsSucceeded(node) ? Exit.done : Exit.failed
  }

  private func jsonReport(_ node: JSONNode, _ body: [UInt8]) -> Report {
    if case .version = invocation.action {
      return Report(
        output: versionsJSON(daemon: node.text("version")) + [0x0A], exitCode: Exit.done)
    }
    return Report(output: shownJSON(body, display), exitCode: exitCode(node))
  }
}

// MARK: - The past

extension Conversation {
  private func isCSVAnswer(_ answer: ControlAnswer) -> Bool {
    guard case .past(let question) = invocation.action, question.kind != .export else {
      return false
    }
    return question.isCSV && answer.status == 200
  }

  /// Writes a page and asks for the next one, until there is none. A page that leads to itself would
  /// never end.
  private mutating func nextPage(_ node: JSONNode, _ question: PastQuestion) -> Step {
    guard let text = node.text("text") else {
      return .finish(
        report(.brokenAnswer(path: invocation.common.socket, problem: "a page without rows")))
    }
    let output = shownText(Array(text.utf8), display)
    guard let next = node.text("next") else {
      return .finish(Report(output: output, exitCode: Exit.done))
    }
    guard next != cursor else {
      return .finish(
        report(.brokenAnswer(path: invocation.common.socket, problem: "a page that never ends")))
    }
    cursor = next
    return .write(output, thenSend: question.request(cursor: next))
  }
}

/// The screen of a question about the past, of whichever body its answer came in.
package func renderPast(
  _ question: PastQuestion, _ answer: JSONNode, _ display: Display
) -> Page {
  switch question.kind {
  case .history: renderHistory(answer, display)
  case .compare: renderComparison(answer, display)
  case .availability, .worst: renderAvailability(answer, display)
  case .export: Page(display)
  }
}

// MARK: - status

extension Conversation {
  /// Takes the matrix, then, where something is not well, the links that are not.
  private mutating func goOn(
    _ answers: StatusAnswers, _ result: Result<ControlAnswer, ClientFailure>
  ) -> Step {
    var answers = answers
    if answers.matrix == nil {
      answers.matrix = listed(result)
      status = answers
      if !answers.isWell { return .send(.links(StatusAnswers.wrongLinks)) }
    } else {
      answers.wrong = listed(result)
    }
    return .finish(
      Report(
        renderStatus(answers, display), exitCode: answers.figures.verdict.rawValue))
  }

  private func listed(_ result: Result<ControlAnswer, ClientFailure>) -> StatusAnswers.Part {
    switch result {
    case .failure(let failure): .notHad(failure.message)
    case .success(let answer):
      if let node = parseJSON(answer.body, dialect: .json, limits: answerLimits).node {
        answer.status == 200 ? .had(node) : .notHad(refusalMessage(node, answer.status))
      } else {
        .notHad("status \(answer.status), no JSON")
      }
    }
  }
}

// MARK: - What went wrong

extension Conversation {
  private func report(_ failure: ClientFailure) -> Report {
    switch invocation.action {
    case .status where !isJSON: unknownStatus(failure.message)
    case .status: Report(error: failure.message, exitCode: Health.unknown.rawValue)
    case .version where isJSON:
      Report(output: versionsJSON(daemon: nil) + [0x0A], exitCode: Exit.done)
    case .version: Report(renderVersions(daemon: nil, problem: failure.message, display))
    default: Report(error: failure.message, exitCode: failure.exitCode)
    }
  }

  /// The daemon answered with an error of its own.
  private func refusal(_ node: JSONNode, _ answer: ControlAnswer) -> Report {
    let message = refusalMessage(node, answer.status)
    if case .status = invocation.action, !isJSON { return unknownStatus(message) }
    if case .version = invocation.action { return report(.system(reason: message)) }
    var report = Report(
      error: message, exitCode: refusalCode(answer.status, node["error"]?.text("code")))
    let complaints = node.list("complaints")
    if !complaints.isEmpty, !isJSON {
      report.errors += Array(renderComplaints(complaints, display).text.utf8)
    }
    if isJSON { report.output = shownJSON(answer.body, display) }
    return report
  }

  private func refusalCode(_ status: Int, _ code: String?) -> Int32 {
    if case .status = invocation.action { return Health.unknown.rawValue }
    return switch status {
    // What was asked makes no sense to the daemon: a name that nothing has, a time that is none.
    case 400: Exit.usage
    case 404 where code == "noSuchLink": Exit.usage
    case 403: Exit.forbidden
    default: Exit.failed
    }
  }

  private func refusalMessage(_ node: JSONNode, _ status: Int) -> String {
    let message = node["error"]?.text("message") ?? "status \(status) without a reason"
    return printable(message, limit: 1_000)
  }

  private func unknownStatus(_ message: String) -> Report {
    Report(renderNoStatus(message, display), exitCode: Health.unknown.rawValue)
  }
}

/// The daemon is asked for as much as it may have: 100,000 links of some 30 values each.
private let answerLimits = JSONLimits(
  stringBytes: 1 << 20, totalNodes: 8_000_000, duplicateKeys: .lastWins)
