import Base
import Model
import Testing
import Wire

@testable import Probes

/// How a program ended, and what that says of the link.
struct PluginEnd: Sendable, CustomTestStringConvertible {
  var reason: String
  var end: SpawnResult.End
  var output = ""
  var leftBehind = 0
  var outcome: Outcome
  var note: String

  var testDescription: String { reason }
}

@Suite("The kind exec")
struct ExecProbeTests {
  static let ends: [PluginEnd] = [
    .init(
      reason: "0 is right", end: .exited(code: 0), output: "OK: up | a=1", outcome: .ok,
      note: "OK: up"),
    .init(reason: "silence is told", end: .exited(code: 0), outcome: .ok, note: "no output"),
    .init(
      reason: "1 is a warning, no failure", end: .exited(code: 1), output: "WARNING: slow",
      outcome: .warning(.plugin), note: "WARNING: slow"),
    .init(
      reason: "2 is a failure", end: .exited(code: 2), output: "CRITICAL: down",
      outcome: .plugin(.critical), note: "CRITICAL: down"),
    .init(
      reason: "3 tells nothing of the link", end: .exited(code: 3), output: "UNKNOWN: usage",
      outcome: .skipped(.pluginUnknown), note: "UNKNOWN: usage"),
    .init(
      reason: "a shell that may not run its command", end: .exited(code: 126),
      output: "sh: not permitted", outcome: .skipped(.notRunnable), note: "sh: not permitted"),
    .init(
      reason: "a shell that finds no command", end: .exited(code: 127), output: "sh: no foo",
      outcome: .skipped(.notRunnable), note: "sh: no foo"),
    .init(
      reason: "a code that the convention does not have", end: .exited(code: 4), output: "hm",
      outcome: .plugin(.exitCode("4")), note: "hm"),
    .init(
      reason: "a crash", end: .signalled(11), outcome: .plugin(.signalled("SIGSEGV")), note: ""),
    .init(
      reason: "a signal without a name", end: .signalled(34),
      outcome: .plugin(.signalled("signal 34")), note: ""),
    .init(
      reason: "killed, which no server can do", end: .signalled(9), output: "half",
      outcome: .skipped(.notRunnable), note: "(killed by SIGKILL, not by us; out of memory?) half"),
    .init(
      reason: "out of time", end: .timedOut(ignoredSIGTERM: false), output: "half",
      outcome: .plugin(.timedOut), note: "half"),
    .init(
      reason: "out of time, and deaf", end: .timedOut(ignoredSIGTERM: true), output: "half",
      outcome: .plugin(.timedOut), note: "(ignored SIGTERM) half"),
    .init(
      reason: "a flood", end: .outputTooLarge, output: "yes\nyes",
      outcome: .plugin(.outputTooLarge), note: "yes"),
    .init(
      reason: "not started", end: .notStarted("Permission denied (EACCES)"),
      outcome: .skipped(.notRunnable), note: "/p/check: Permission denied (EACCES)"),
    .init(
      reason: "no room", end: .noRoom, outcome: .skipped(.tableFull),
      note: "no room for one more program; see exec.atOnce"),
    .init(
      reason: "what it left behind stands before a long line", end: .exited(code: 0),
      output: "OK: up", leftBehind: 2, outcome: .ok, note: "(left 2 behind) OK: up"),
    .init(
      reason: "one that it left behind", end: .exited(code: 2), output: "down", leftBehind: 1,
      outcome: .plugin(.critical), note: "(left a process behind) down"),
    .init(
      reason: "out of time with children", end: .timedOut(ignoredSIGTERM: false), output: "half",
      leftBehind: 3, outcome: .plugin(.timedOut), note: "(left 3 behind) half"),
    .init(
      reason: "out of time, deaf, and with a child", end: .timedOut(ignoredSIGTERM: true),
      output: "half", leftBehind: 1, outcome: .plugin(.timedOut),
      note: "(ignored SIGTERM, left a process behind) half"),
    .init(
      reason: "a flood with children", end: .outputTooLarge, output: "yes", leftBehind: 2,
      outcome: .plugin(.outputTooLarge), note: "(left 2 behind) yes"),
    .init(
      reason: "killed with children", end: .signalled(9), leftBehind: 2,
      outcome: .skipped(.notRunnable),
      note: "(killed by SIGKILL, not by us; out of memory?, left 2 behind)"),
  ]

  /// What an attempt comes to.
  static func finish(_ options: ExecOptions, _ ended: SpawnResult) throws -> ProbeResult {
    var probe = ExecProbe(options, timeout: .seconds(10), tracing: true)
    _ = probe.step(.start, at: Instant(nanoseconds: 0))
    guard case .finish(let result) = probe.step(.exited(ended), at: Instant(nanoseconds: 1)) else {
      throw NoResult()
    }
    return result
  }

  struct NoResult: Error {}

  @Test("an end is an outcome by the convention of Nagios plugins", arguments: ends)
  func convention(_ end: PluginEnd) throws {
    let result = try Self.finish(
      ExecOptions(program: "/p/check"),
      SpawnResult(
        end: end.end, output: Array(end.output.utf8), took: .milliseconds(12),
        leftBehind: end.leftBehind))
    #expect(result.outcome == end.outcome)
    #expect(result.note == end.note)
    #expect(result.timings == PhaseTimings(totalMicroseconds: 12_000))
  }

  @Test("the program gets its time, its arguments and its environment, and nothing else")
  func spawn() throws {
    let options = ExecOptions(
      program: "/p/check", arguments: ["-H", "a b"],
      environment: [("PW", SecretText(text: Array("x".utf8), secrets: [secret("pw", "x")]))],
      outputLimitBytes: 2_048)
    var probe = ExecProbe(options, timeout: .seconds(3), tracing: false)
    guard case .spawn(let spawn) = probe.step(.start, at: Instant(nanoseconds: 0)) else {
      Issue.record("expected a program to be started")
      return
    }
    #expect(
      spawn
        == Spawn(
          program: "/p/check", arguments: ["-H", "a b"], environment: ["PW=x"],
          timeLimit: .seconds(3), outputLimitBytes: 2_048))
    var dumped = ""
    dump(spawn, to: &dumped)
    #expect(!"\(spawn) \(dumped)".contains("PW=x"), "an environment is never printed")
  }

  @Test("figures are readings, and a slow one that is right is marked")
  func slow() throws {
    let options = ExecOptions(program: "/p/check", slow: .seconds(1))
    let late = try Self.finish(
      options,
      SpawnResult(end: .exited(code: 0), output: Array("OK | t=2s".utf8), took: .seconds(2)))
    #expect(late.flags.contains(.slow))
    #expect(late.readings == [Reading(name: "t", value: 2, unit: "s")])
    let failed = try Self.finish(options, SpawnResult(end: .exited(code: 2), took: .seconds(2)))
    #expect(!failed.flags.contains(.slow))
  }

  @Test("a secret that the program repeats is nowhere, not in a figure's name either")
  func masked() throws {
    let pw = secret("pw", "hunter2|hunter2")
    let options = ExecOptions(
      program: "/p/check", environment: [("PW", SecretText(text: pw.bytes, secrets: [pw]))])
    let result = try Self.finish(
      options,
      SpawnResult(
        end: .exited(code: 2),
        output: Array("bad hunter2|hunter2 given | 'hunter2|hunter2'=1".utf8)))
    #expect(result.note == "bad {secret:pw} given")
    #expect(result.readings.map(\.name) == ["{secret:pw}"])
    #expect(!"\(result)".contains("hunter2"))
  }

  @Test("a secret that is cut off with the output does not show its beginning")
  func cut() throws {
    let pin = secret("pin", "4711081547230815")
    func finish(_ end: SpawnResult.End, _ output: String) throws -> ProbeResult {
      try Self.finish(
        ExecOptions(
          program: "/p/check", environment: [("PIN", SecretText(text: pin.bytes, secrets: [pin]))],
          outputLimitBytes: Limits.pluginOutputBytesMaximum),
        SpawnResult(end: end, output: Array(output.utf8)))
    }
    for shown in ["4", "4711", "47110815472"] {
      for end in [SpawnResult.End.outputTooLarge, .timedOut(ignoredSIGTERM: false), .signalled(6)] {
        #expect(try finish(end, "refused: \(shown)").note == "refused: {secret:pin}")
      }
      // Of a long output the beginning is kept, which ends within the secret here.
      let start = "fine | a=1"
      let figure = " pin="
      let rest = start.utf8.count + figure.utf8.count + shown.utf8.count
      let blanks = Limits.pluginOutputBytes - rest
      let text = start + String(repeating: " ", count: blanks) + figure + "4711081547230815 b=2"
      let long = try finish(.exited(code: 0), text)
      #expect(long.note == "fine")
      #expect(long.readings == [Reading(name: "a", value: 1)])
    }
    #expect(try finish(.exited(code: 0), "4 of 4").note == "4 of 4", "nothing is cut off")
  }

  @Test("a program that could not be started in time is nobody's fault but ours")
  func late() {
    var probe = ExecProbe(ExecOptions(program: "/p"), timeout: .seconds(1), tracing: false)
    _ = probe.step(.start, at: Instant(nanoseconds: 0))
    let action = probe.step(.timedOut(waitingInOurQueue: false), at: Instant(nanoseconds: 1))
    guard case .finish(let result) = action else {
      Issue.record("expected an end")
      return
    }
    #expect(result.outcome == .skipped(.notRunnable))
  }

  // MARK: Decoding

  @Test("all keys are read, placeholders replaced, the environment scrubbed")
  func decoding() throws {
    let (options, complaints) = try decode(
      ExecProbe.self,
      """
      { program: "check_pgsql", arguments: ["-H", "db.{consumer}.example", "{{x}}"],
        environment: { PGPASSWORD: "{secret:pg}", LANG: "vi_VN.UTF-8" },
        limits: { output: "8KiB" }, expect: { slow: "2s" } }
      """, secrets: ["pg": "s3cret"], placeholders: ["consumer": "ha-noi"])
    #expect(complaints.map(\.description) == [])
    let read = try #require(options)
    #expect(read.program == "check_pgsql")
    #expect(read.arguments == ["-H", "db.ha-noi.example", "{x}"])
    #expect(read.environment.map(\.name) == ["LANG", "PATH", "PGPASSWORD"])
    #expect(
      read.environment.map { String(decoding: $0.value.text.bytes, as: UTF8.self) }
        == ["vi_VN.UTF-8", "/usr/sbin:/usr/bin:/sbin:/bin", "s3cret"])
    #expect(read.outputLimitBytes == 8_192)
    #expect(read.slow == .seconds(2))
    let settings = ExecProbe.settings(of: read)
    #expect(settings.contains { $0 == ("environment.PGPASSWORD", "{secret:pg}") })
    #expect(!settings.contains { $0.value.contains("s3cret") })
  }

  @Test(
    "what may not be is complained of",
    arguments: [
      (#"{}"#, "the key \"program\" is missing"),
      (#"{ program: "" }"#, "expected the name or the path of a program"),
      (#"{ program: "check_{consumer}" }"#, "without placeholders"),
      (#"{ program: "a", arguments: "-H" }"#, "expected a list of strings"),
      (#"{ program: "a", arguments: ["-p", "{secret:pg}"] }"#, "put it into \"environment\""),
      (#"{ program: "a", arguments: ["{nobody}"] }"#, "no value for {nobody}"),
      (#"{ program: "a", arguments: ["a\u0000b"] }"#, "no NUL"),
      (#"{ program: "a", environment: { "A-B": "x" } }"#, "the name of a variable"),
      (#"{ program: "a", environment: { A: "x\u0000" } }"#, "no NUL"),
      (#"{ program: "a", limits: { output: "100MiB" } }"#, "at most 1MiB"),
      (#"{ program: "a", expect: { status: 200 } }"#, "unknown key \"status\""),
      (#"{ program: "a", shell: true }"#, "unknown key \"shell\""),
    ])
  func mistakes(text: String, says: String) throws {
    let (_, complaints) = try decode(ExecProbe.self, text, secrets: ["pg": "s3cret"])
    #expect(complaints.count == 1, "\(complaints)")
    #expect(complaints.first?.message.contains(says) == true, "\(complaints)")
  }
}
