import Wire

/// What is measured.
enum Subject: String, CaseIterable {
  case schedule
  case probes
  case alerts
  case reload
  case catalogue
  case kinds
  case history
  case hostile
  case judgement
}

/// What the command line asks for.
struct Arguments {
  struct Mistake: Error {
    var message: String
  }

  static let help = """
    linkhealth-bench measures what linkhealthd costs and how punctual it is.

    Usage: linkhealth-bench SUBJECT [--part NAME] [--json] [--quick]

      schedule   10,000 links at 60 s: skipped runs, lateness, bunching, memory (4 minutes)
      probes     CPU time of a probe against a plain C loop over libcurl (5 minutes)
      alerts     from the decision to raise to the alert file and to the webhook (1 minute)
      reload     100,000 links at 10 minutes: how late probes are while it reloads (2 minutes)
      catalogue  parsing 10 MB, and checking a catalogue of 100,000 links (seconds)
      kinds      CPU time of an attempt of each kind of check (4 minutes)
      history    recording, room on the disk, questions, the start (10 minutes, 45 GB free)
      judgement  finding the patterns of 100,000 links, and judging a sample (1 minute)
      hostile    how long servers that mean harm hold the daemon's loop (3 minutes)

      --part     of history only this part: recording, growth, full or pace; full has the
                 questions and the start, and takes three minutes
      --json     print one JSON document instead of lines
      --quick    fewer links and shorter times, to see that everything works; figures
                 of such a run say nothing about the bounds
      --help     print this text

    It runs linkhealthd and linkhealth-curl-floor from its own directory, needs nginx and
    openssl, and wants the machine to itself. Exit codes: 0 every figure holds, 1 one falls
    short, 2 it could not be measured, 64 wrong usage, 130 interrupted.
    """

  var subject = Subject.schedule
  /// The only part of `history` that is measured; nil for all.
  var part: HistoryPart?
  var isJSON = false
  var isQuick = false
  var wantsHelp = false

  init(_ words: [String]) throws(Mistake) {
    var named: Subject?
    var isPartNext = false
    for word in words {
      if isPartNext {
        guard let part = HistoryPart(rawValue: word) else {
          let parts = HistoryPart.allCases.map(\.rawValue).joined(separator: ", ")
          throw Mistake(message: "no part \(word): \(parts)")
        }
        self.part = part
        isPartNext = false
        continue
      }
      switch word {
      case "--part": isPartNext = true
      case "--json": isJSON = true
      case "--quick": isQuick = true
      case "--help", "-h": wantsHelp = true
      default:
        guard let subject = Subject(rawValue: word) else { throw Self.unknown(word) }
        guard named == nil else { throw Mistake(message: "one subject at a time") }
        named = subject
      }
    }
    guard let named else {
      if wantsHelp { return }
      let subjects = Subject.allCases.map(\.rawValue).joined(separator: ", ")
      throw Mistake(message: "name a subject: \(subjects)")
    }
    if isPartNext { throw Mistake(message: "--part needs a name") }
    if part != nil, named != .history { throw Mistake(message: "only history has parts") }
    subject = named
  }

  private static func unknown(_ word: String) -> Mistake {
    let known = Subject.allCases.map(\.rawValue) + ["--part", "--json", "--quick", "--help"]
    let meant = nearest(word, among: known).map { "; did you mean \($0)?" } ?? ""
    return Mistake(message: "unknown argument \(word)\(meant)")
  }
}
