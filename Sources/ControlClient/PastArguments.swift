import Base
import Model
import Wire

let historyOptions =
  [sinceOption, untilOption]
  + [
    OptionSpec(
      name: "--step", value: "TIME",
      help: "One point for so long, such as 15m (else some 60 to 120 points)."),
    OptionSpec(name: "--probe", value: "NAME", help: "Only this probe."),
    OptionSpec(
      name: "--percentiles", value: "LIST", help: "Which, such as p50,p95,p99.9 (p50,p90,p95,p99)."),
    fileOption, csvOption,
  ]

let availabilityOptions =
  [
    OptionSpec(
      name: "--by", value: "WORD",
      help: "Groups: ministry (so unless told otherwise), province, system, service, route, vendor,"
        + " link."),
    sinceOption, untilOption,
    OptionSpec(
      name: "--objective", value: "PERCENT",
      help: "What availability is held against, such as 99.5."
    ),
    OptionSpec(name: "--maintenance", value: "WORD", help: "include or exclude (exclude)."),
    OptionSpec(name: "--latency", value: "WORD", help: "include or exclude (include; slower)."),
    OptionSpec(name: "--order", value: "WORD", help: "availability, errorRate, p95, or name."),
    OptionSpec(name: "--limit", value: "N", help: "At most so many groups."), csvOption,
  ] + pastFilterOptions

let worstOptions =
  [
    OptionSpec(name: "--order", value: "WORD", help: "availability, errorRate, or p95."),
    OptionSpec(name: "--limit", value: "N", help: "So many links (10)."), sinceOption, untilOption,
    OptionSpec(
      name: "--objective", value: "PERCENT",
      help: "What availability is held against, such as 99.5."
    ),
    OptionSpec(name: "--maintenance", value: "WORD", help: "include or exclude (exclude)."),
    csvOption,
  ] + pastFilterOptions

let compareOptions = [
  OptionSpec(
    name: "--since", value: "TIME",
    help: "Where the window begins (the last whole hour): 2025-11-07T01:00:00Z, or 2h for two hours"
      + " ago."),
  OptionSpec(name: "--until", value: "TIME", help: "Where it ends; at most a day later."),
  OptionSpec(name: "--weeks", value: "N", help: "How many weeks before (4, and at most 4)."),
  OptionSpec(name: "--probe", value: "NAME", help: "Only this probe."),
  OptionSpec(
    name: "--percentiles", value: "LIST", help: "Which, such as p50,p95,p99.9 (p50,p90,p95,p99)."),
  fileOption, csvOption,
]

let exportOptions =
  [
    OptionSpec(
      name: "--rows", value: "WORD",
      help: "samples, or figures of five minutes or an hour: fiveMinutes, hours (samples)."),
    OptionSpec(name: "--link", value: "LINK", help: "Only this link."),
    OptionSpec(name: "--probe", value: "NAME", help: "Only probes of this name."),
    sinceOption, untilOption,
    OptionSpec(name: "--csv", help: "Lines of comma-separated values: so unless --json is given."),
  ] + pastFilterOptions

let sinceOption = OptionSpec(
  name: "--since", value: "TIME",
  help: "Not older than this: 2025-11-07T01:02:03Z, or 24h for so long ago.")
private let untilOption = OptionSpec(
  name: "--until", value: "TIME", help: "Not newer than this (now).")
private let fileOption = OptionSpec(
  name: "--file", value: "DIR",
  help: "Read a copy of the directory /var/lib/linkhealth/history, and ask no daemon.")
let csvOption = OptionSpec(name: "--csv", help: "Print comma-separated values.")

private let pastFilterOptions = linkOptions.filter {
  !["--state", "--limit", "--offset"].contains($0.name)
}

/// The options that are handed on under the same name.
private let samePlainly = [
  "step", "probe", "percentiles", "by", "objective", "maintenance", "latency", "order", "limit",
  "weeks", "rows", "link", "service", "consumer", "province", "system", "owner", "route", "vendor",
  "role",
]

extension ArgumentReader {
  /// The time under one of two names, the first of them before the second.
  func time(
    either first: String, _ second: String, _ now: WallTime
  ) throws(UsageError) -> String? {
    if let time = try time(first, now) { return time }
    return try time(second, now)
  }

  /// The question about the past that the options ask.
  func pastQuestion(
    _ kind: PastQuestion.Kind, _ link: LinkID?, now: WallTime
  ) throws(UsageError) -> PastQuestion {
    let isCSV = isOn("--csv")
    if isCSV, isOn("--json") { throw UsageError("--csv and --json exclude each other", command) }
    var question = PastQuestion(kind, link: link, isCSV: isCSV)
    question.copy = value("--file")
    if let from = try time(either: "--since", "--from", now) { question.add("from", [from]) }
    if let to = try time(either: "--until", "--to", now) {
      question.add("to", [to])
    } else if kind == .export {
      // The pages of an export are of one period, whenever each is asked for.
      question.add("to", [now.description])
    }
    for name in samePlainly { question.add(name, values("--\(name)")) }
    if kind == .export {
      question.add("format", [isOn("--json") ? "jsonl" : "csv"])
    } else if isCSV {
      question.add("format", ["csv"])
    }
    return question
  }

  /// Samples as CSV: an export of one link, of any length.
  func samplesAsCSV(_ link: LinkID, now: WallTime) throws(UsageError) -> PastQuestion {
    if isOn("--limit") {
      throw UsageError("--csv has no --limit: choose by --since and --to", command)
    }
    var question = try pastQuestion(.export, nil, now: now)
    question.add("link", ["\(link)"])
    return question
  }
}
