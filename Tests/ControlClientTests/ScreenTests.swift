import Base
import Model
import Testing

@testable import ControlClient

/// The screens of the commands for people, from fixed answers, against those kept in `Golden/ctl`.
@Suite struct ScreenTests {
  static let link = LinkID(service: "civil-registry", consumer: "bac-ninh")
  static let reason = "bảo trì"

  struct Scene: Sendable, CustomTestStringConvertible {
    var name: String
    var action: Action
    /// The names of the files with the daemon's answers, in order.
    var answers: [String]
    var status = 200
    var testDescription: String { name }
  }

  /// All services for all provinces, as the matrix is meant for.
  static let country = Scene(
    name: "status-country", action: .status, answers: ["status-country", "matrix-country", "wrong"])

  static let scenes: [Scene] = [
    Scene(name: "status", action: .status, answers: ["status", "matrix", "wrong"]),
    Scene(name: "status-ok", action: .status, answers: ["status-ok", "matrix-ok"]),
    country,
    Scene(name: "links", action: .links(LinkFilter()), answers: ["links"]),
    Scene(name: "show", action: .show(link), answers: ["show"]),
    Scene(name: "show-overdue", action: .show(link), answers: ["show-overdue"]),
    Scene(name: "show-paused", action: .show(link), answers: ["show-paused"]),
    Scene(name: "explain", action: .explain(link), answers: ["explain"]),
    Scene(name: "samples", action: .samples(link, SampleFilter()), answers: ["samples"]),
    Scene(name: "history", action: .past(PastQuestion(.history, link: link)), answers: ["history"]),
    Scene(name: "compare", action: .past(PastQuestion(.compare, link: link)), answers: ["compare"]),
    Scene(
      name: "availability", action: .past(PastQuestion(.availability)), answers: ["availability"]),
    Scene(name: "worst", action: .past(PastQuestion(.worst)), answers: ["worst"]),
    Scene(name: "incident", action: .incident("inc-7k2m9qxd4h0r8v5tbn3e"), answers: ["incident"]),
    Scene(name: "incidents", action: .incidents(IncidentFilter(all: true)), answers: ["incidents"]),
    Scene(name: "try", action: .attempt(link), answers: ["try"]),
    Scene(name: "pause", action: .pause(link, reason: reason), answers: ["paused"]),
    Scene(name: "resume", action: .resume(link), answers: ["resumed"]),
    Scene(
      name: "maintenance", action: .quiet(QuietQuestion(.maintenance, .list())),
      answers: ["maintenance"]),
    Scene(
      name: "maintenance-show", action: .quiet(QuietQuestion(.maintenance, .show("m-2f7k0qz1"))),
      answers: ["window"]),
    Scene(
      name: "maintenance-recurring",
      action: .quiet(QuietQuestion(.maintenance, .show("lgsp-hue-sundays"))),
      answers: ["window-recurring"]),
    Scene(
      name: "maintenance-add", action: .quiet(QuietQuestion(.maintenance, .add([]))),
      answers: ["window"]),
    Scene(
      name: "maintenance-end", action: .quiet(QuietQuestion(.maintenance, .end("m-2f7k0qz1"))),
      answers: ["window-ended"]),
    Scene(
      name: "silence", action: .quiet(QuietQuestion(.silence, .list(all: true))),
      answers: ["silences"]),
    Scene(
      name: "silence-show", action: .quiet(QuietQuestion(.silence, .show("s-9d3c5wvx"))),
      answers: ["silence"]),
    Scene(
      name: "silence-add", action: .quiet(QuietQuestion(.silence, .add([]))),
      answers: ["silence"]),
    Scene(
      name: "silence-end", action: .quiet(QuietQuestion(.silence, .end("s-9d3c5wvx"))),
      answers: ["silence"]),
    Scene(name: "show-quiet", action: .show(link), answers: ["show-quiet"]),
    Scene(name: "reload", action: .reload(), answers: ["reloaded"]),
    Scene(name: "reload-listed", action: .reload(yes: true), answers: ["reloaded-plan"]),
    Scene(name: "reload-plan", action: .reload(plan: true), answers: ["plan"]),
    Scene(name: "reload-plan-drops", action: .reload(plan: true), answers: ["plan-drops"]),
    Scene(name: "reload-drops", action: .reload(), answers: ["refused-drops"], status: 409),
    Scene(name: "reload-refused", action: .reload(), answers: ["refused-reload"], status: 422),
    Scene(name: "version", action: .version, answers: ["status"]),
  ]

  @Test("a screen into a pipe: nothing is cut, no colour", arguments: scenes)
  func piped(_ scene: Scene) throws {
    try expectGolden(try screen(scene, Display()), scene.name)
  }

  @Test("a screen on a narrow terminal with colour, in Vietnamese", arguments: scenes)
  func narrow(_ scene: Scene) throws {
    let display = Display(columns: 72, hasColor: true, isUnicode: true, language: .vi)
    let screen = try screen(scene, display)
    try expectGolden(screen, "\(scene.name)-narrow")
    for line in withoutColor(screen).split(separator: "\n") {
      #expect(scene.status != 200 || displayWidth(String(line)) <= 72)
    }
  }

  @Test("colour changes nothing but the colour", arguments: scenes)
  func colored(_ scene: Scene) throws {
    let plain = try screen(scene, Display())
    let colored = try screen(scene, Display(hasColor: true))
    #expect(withoutColor(colored) == String(decoding: plain, as: UTF8.self))
    #expect(!plain.contains(0x1B))
  }

  @Test("without a UTF-8 locale bars and cuts are drawn in ASCII")
  func ascii() throws {
    let scene = Scene(name: "try", action: .attempt(Self.link), answers: ["try"])
    let screen = try screen(scene, Display(columns: 60, isUnicode: false))
    #expect(screen.allSatisfy { $0 < 0x80 })
    try expectGolden(screen, "try-ascii")
  }

  @Test("without a UTF-8 locale the chart of the past is drawn in ASCII, and fits")
  func historyASCII() throws {
    let scene = Scene(
      name: "history", action: .past(PastQuestion(.history, link: Self.link)), answers: ["history"])
    let screen = try screen(scene, Display(columns: 60, isUnicode: false))
    #expect(screen.allSatisfy { $0 < 0x80 })
    for line in String(decoding: screen, as: UTF8.self).split(separator: "\n") {
      #expect(displayWidth(String(line)) <= 60)
    }
    try expectGolden(screen, "history-ascii")
  }

  @Test("the whole country fits a terminal of 80 columns without colour and without Unicode")
  func country() throws {
    let screen = try screen(Self.country, Display(columns: 80, isUnicode: false))
    // The names of services and provinces in the table are the daemon's own.
    #expect(screen.allSatisfy { $0 < 0x80 })
    for line in String(decoding: screen, as: UTF8.self).split(separator: "\n") {
      #expect(displayWidth(String(line)) <= 80)
    }
    try expectGolden(screen, "status-country-ascii")
  }

  @Test("on a terminal too narrow for the matrix each service tells which consumers are not well")
  func tiny() throws {
    let screen = try screen(Self.country, Display(columns: 40))
    for line in String(decoding: screen, as: UTF8.self).split(separator: "\n") {
      #expect(displayWidth(String(line)) <= 40)
    }
    try expectGolden(screen, "status-country-tiny")
  }

  @Test("a matrix that is left out, or cannot be had, is told with the reason")
  func noMatrix() throws {
    let status = String(
      decoding: try contents("\(goldenDirectory)/status-ok.json"), as: UTF8.self)
    let leftOut = try screen(
      .status, [status, #"{"services":[],"leftOut":"there are more than 64 services"}"#], Display())
    #expect(leftOut.contains("\nThe matrix is left out: there are more than 64 services\n"))
    let missing = try screen(.status, [status, "<html>"], Display())
    #expect(missing.contains("\nThe matrix could not be had: status 200, no JSON\n"))
    #expect(missing.hasPrefix("LINKHEALTH OK - "))
  }

  @Test("silences and maintenance that hold are told on the first screen, lest they be forgotten")
  func quietOnStatus() throws {
    let status = String(
      decoding: try contents("\(goldenDirectory)/status-ok.json"), as: UTF8.self)
    let matrix = String(
      decoding: try contents("\(goldenDirectory)/matrix-ok.json"), as: UTF8.self)
    let place = try #require(status.firstIndex(of: "{"))
    let quiet = "{\"quiet\":{\"maintenance\":1,\"silences\":2}," + status[place...].dropFirst()
    let screen = try screen(.status, [quiet, matrix], Display())
    #expect(
      screen.contains("\n1 maintenance window now, in which 0 links not up and 0 incidents open: "))
    #expect(screen.contains("\n2 silences now: linkhealthctl silence\n"))
    #expect(!(try self.screen(.status, [status, matrix], Display())).contains("silence"))
  }

  @Test("the marks of the matrix are told apart without colour, each one column wide")
  func marks() {
    for isUnicode in [false, true] {
      let display = Display(isUnicode: isUnicode)
      let symbols = MatrixMark.allCases.map { $0.symbol(display) }
      #expect(Set(symbols).count == MatrixMark.allCases.count)
      #expect(symbols.allSatisfy { displayWidth($0) == 1 && (isUnicode || $0.utf8.count == 1) })
    }
    #expect(MatrixMark(letter: "#") == .unknown, "a letter of a later version is never up")
  }

  @Test("the help on every command")
  func help() throws {
    var text = ""
    for command in [nil] + Command.allCases.map(Optional.some) {
      let page = renderHelp(command, Display())
      for line in page.text.split(separator: "\n") { #expect(line.count <= 80) }
      text += "$ linkhealthctl help \(command?.rawValue ?? "")\n\(page.text)\n"
    }
    try expectGolden(Array(text.utf8), "help")
  }

  @Test("empty answers say so in words")
  func empty() throws {
    func text(_ action: Action, _ body: String) throws -> String {
      try screen(action, [body], Display())
    }
    #expect(try text(.links(LinkFilter()), #"{"total":0,"links":[]}"#) == "no link matches\n")
    var late = LinkFilter()
    late.offset = 9
    #expect(try text(.links(late), #"{"total":3,"links":[]}"#) == "no link from number 10 on\n")
    #expect(
      try text(.incidents(IncidentFilter(all: false)), #"{"incidents":[]}"#)
        == "no open incidents\n")
    #expect(
      try text(.samples(Self.link, SampleFilter()), #"{"samples":[]}"#) == "no samples\n")
    #expect(try text(.attempt(Self.link), "{}") == "no probe was run\n")
    #expect(
      try text(.quiet(QuietQuestion(.maintenance, .list())), #"{"windows":[]}"#)
        == "no maintenance, now or to come\n")
    #expect(
      try text(.quiet(QuietQuestion(.maintenance, .list(late: true))), #"{"windows":[]}"#)
        == "no window was announced too late\n")
    #expect(
      try text(.quiet(QuietQuestion(.silence, .list())), #"{"silences":[]}"#)
        == "no silence holds\n")
  }

  @Test("a part of the links says how to get the next")
  func nextPage() throws {
    var filter = LinkFilter()
    filter.offset = 2
    let body = #"{"total":9,"links":[{"id":"a/b","state":"up"},{"id":"a/c","state":"up"}]}"#
    let text = try screen(.links(filter), [body], Display())
    #expect(text.hasSuffix("\n2 of 9 links; the next: --offset 4\n"))
  }

  @Test("incidents beyond those listed are counted")
  func moreIncidents() throws {
    let body = #"{"incidents":[{"id":"inc-1","status":"open"}],"total":3}"#
    let text = try screen(.incidents(IncidentFilter(all: false)), [body], Display())
    #expect(text.hasSuffix("\n\n... and 2 older incidents\n"))
  }

  // MARK: -

  private func screen(_ scene: Scene, _ display: Display) throws -> [UInt8] {
    let bodies = try scene.answers.map {
      String(decoding: try contents("\(goldenDirectory)/\($0).json"), as: UTF8.self)
    }
    return Array(try screen(scene.action, bodies, display, status: scene.status).utf8)
  }

  private func screen(
    _ action: Action, _ bodies: [String], _ display: Display, status: Int = 200
  ) throws -> String {
    var conversation = Conversation(Invocation(action), display)
    for body in bodies {
      let answer = ControlAnswer(status: status, body: Array(body.utf8), zone: "+07:00")
      if case .finish(let report) = conversation.receive(.success(answer)) {
        return String(decoding: report.output + report.errors, as: UTF8.self)
      }
    }
    throw Unfinished()
  }

  private struct Unfinished: Error {}

  private func withoutColor(_ screen: [UInt8]) -> String {
    var text = ""
    var isSequence = false
    for scalar in String(decoding: screen, as: UTF8.self).unicodeScalars {
      if scalar == "\u{1B}" { isSequence = true }
      if !isSequence { text.unicodeScalars.append(scalar) }
      if scalar == "m" { isSequence = false }
    }
    return text
  }
}
