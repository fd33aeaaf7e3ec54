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

/// 200 plugins that ignore SIGTERM, all with the same limit.
private func measureTimeOuts(_ report: inout Report) throws {
  let count = 200
  let limit = TimeAmount.seconds(3)
  let reactor = try Reactor()
  var asked: [Token: Instant] = [:]
  var lateness: [Double] = []
  let spawner = try Spawner(reactor: reactor) { token, result in
    guard let began = asked[token], result.end == .timedOut(ignoredSIGTERM: true) else { return }
    lateness.append((Clock.instant - began - limit).seconds * 1e3)
  }
  let spawn = Spawn(
    program: "/bin/sh", arguments: ["-c", "trap '' TERM; while :; do sleep 60; done"],
    environment: ["PATH=/usr/bin:/bin"], timeLimit: limit, outputLimitBytes: 1_024)
  for number in 0..<count {
    let token = Token(index: UInt32(number), generation: 1)
    asked[token] = Clock.instant
    _ = spawner.start(spawn, token: token, at: Clock.instant)
  }
  let end = Clock.instant + .seconds(10)
  var longest = 0.0
  while spawner.count > 0, Clock.instant < end {
    try reactor.round(longest: .milliseconds(20))
  }
  longest = lateness.max() ?? .infinity
  report.add(
    Figure("kinds.exec.timeOuts", Double(lateness.count), "", .atLeast(Double(count)), digits: 0))
  report.add(
    Figure("kinds.exec.timeOut.lateness.max", longest, "ms", .atMost(100), digits: 1))
  spawner.close()
}
