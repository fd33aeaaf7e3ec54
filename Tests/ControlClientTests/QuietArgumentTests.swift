import Base
import Model
import Testing

@testable import ControlClient

@Suite struct QuietArgumentTests {
  static let lists: [(line: String, question: QuietQuestion)] = [
    ("maintenance", QuietQuestion(.maintenance, .list())),
    ("maintenance list --late", QuietQuestion(.maintenance, .list(late: true))),
    ("maintenance list --all", QuietQuestion(.maintenance, .list(all: true))),
    ("maintenance show m-1", QuietQuestion(.maintenance, .show("m-1"))),
    ("maintenance end m-1", QuietQuestion(.maintenance, .end("m-1"))),
    ("silence", QuietQuestion(.silence, .list())),
    ("silence end s-1", QuietQuestion(.silence, .end("s-1"))),
  ]

  @Test("a verb says what is done; without one the list is shown", arguments: lists)
  func verbs(_ line: String, _ question: QuietQuestion) throws {
    #expect(try parse(line).action == .quiet(question))
  }

  static let bodies: [(line: String, body: String)] = [
    (
      "maintenance add land-database/ha-noi --for 2h --reason r",
      #"{"links":["land-database/ha-noi"],"length":"2h","reason":"r"}"#
    ),
    (
      "maintenance add --system a,b --province hue --consumer ha-noi --route lgsp --owner moj"
        + " --service s --from 2025-11-10T22:00 --to 2025-11-11T04:00 --announced 2025-11-03"
        + " --notice 7 --reason r",
      #"{"services":["s"],"systems":["a","b"],"owners":["moj"],"provinces":["hue","ha-noi"],"#
        + #""routes":["lgsp"],"from":"2025-11-10T22:00","to":"2025-11-11T04:00","#
        + #""announced":"2025-11-03","noticeWorkingDays":7,"reason":"r"}"#
    ),
    (
      "maintenance add --route lgsp --weekday sunday --start 01:00 --for 2h --first 2025-11-16"
        + " --last 2026-11-15 --reason r",
      #"{"routes":["lgsp"],"every":{"weekdays":["sunday"],"start":"01:00","length":"2h","#
        + #""from":"2025-11-16","until":"2026-11-15"},"reason":"r"}"#
    ),
    (
      "maintenance add --route lgsp --month-day 1,15 --start 01:00 --for 2h --reason r",
      #"{"routes":["lgsp"],"every":{"daysOfMonth":[1,15],"start":"01:00","length":"2h"},"#
        + #""reason":"r"}"#
    ),
    (
      "silence land-database/ha-noi land-database/hue --for 4h --reason r",
      #"{"links":["land-database/ha-noi","land-database/hue"],"length":"4h","reason":"r"}"#
    ),
    (
      "silence add --pattern vantage --severity warning --until 2025-11-10T22:00 --reason r",
      #"{"patterns":["vantage"],"severities":["warning"],"expires":"2025-11-10T22:00","reason":"r"}"#
    ),
    (
      "silence --system a --for 4h --reason r",
      #"{"systems":["a"],"length":"4h","reason":"r"}"#
    ),
    (
      "maintenance --province hue --for 2h --reason r",
      #"{"provinces":["hue"],"length":"2h","reason":"r"}"#
    ),
  ]

  @Test("what is to be entered becomes the body of a request", arguments: bodies)
  func body(_ line: String, _ body: String) throws {
    guard case .quiet(let question) = try parse(line).action, case .add(let bytes) = question.verb
    else {
      Issue.record("something is to be added")
      return
    }
    #expect(String(decoding: bytes, as: UTF8.self) == body)
    #expect(question.request.method == "POST")
  }

  static let refused: [(line: String, says: String)] = [
    ("maintenance lst", "did you mean list?"),
    ("maintenance end", "needs the id of one window"),
    ("silence show a b", "needs the id of one silence"),
    ("maintenance list m-1", "too much: m-1"),
    ("maintenance add land-database/ha-noi --for 2h", "needs --reason"),
    ("maintenance add land-database/ha-noi --reason r", "--for 2h, or --to TIME"),
    ("maintenance add a/b --for 2h --to 2025-11-10T22:00 --reason r", "say the same"),
    ("maintenance add land-database --for 2h --reason r", "land-database is no link"),
    ("maintenance add a/b --weekday sunday --for 2h --reason r", "needs --start and --for"),
    (
      "maintenance add a/b --weekday sunday --start 01:00 --for 2h --to x --reason r",
      "--to does not go with --weekday"
    ),
    ("maintenance add a/b --for 2hours --reason r", "--for is a length of time"),
    ("maintenance add a/b --for 2h --notice x --reason r", "--notice is a whole number"),
    ("maintenance end m-1 --reason r", "--reason does not belong to maintenance end"),
    ("maintenance add a/b --late --for 2h --reason r", "--late does not belong"),
    ("silence --system a", "silence needs --reason"),
    ("silence list --system a", "to enter one: silence add --system ..."),
    ("silence --late", "unknown option --late of silence"),
    ("silence a/b --reason r", "--for 2h, or --until TIME"),
  ]

  @Test("what makes no sense is refused before anything is sent", arguments: refused)
  func refuses(_ line: String, _ says: String) {
    do throws(UsageError) {
      _ = try parse(line)
      Issue.record("it was taken: \(line)")
    } catch {
      #expect(error.message.contains(says), "\(error.message)")
    }
  }

  private func parse(_ line: String) throws(UsageError) -> Invocation {
    try parseArguments(
      line.split(separator: " ").map(String.init), environment: Environment(),
      now: WallTime(milliseconds: 1_762_477_323_000))
  }
}
