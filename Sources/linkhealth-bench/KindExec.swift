import Base
import CLinux
import Glibc
import Host
import Model
import Probes

/// Where Debian's monitoring-plugins-basic puts them.
private let pluginDirectory = "/usr/lib/nagios/plugins"

/// The kind `exec`: what the daemon adds to a plugin's own CPU time, and how late time-outs are told.
func measureExec(_ run: KindRun, _ report: inout Report) throws {
  let program = "\(pluginDirectory)/check_http"
  guard access(program, X_OK) == 0 else {
    throw BenchError.failed("\(program) is not there: install monitoring-plugins-basic")
  }
  let server = try WebServer(run.workbench)
  let arguments = { (address: String) in
    ["-I", address, "-p", "\(server.port)", "-u", "/bench"]
  }
  let floor = try runPlain([program] + arguments("127.0.1.1"), times: run.quick ? 100 : 500)
  report.add(Figure("kinds.exec.floor", floor.cpuMicroseconds, "us", digits: 0))
  report.add(Figure("kinds.exec.posixSpawn.p99", floor.startMicroseconds, "us", digits: 0))

  var catalogue = BenchCatalogue(server, links: KindRun.links, every: KindRun.every)
  catalogue.pluginDirectory = pluginDirectory
  catalogue.otherProbe = { service in
    let words = arguments("127.0.1.\(service + 1)").map(quoted).joined(separator: ", ")
    return "kind: \"exec\", program: \"check_http\", arguments: [\(words)]"
  }
  let plugin = try run.measure("exec", catalogue, &report) { try $0.reapedMicroseconds() }
  report.add(Figure("kinds.exec.plugin", plugin, "us", digits: 0))
  server.stop(run.workbench)
  try measureTimeOuts(&report)
}

/// Runs a program again and again as plainly as can be: its whole CPU time and ours, and how long a
/// start holds its thread.
private func runPlain(_ words: [String], times: Int) throws -> (
  cpuMicroseconds: Double, startMicroseconds: Double
) {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
  var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
  argv.append(nil)
  defer { for word in argv { free(word) } }
  var starts: [Int64] = []
  var before = 0.0
  for number in 0..<(times + times / 10) {
    // The first ones warm the caches.
    if number == times / 10 {
      before = usedMicroseconds()
      starts = []
    }
    var pid: pid_t = 0
    let began = Clock.instant
    let code = posix_spawn(&pid, words[0], &actions, nil, argv, environ)
    guard code == 0 else { throw SystemError(operation: "spawn", path: words[0], code: code) }
    starts.append((Clock.instant - began).microseconds)
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    guard status == 0 else { throw BenchError.failed("\(words[0]) ended with status \(status)") }
  }
  let cost = (usedMicroseconds() - before) / Double(times)
  return (cost, Double(starts.sorted()[starts.count * 99 / 100]))
}

/// CPU time of this process and of its children that have been reaped.
private func usedMicroseconds() -> Double {
  var total = 0.0
  for who in [RUSAGE_SELF, RUSAGE_CHILDREN] {
    var usage = rusage()
    getrusage(__rusage_who_t(who.rawValue), &usage)
    for time in [usage.ru_utime, usage.ru_stime] {
      total += Double(time.tv_sec) * 1e6 + Double(time.tv_usec)
    }
  }
  return total
}

/// A program that will not end by itself, and what the end that it must come to is called.
private struct BadProgram: Sendable {
  var name: String
  var script: String
  var isNamed: @Sendable (SpawnResult) -> Bool
  /// Whether it is its limit that ends it.
  var meetsLimit = true
}

private let deafPrograms = [
  BadProgram(
    name: "ignore SIGTERM", script: "trap '' TERM; while :; do sleep 60; done",
    isNamed: { $0.end == .timedOut(ignoredSIGTERM: true) })
]

/// All are in flight together for two seconds. None ends by itself.
private let mixedPrograms =
  deafPrograms + [
    BadProgram(
      name: "fork children, one into a session of its own, all deaf",
      script: "trap '' TERM; sleep 600 & setsid sleep 600 & (sleep 600 &); sleep 600",
      // The escaped ones of several programs are counted together for one of them.
      isNamed: { $0.end == .timedOut(ignoredSIGTERM: true) }),
    BadProgram(
      name: "flood their output",
      script: "sleep 2; trap '' TERM; while :; do echo flood flood flood flood; done",
      isNamed: { $0.end == .outputTooLarge }, meetsLimit: false),
  ]

/// 200 programs at once, all with the same limit: each is ended and named in time, and nothing of them is
/// left. First those that only SIGKILL ends, all at the same moment; then a third each of those that are deaf,
/// fork and flood.
private func measureTimeOuts(_ report: inout Report) throws {
  try measureRound("kinds.exec.deaf", deafPrograms, &report)
  let leftBehind = try measureRound("kinds.exec.mixed", mixedPrograms, &report)
  // Two of each that forks survive it, one in its group and one outside.
  report.add(
    Figure("kinds.exec.mixed.childrenNamed", Double(leftBehind), "", .atLeast(1), digits: 0))
}

/// Returns how many processes the notes say were left behind.
@discardableResult
private func measureRound(
  _ name: String, _ programs: [BadProgram], _ report: inout Report
) throws -> Int {
  let count = 200
  let limit = TimeAmount.seconds(3)
  let reactor = try Reactor()
  var asked: [Token: (began: Instant, program: BadProgram)] = [:]
  var lateness: [Double] = []
  var ended = 0
  var leftBehind = 0
  let spawner = try Spawner(reactor: reactor) { token, result in
    guard let (began, program) = asked[token] else { return }
    leftBehind += result.leftBehind
    guard program.isNamed(result) else {
      return say("one of those that \(program.name) ended as \(result.end)")
    }
    ended += 1
    if program.meetsLimit { lateness.append((Clock.instant - began - limit).seconds * 1e3) }
  }
  let before = openDescriptors()
  for number in 0..<count {
    let program = programs[number % programs.count]
    let token = Token(index: UInt32(number), generation: 1)
    asked[token] = (Clock.instant, program)
    let spawn = Spawn(
      program: "/bin/sh", arguments: ["-c", program.script], environment: ["PATH=/usr/bin:/bin"],
      timeLimit: limit, outputLimitBytes: 1_024)
    if spawner.start(spawn, token: token, at: Clock.instant) != nil {
      say("one of those that \(program.name) was not started")
    }
  }
  let end = Clock.instant + .seconds(15)
  // What was left behind is reaped on the sweeps that follow.
  while spawner.count > 0 || !childrenOfOurs().isEmpty, Clock.instant < end {
    try reactor.round(longest: .milliseconds(20))
  }
  let left = childrenOfOurs().count
  let descriptors = openDescriptors() - before
  report.add(
    Figure("\(name).endedAndNamed", Double(ended), "", .atLeast(Double(count)), digits: 0))
  report.add(
    Figure("\(name).lateness.max", lateness.max() ?? .infinity, "ms", .atMost(100), digits: 1))
  report.add(Figure("\(name).processesLeft", Double(left), "", .atMost(0), digits: 0))
  report.add(Figure("\(name).descriptorsLeft", Double(descriptors), "", .atMost(0), digits: 0))
  spawner.close()
  return leftBehind
}

private func openDescriptors() -> Int { names(in: "/proc/self/fd").count }

/// Zombies too.
private func childrenOfOurs() -> [String] {
  names(in: "/proc/self/task").flatMap { thread -> [String] in
    let path = "/proc/self/task/\(thread)/children"
    guard let bytes = try? readFile(path, limitBytes: 1 << 20) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: " ").map(String.init)
  }
}
