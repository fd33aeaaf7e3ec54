import Base
import Model
import Testing

@testable import ControlClient

@Suite struct ArgumentTests {
  struct Accepted: Sendable, CustomTestStringConvertible {
    var line: String
    var action: Action
    var reason: String
    var testDescription: String { "\(line): \(reason)" }
  }

  static let land = LinkID(service: "land-database", consumer: "ha-noi")

  static let accepted: [Accepted] = [
    Accepted(line: "status", action: .status, reason: "a word alone"),
    Accepted(line: "links", action: .links(LinkFilter()), reason: "no filter lets all through"),
    Accepted(
      line: "links --service a,b --service=c --state down --state=unknown,up --limit 5 --offset=10",
      action: .links(
        filter {
          $0.services = ["a", "b", "c"]
          $0.states = [.down, .unknown, .up]
          $0.limit = 5
          $0.offset = 10
        }), reason: "lists by commas, by repetition, with and without ="),
    Accepted(
      line: "links --owner=moj --system x --consumer ha-noi",
      action: .links(
        filter {
          $0.owners = ["moj"]
          $0.systems = ["x"]
          $0.consumers = ["ha-noi"]
        }), reason: "every filter has its option"),
    Accepted(
      line: "links --province ha-noi --consumer hue --route lgsp,ndxp --vendor fpt --role hop",
      action: .links(
        filter {
          $0.consumers = ["hue", "ha-noi"]
          $0.routes = ["lgsp", "ndxp"]
          $0.vendors = ["fpt"]
          $0.roles = [.hop]
        }), reason: "a province is a consumer"),
    Accepted(line: "explain land-database/ha-noi", action: .explain(land), reason: "explain"),
    Accepted(
      line: "reload --plan", action: .reload(plan: true), reason: "a plan changes nothing"),
    Accepted(line: "reload --yes", action: .reload(yes: true), reason: "yes to losing links"),
    Accepted(line: "show land-database/ha-noi", action: .show(land), reason: "an operand"),
    Accepted(line: "show -- land-database/ha-noi", action: .show(land), reason: "-- ends options"),
    Accepted(
      line: "-- show land-database/ha-noi", action: .show(land), reason: "-- before the word"),
    Accepted(
      line: "samples land-database/ha-noi --limit=1 --limit=7 --probe http",
      action: .samples(
        land,
        samples {
          $0.limit = 7
          $0.probe = "http"
        }), reason: "the last value of a single option counts"),
    Accepted(
      line: "samples land-database/ha-noi --from 2h --to 2025-11-07T01:02:03.004Z",
      action: .samples(
        land,
        samples {
          $0.from = "2025-11-06T23:00:00.000Z"
          $0.to = "2025-11-07T01:02:03.004Z"
        }), reason: "a length of time is taken from now, a time is left to the daemon"),
    Accepted(
      line: "incidents", action: .incidents(IncidentFilter(all: false)),
      reason: "open ones unless asked"),
    Accepted(
      line: "incidents --all", action: .incidents(IncidentFilter(all: true)),
      reason: "an option alone"),
    Accepted(
      line: "incidents --province hue --owner moj,mps --severity critical",
      action: .incidents(incidents), reason: "incidents are filtered like links"),
    Accepted(
      line: "links --state overdue,down --state paused",
      action: .links(
        filter {
          $0.states = [.down]
          $0.marks = [.overdue, .paused]
        }), reason: "a mark is asked for as a state is"),
    Accepted(line: "try land-database/ha-noi", action: .attempt(land), reason: "try"),
    Accepted(
      line: "pause land-database/ha-noi --reason=works=on",
      action: .pause(land, reason: "works=on"),
      reason: "only the first = parts name and value"),
    Accepted(
      line: "pause --reason -x land-database/ha-noi", action: .pause(land, reason: "-x"),
      reason: "a value may start with one dash"),
    Accepted(line: "resume land-database/ha-noi", action: .resume(land), reason: "resume"),
    Accepted(line: "--json reload", action: .reload(), reason: "common options before the word"),
    Accepted(line: "version", action: .version, reason: "version"),
    Accepted(line: "help", action: .help(nil), reason: "the overview"),
    Accepted(line: "--help", action: .help(nil), reason: "the overview by option"),
    Accepted(line: "help try", action: .help(.attempt), reason: "one command"),
    Accepted(line: "show -h", action: .help(.show), reason: "help asks for no operand"),
    Accepted(line: "check", action: .check([]), reason: "check without files"),
    Accepted(
      line: "test-rules a.json5 --verbose b.json5 --config=c.json5",
      action: .testRules(["a.json5", "b.json5"], configuration: "c.json5", isVerbose: true),
      reason: "files and options in any order"),
    Accepted(
      line: "test-rules a.json5",
      action: .testRules(["a.json5"], configuration: nil, isVerbose: false),
      reason: "the file may name its configuration"),
    Accepted(
      line: "check a.json5 --strict -- --x", action: .check(["a.json5", "--strict", "--", "--x"]),
      reason: "check reads its own arguments"),
    Accepted(line: "check --help", action: .help(.check), reason: "but help is told here"),
    Accepted(
      line: "check -- --help", action: .check(["--", "--help"]), reason: "a file of that name"),
  ]

  private static var incidents: IncidentFilter {
    var filter = IncidentFilter(all: false)
    filter.consumers = ["hue"]
    filter.owners = ["moj", "mps"]
    filter.severities = [.critical]
    return filter
  }

  private static func filter(_ change: (inout LinkFilter) -> Void) -> LinkFilter {
    var filter = LinkFilter()
    change(&filter)
    return filter
  }

  private static func samples(_ change: (inout SampleFilter) -> Void) -> SampleFilter {
    var filter = SampleFilter()
    change(&filter)
    return filter
  }

  @Test("a command line is understood", arguments: accepted)
  func understands(_ row: Accepted) throws {
    #expect(try parse(row.line).action == row.action)
  }

  static let refused: [(line: String, message: String)] = [
    ("", "a command is missing"),
    ("--json", "a command is missing"),
    ("statsu", "unknown command statsu; did you mean status?"),
    ("frobnicate", "unknown command frobnicate"),
    ("help shwo", "unknown command shwo; did you mean show?"),
    ("links --servce a", "unknown option --servce of links; did you mean --service?"),
    ("test-rules", "test-rules needs FILE..."),
    ("test-rules --confg a b", "unknown option --confg of test-rules; did you mean --config?"),
    ("status --limit 3", "unknown option --limit of status"),
    ("--limit 3 samples", "--limit belongs after its command"),
    ("--jsn status", "unknown option --jsn; did you mean --json?"),
    ("status -x", "unknown option -x of status"),
    ("show", "show needs LINK"),
    ("show a/b c/d", "too much: c/d"),
    ("status now", "too much: now"),
    ("show a", "a is no link; one is named SERVICE/CONSUMER, such as land-database/ha-noi"),
    (
      "show a/b/../c",
      "a/b/../c is no link; one is named SERVICE/CONSUMER, such as land-database/ha-noi"
    ),
    ("status --json=yes", "--json takes no value"),
    ("links --limit", "--limit needs a value; one that starts with -- as --limit=VALUE"),
    (
      "pause a/b --reason --json",
      "--reason needs a value; one that starts with -- as --reason=VALUE"
    ),
    ("links --service=", "--service needs a value"),
    ("links --service=,,", "--service needs a value"),
    ("links --limit 0", "--limit is a whole number from 1 to 50000, not 0"),
    ("links --limit 1e3", "--limit is a whole number from 1 to 50000, not 1e3"),
    ("samples a/b --limit 10001", "--limit is a whole number from 1 to 10000, not 10001"),
    ("links --role hopp", "unknown role hopp; did you mean hop?"),
    ("links --provinse hue", "unknown option --provinse of links; did you mean --province?"),
    ("reload --pln", "unknown option --pln of reload; did you mean --plan?"),
    (
      "links --state dwon",
      "unknown state dwon; did you mean down?; there are planned, notConnected, up, degraded, down,"
        + " unknown, paused, overdue, maintenance, silenced, flapping"
    ),
    ("incidents --severity critcal", "unknown severity critcal; did you mean critical?"),
    (
      "samples a/b --from yesterday",
      "--from is a time such as 2025-11-07T01:02:03Z, or a length such as 2h for two hours ago,"
        + " not yesterday"
    ),
    ("status --color=blue", "--color is auto, always or never, not blue"),
    ("status --timeout 3", "--timeout is a time from 1ms to 1h, such as 3s, not 3"),
    ("status --timeout 2h", "--timeout is a time from 1ms to 1h, such as 3s, not 2h"),
  ]

  @Test("a wrong command line is refused with the reason", arguments: refused)
  func refuses(_ line: String, _ message: String) {
    #expect(throws: UsageError.self) { try parse(line) }
    do { _ = try parse(line) } catch { #expect(error.message == message) }
  }

  @Test("the socket is the option's, else the environment's, else the standard one")
  func socket() throws {
    let set = Environment(socket: "/run/env.sock")
    #expect(try parse("status").common.socket == "/run/linkhealth/control.sock")
    #expect(try parse("status", set).common.socket == "/run/env.sock")
    #expect(try parse("status --socket /x.sock", set).common.socket == "/x.sock")
    #expect(
      try parse("status", Environment(socket: "")).common.socket == "/run/linkhealth/control.sock")
  }

  @Test("acts that wait for work are given longer, unless a time-out is asked for")
  func timeout() throws {
    #expect(try parse("status").timeout == .seconds(10))
    #expect(try parse("try a/b").timeout == .seconds(60))
    #expect(try parse("reload").timeout == .seconds(60))
    #expect(try parse("try a/b --timeout 1500ms").timeout == .milliseconds(1_500))
  }

  @Test("a usage error names the help to read and shows no control sequence")
  func usageText() {
    let error = UsageError("unknown option --\u{1B}[31m", .links)
    #expect(
      error.text
        == "linkhealthctl: unknown option --\\u{1b}[31m\nHow to use it: linkhealthctl help links\n")
  }

  private func parse(
    _ line: String, _ environment: Environment = Environment()
  ) throws(UsageError) -> Invocation {
    try parseArguments(
      line.split(separator: " ").map(String.init), environment: environment,
      now: WallTime(milliseconds: 1_762_477_200_000))
  }
}
