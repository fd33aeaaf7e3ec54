import Model
import Testing
import Wire

@testable import ControlClient

/// What a daemon that is not ours, or text that came from a probed server, could try.
@Suite struct HostileTests {
  static let link = LinkID(service: "a", consumer: "b")
  /// Clears the screen, sets the title, reorders text, starts a line anew.
  static let poison = "\u{1B}[2J\u{9B}31m\u{1B}]0;x\u{7}\u{202E}\u{2028}\r\n\u{0}\u{FEFF}|"

  static let actions: [(Action, [String])] = [
    (.status, ["status", "matrix", "wrong"]), (.links(LinkFilter()), ["links"]),
    (.show(link), ["show"]),
    (.samples(link, SampleFilter()), ["samples"]),
    (.incidents(IncidentFilter(all: true)), ["incidents"]),
    (.past(PastQuestion(.history, link: link)), ["history"]),
    (.past(PastQuestion(.compare, link: link)), ["compare"]),
    (.past(PastQuestion(.availability)), ["availability"]),
    (.past(PastQuestion(.worst)), ["worst"]),
    (.attempt(link), ["try"]), (.pause(link, reason: poison), ["paused"]),
    (.resume(link), ["resumed"]), (.explain(link), ["explain"]),
    (.reload(plan: true), ["plan"]), (.reload(), ["reloaded-plan"]), (.version, ["status"]),
  ]

  @Test("no text of an answer can act on the terminal", arguments: actions)
  func poisoned(_ action: Action, _ answers: [String]) throws {
    for columns in [nil, 40] {
      let report = try report(action, try answers.map(poisonedAnswer), Display(columns: columns))
      expectHarmless(report.output)
      expectHarmless(report.errors)
    }
  }

  @Test("nor can the message of an error, or a complaint")
  func poisonedErrors() throws {
    for status in [403, 404, 422] {
      let answer = try poisonedAnswer("refused-reload")
      var conversation = Conversation(Invocation(.reload()), Display())
      let step = conversation.receive(.success(ControlAnswer(status: status, body: answer)))
      guard case .finish(let report) = step else { throw Unfinished() }
      expectHarmless(report.errors)
    }
    let failure = ClientFailure.brokenAnswer(path: Self.poison, problem: Self.poison)
    expectHarmless(Array(failure.message.utf8))
  }

  @Test("the first line of a status has one bar and the others have none")
  func bars() throws {
    let answers = try ["status", "matrix", "wrong"].map(poisonedAnswer)
    let report = try report(.status, answers, Display())
    let lines = String(decoding: report.output, as: UTF8.self).split(separator: "\n")
    #expect(lines[0].count { $0 == "|" } == 1)
    #expect(lines.dropFirst().allSatisfy { !$0.contains("|") })
  }

  @Test("on a terminal --json writes what could act on it as escapes of the same value")
  func jsonOnTerminal() throws {
    let body = Array("{\"a\":\"\u{9B}31m \u{202E}x\u{7F} Hà Nội\"}".utf8)
    let shown = shownJSON(body, Display(columns: 80))
    expectHarmless(shown)
    #expect(
      parseJSON(shown, dialect: .json).node?["a"]?.string
        == parseJSON(body, dialect: .json).node?["a"]?.string)
  }

  static let strange = [
    "{}", "[]", "null", "1", #""x""#,
    #"{"links":"x","services":{},"probes":[null,1,"x",{}],"link":[],"samples":[[]],"attempts":[{}]}"#,
    #"{"link":{"id":1},"links":[null,{"marks":[1]}],"incidents":[{"links":["x",null]}],"total":-5}"#,
    #"{"samples":[{"totalMicroseconds":1e300,"resolveMicroseconds":99999999999999999999}]}"#,
    #"{"attempts":[{"sample":{"resolveMicroseconds":999999999999999,"totalMicroseconds":1}}]}"#,
    #"{"services":[{}],"consumers":[{"cells":"ux"},{"cells":1},{}],"settings":[{"key":1}]}"#,
    #"{"added":{"total":-1,"links":[1,{}]},"removed":[],"changed":{"links":[{"changes":[1]}]}}"#,
    #"{"probes":[{"everyMilliseconds":9223372036854775807,"window":"?????"}]}"#,
  ]

  @Test("an answer of another shape is shown as far as it goes", arguments: strange)
  func strangeShapes(_ body: String) throws {
    for (action, _) in Self.actions {
      for columns in [nil, 1, 20] {
        _ = try report(action, [Array(body.utf8)], Display(columns: columns, hasColor: true))
      }
    }
  }

  // MARK: -

  /// An answer kept for the screens, with the poison at the end of every string.
  private func poisonedAnswer(_ name: String) throws -> [UInt8] {
    let body = try contents("\(goldenDirectory)/\(name).json")
    var writer = JSONWriter()
    poison(try #require(parseJSON(body, dialect: .json).node), &writer)
    return writer.bytes
  }

  private func poison(_ node: JSONNode, _ writer: inout JSONWriter) {
    switch node.value {
    case .null: writer.null()
    case .bool(let flag): writer.bool(flag)
    case .number(let number): writer.raw(Array(number.text.utf8))
    case .string(let text): writer.string(text + Self.poison)
    case .array(let elements):
      writer.beginArray()
      for element in elements { poison(element, &writer) }
      writer.endArray()
    case .object(let members):
      writer.beginObject()
      for member in members {
        writer.key(member.key)
        poison(member.node, &writer)
      }
      writer.endObject()
    }
  }

  private func report(_ action: Action, _ bodies: [[UInt8]], _ display: Display) throws -> Report {
    var conversation = Conversation(Invocation(action), display)
    for body in bodies {
      let answer = ControlAnswer(status: 200, body: body)
      if case .finish(let report) = conversation.receive(.success(answer)) { return report }
    }
    throw Unfinished()
  }

  private struct Unfinished: Error {}

  private func expectHarmless(
    _ bytes: [UInt8], sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) {
    let harmful = String(decoding: bytes, as: UTF8.self).unicodeScalars.filter {
      switch $0.value {
      case 0x0A: false
      case 0x00...0x1F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
      default: false
      }
    }
    #expect(harmful.isEmpty, sourceLocation: sourceLocation)
  }
}
