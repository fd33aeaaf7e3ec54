import Base
import Model
import Testing

@testable import ControlClient

@Suite struct ConversationTests {
  static let link = LinkID(service: "land-database", consumer: "ha-noi")
  static let forbidden = #"{"error":{"status":403,"code":"forbidden","message":"not an operator"}}"#
  static let noLink =
    #"{"error":{"status":404,"code":"noSuchLink","message":"no link; nearest: a/b"}}"#
  static let tried = #"{"link":"a/b","attempts":[{"probe":"http","sample":{"ok":true}}]}"#
  static let triedInVain =
    #"{"link":"a/b","attempts":[{"probe":"x","sample":{"ok":true}},{"probe":"y","sample":{"ok":false}}]}"#

  struct Ending: Sendable, CustomTestStringConvertible {
    var action: Action
    var status: Int
    var body: String
    var exitCode: Int32
    var reason: String
    var testDescription: String { reason }
  }

  static let endings: [Ending] = [
    Ending(action: .reload(), status: 200, body: #"{"links":1}"#, exitCode: 0, reason: "done"),
    Ending(action: .resume(link), status: 403, body: forbidden, exitCode: 77, reason: "forbidden"),
    Ending(action: .show(link), status: 400, body: "{}", exitCode: 64, reason: "no such name"),
    Ending(action: .show(link), status: 404, body: noLink, exitCode: 64, reason: "no such link"),
    Ending(
      action: .reload(), status: 409, body: #"{"error":{"code":"dropsTooMuch","message":"yes?"}}"#,
      exitCode: 1, reason: "too many links would go"),
    Ending(
      action: .reload(plan: true), status: 200, body: #"{"dropsTooMuch":true}"#, exitCode: 0,
      reason: "a plan is told whatever it says"),
    Ending(action: .reload(), status: 422, body: "{}", exitCode: 1, reason: "refused, no words"),
    Ending(action: .show(link), status: 503, body: "{}", exitCode: 1, reason: "stopping or busy"),
    Ending(action: .show(link), status: 200, body: "<html>", exitCode: 1, reason: "no JSON"),
    Ending(action: .attempt(link), status: 200, body: tried, exitCode: 0, reason: "tried well"),
    Ending(
      action: .attempt(link), status: 200, body: triedInVain, exitCode: 1, reason: "one wrong"),
    Ending(
      action: .attempt(link), status: 200, body: #"{"attempts":[]}"#, exitCode: 1,
      reason: "nothing tried is no success"),
    Ending(action: .status, status: 200, body: "{}", exitCode: 3, reason: "status without figures"),
    Ending(action: .status, status: 503, body: "{}", exitCode: 3, reason: "status refused"),
    Ending(action: .status, status: 200, body: "x", exitCode: 3, reason: "status is no JSON"),
    Ending(action: .version, status: 503, body: "{}", exitCode: 0, reason: "our version is known"),
  ]

  @Test("how a command ends is told by the exit code", arguments: endings)
  func ends(_ ending: Ending) throws {
    for isJSON in [false, true] {
      let report = try report(ending.action, ending.status, ending.body, isJSON: isJSON)
      #expect(report.exitCode == ending.exitCode)
      #expect(report.output.last ?? 0x0A == 0x0A)
      #expect(report.errors.last ?? 0x0A == 0x0A)
    }
  }

  static let failures: [(ClientFailure, Int32, String)] = [
    (
      .noSocket(reason: "connect /run/x.sock: No such file or directory (ENOENT)"), 3,
      "linkhealthd is not running, or its socket is elsewhere: connect /run/x.sock: No such file "
        + "or directory (ENOENT). Start it with: systemctl start linkhealthd"
    ),
    (
      .staleSocket(reason: "connect /run/x.sock: Connection refused (ECONNREFUSED)"), 3,
      "linkhealthd is not running; it left its socket behind: connect /run/x.sock: Connection "
        + "refused (ECONNREFUSED). Start it with: systemctl start linkhealthd"
    ),
    (
      .notPermitted(reason: "connect /run/x.sock: Permission denied (EACCES)", group: "on-call"),
      77,
      "you may not open the daemon's socket: connect /run/x.sock: Permission denied (EACCES). "
        + "Become a member of the group on-call and log in anew, or be root"
    ),
    (
      .notPermitted(reason: "connect /run/x.sock: Permission denied (EACCES)", group: nil), 77,
      "you may not open the daemon's socket: connect /run/x.sock: Permission denied (EACCES). "
        + "Its owner, and root, may"
    ),
    (
      .system(reason: "connect /x: File name too long (ENAMETOOLONG)"), 3,
      "the daemon cannot be reached: connect /x: File name too long (ENAMETOOLONG)"
    ),
    (
      .timedOut(path: "/run/x.sock", after: .milliseconds(1_500)), 3,
      "linkhealthd gave no answer on /run/x.sock within 1500ms. "
        + "See: systemctl status linkhealthd; a longer wait: --timeout"
    ),
    (
      .brokenAnswer(path: "/run/x.sock", problem: "the connection was reset"), 1,
      "what answers on /run/x.sock does not speak as linkhealthd does: the connection was reset"
    ),
  ]

  @Test("each way of getting no answer has its own words", arguments: failures)
  func noAnswer(_ failure: ClientFailure, _ exitCode: Int32, _ message: String) throws {
    let report = try report(.reload(), .failure(failure))
    #expect(report.exitCode == exitCode)
    #expect(report.output.isEmpty)
    #expect(String(decoding: report.errors, as: UTF8.self) == "linkhealthctl: \(message)\n")
  }

  @Test("a status that cannot be had is unknown, in one line on the output", arguments: failures)
  func noStatus(_ failure: ClientFailure, _: Int32, _ message: String) throws {
    let report = try report(.status, .failure(failure))
    #expect(report.exitCode == 3)
    #expect(
      String(decoding: report.output, as: UTF8.self) == "LINKHEALTH UNKNOWN - \(message)\n")
    #expect(report.errors.isEmpty)
  }

  @Test("the version of this program is told without a daemon")
  func versionAlone() throws {
    let report = try report(.version, .failure(.noSocket(reason: "connect /x")))
    let lines = String(decoding: report.output, as: UTF8.self).split(separator: "\n")
    #expect(lines.first == "linkhealthctl \(programVersion)")
    #expect(report.exitCode == 0)
    let json = try self.report(
      .version, .failure(.noSocket(reason: "connect /x")), isJSON: true)
    #expect(
      String(decoding: json.output, as: UTF8.self)
        == #"{"linkhealthctl":"\#(programVersion)","linkhealthd":null}"# + "\n")
  }

  @Test("with --json the answer is handed on byte for byte, and ends with a newline")
  func jsonAsItIs() throws {
    let bodies = [
      #"{ "links" : 1 }"#, "{\"links\":1}\n", #"{"x":"\u0009"}"#, "{\"a\":\"b\u{202E}\"}",
    ]
    for body in bodies {
      let report = try report(.reload(), 200, body, isJSON: true)
      let expected = body.hasSuffix("\n") ? body : body + "\n"
      #expect(String(decoding: report.output, as: UTF8.self) == expected)
    }
    let refused = try report(.resume(Self.link), 403, Self.forbidden, isJSON: true)
    #expect(String(decoding: refused.output, as: UTF8.self) == Self.forbidden + "\n")
    #expect(
      String(decoding: refused.errors, as: UTF8.self) == "linkhealthctl: not an operator\n")
  }

  @Test("status asks for the matrix, then for the links that are not well where there are some")
  func statusRequests() throws {
    let wrong = ControlRequest(target: "/v1/links?state=down,degraded,unknown&limit=50")
    #expect(try requests(after: "status", isJSON: false) == [.matrix, wrong])
    #expect(try requests(after: "status-ok", isJSON: false) == [.matrix])
    #expect(try requests(after: "status", isJSON: true) == [])
    #expect(try requests(after: "status-ok", isJSON: true) == [])
  }

  @Test("a hop that is down is asked for although every service is up")
  func hopIsDown() throws {
    let body = #"""
      {"links":{"up":1,"degraded":0,"down":0,"unknown":0},"hops":{"total":1,"down":1},
      "incidents":{"open":0,"critical":0},"history":{"recording":true}}
      """#
    #expect(try requests(afterBody: Array(body.utf8), isJSON: false).count == 2)
  }

  /// What is asked for after the status, each question answered with an empty object.
  private func requests(after name: String, isJSON: Bool) throws -> [ControlRequest] {
    try requests(afterBody: try contents("\(goldenDirectory)/\(name).json"), isJSON: isJSON)
  }

  private func requests(afterBody body: [UInt8], isJSON: Bool) throws -> [ControlRequest] {
    var common = CommonSettings()
    common.isJSON = isJSON
    var conversation = Conversation(Invocation(.status, common), Display())
    _ = conversation.begin()
    var step = conversation.receive(.success(ControlAnswer(status: 200, body: body)))
    var requests: [ControlRequest] = []
    while case .send(let request) = step, requests.count < 10 {
      requests.append(request)
      step = conversation.receive(.success(ControlAnswer(status: 200, body: Array("{}".utf8))))
    }
    return requests
  }

  @Test("a status is told even when nothing else can be had")
  func statusWithoutList() throws {
    var conversation = Conversation(Invocation(.status), Display())
    let body = try contents("\(goldenDirectory)/status.json")
    _ = conversation.receive(.success(ControlAnswer(status: 200, body: body)))
    _ = conversation.receive(.failure(.timedOut(path: "/x", after: .seconds(10))))
    let step = conversation.receive(.failure(.timedOut(path: "/x", after: .seconds(10))))
    guard case .finish(let report) = step else {
      Issue.record("not finished")
      return
    }
    let text = String(decoding: report.output, as: UTF8.self)
    #expect(report.exitCode == Health.critical.rawValue)
    #expect(text.hasPrefix("LINKHEALTH CRITICAL - "))
    #expect(text.contains("The matrix could not be had: linkhealthd gave no answer on /x"))
    #expect(text.contains("could not be listed: linkhealthd gave no answer on /x within 10s"))
  }

  private func report(
    _ action: Action, _ status: Int, _ body: String, isJSON: Bool = false
  ) throws -> Report {
    try report(
      action, .success(ControlAnswer(status: status, body: Array(body.utf8))), isJSON: isJSON)
  }

  private func report(
    _ action: Action, _ result: Result<ControlAnswer, ClientFailure>, isJSON: Bool = false
  ) throws -> Report {
    var common = CommonSettings()
    common.isJSON = isJSON
    var conversation = Conversation(Invocation(action, common), Display())
    let step = conversation.receive(result)
    guard case .finish(let report) = step else { throw NotFinished() }
    return report
  }

  private struct NotFinished: Error {}
}
