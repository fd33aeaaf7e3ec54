import Testing
import Wire

@testable import linkhealth_bench

@Suite("Figures")
struct FigureTests {
  @Test(
    "a figure is held to its bound",
    arguments: [
      (Figure("a", 1.25, "x", .atMost(1.25)), "ok", "the limit itself is allowed"),
      (Figure("a", 1.26, "x", .atMost(1.25)), "short", "above the limit"),
      (Figure("a", 20, "ms", .below(20)), "short", "below means below"),
      (Figure("a", 19.9, "ms", .below(20)), "ok", "below"),
      (Figure("a", 9, "", .atLeast(10)), "short", "too few"),
      (Figure("a", 10, "", .atLeast(10)), "ok", "enough"),
      (Figure("a", .nan, "ms", .below(20)), "short", "what could not be read holds nothing"),
      (Figure("a", 1e9, "ms"), "-", "without a bound there is no verdict"),
    ])
  func verdicts(figure: Figure, verdict: String, reason: String) {
    #expect(figure.verdict == verdict, "\(reason)")
    #expect(figure.holds == (verdict != "short"), "\(reason)")
  }

  @Test("a line has name, value, unit, bound and verdict")
  func line() {
    let words = Figure("probes.https.ratio", 1.0349, "x", .atMost(1.05)).line
      .split(separator: " ").map(String.init)
    #expect(words == ["probes.https.ratio", "1.03", "x", "<=", "1.05", "ok"])
  }

  @Test("a report holds while every figure holds, and says the same as JSON")
  func report() throws {
    var report = Report(try Arguments(["probes", "--json"]))
    report.add(Figure("a", 1, "us"))
    report.add(Figure("b", 1, "x", .atMost(1.5)))
    #expect(report.holds)
    report.add(Figure("c", 2, "x", .atMost(1.5)))
    #expect(!report.holds)
    let node = try #require(parseJSON(report.json, dialect: .json).node)
    #expect(node["subject"]?.string == "probes")
    #expect(node["holds"]?.bool == false)
    let figures = try #require(node["figures"]?.array)
    #expect(figures.map { $0["name"]?.string } == ["a", "b", "c"])
    #expect(figures[0]["bound"]?.isNull == true)
    #expect(figures[0]["verdict"]?.isNull == true)
    #expect(figures[1]["bound"]?["relation"]?.string == "<=")
    #expect(figures[1]["bound"]?["limit"]?.number?.double == 1.5)
    #expect(figures.map { $0["verdict"]?.string } == [nil, "ok", "short"])
  }

  @Test(
    "a number is rounded to its digits",
    arguments: [
      (1.005, 1, "1.0"), (0.05, 1, "0.1"), (12.345, 2, "12.35"), (7, 0, "7"), (0.999, 2, "1.00"),
      (-0.001, 2, "0.00"), (-1.5, 1, "-1.5"), (66.6666, 3, "66.667"), (1.06, 2, "1.06"),
      (.nan, 2, "nan"),
    ] as [(Double, Int, String)])
  func decimals(value: Double, digits: Int, text: String) {
    #expect(decimal(value, digits: digits) == text)
  }

  @Test("the median is the middle, or between the two middles")
  func medians() {
    #expect(median([3, 1, 2]) == 2)
    #expect(median([4, 1, 3, 2]) == 2.5)
    #expect(median([7]) == 7)
    #expect(median([]).isNaN)
  }

  @Test(
    "a percentile is the smallest value that enough values do not exceed",
    arguments: [
      (95, 95.0, "the nearest rank of a hundred"), (50, 50, "the lower middle"),
      (100, 100, "the largest"), (1, 1, "the smallest"), (0, 1, "never before the first"),
    ] as [(Int, Double, String)])
  func percentiles(percent: Int, value: Double, reason: String) {
    let values = (1...100).map(Double.init).shuffled()
    #expect(percentile(percent, of: values) == value, "\(reason)")
    #expect(percentile(percent, of: []).isNaN)
  }

  @Test("of few values a high percentile is the largest")
  func fewValues() { #expect(percentile(95, of: [1, 9, 2]) == 9) }
}

@Suite("Arguments of the benchmark")
struct BenchArgumentsTests {
  @Test("a subject and its switches, in any order")
  func subject() throws {
    let arguments = try Arguments(["--quick", "alerts", "--json"])
    #expect(arguments.subject == .alerts)
    #expect(arguments.isQuick && arguments.isJSON && !arguments.wantsHelp)
  }

  @Test(
    "what is wrong is told",
    arguments: [
      (
        [],
        "name a subject: schedule, probes, alerts, reload, catalogue, kinds, history, hostile, judgement"
      ),
      (
        ["--json"],
        "name a subject: schedule, probes, alerts, reload, catalogue, kinds, history, hostile, judgement"
      ),
      (["probes", "alerts"], "one subject at a time"),
      (["probe"], "unknown argument probe; did you mean probes?"),
      (["probes", "--qick"], "unknown argument --qick; did you mean --quick?"),
    ] as [([String], String)])
  func mistakes(words: [String], message: String) {
    let mistake = #expect(throws: Arguments.Mistake.self) { try Arguments(words) }
    #expect(mistake?.message == message)
  }
}

@Suite("Where programs are looked for")
struct ProgramPlacesTests {
  @Test("in the directories of PATH, then where Debian keeps those of administrators")
  func places() {
    #expect(
      programPlaces("nginx", path: "/opt/bin::/usr/bin")
        == ["/opt/bin/nginx", "/usr/bin/nginx", "/usr/sbin/nginx", "/sbin/nginx"])
  }
}
