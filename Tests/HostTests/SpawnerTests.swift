import Base
import Glibc
import Model
import Probes
import Synchronization
import Testing

@testable import Host

/// A script and how it ends.
struct ScriptCase: Sendable, CustomTestStringConvertible {
  var reason: String
  var script: String
  var end: SpawnResult.End
  var output = ""

  var testDescription: String { reason }
}

/// One after the other: what is left behind is looked for in the whole process.
@Suite("Programs", .serialized)
struct SpawnerTests {
  static let cases: [ScriptCase] = [
    .init(reason: "right", script: "echo fine", end: .exited(code: 0), output: "fine\n"),
    .init(reason: "warning", script: "echo w; exit 1", end: .exited(code: 1), output: "w\n"),
    .init(reason: "critical", script: "echo c; exit 2", end: .exited(code: 2), output: "c\n"),
    .init(reason: "unknown", script: "echo u; exit 3", end: .exited(code: 3), output: "u\n"),
    .init(
      reason: "a command that is not there", script: "exec 2>/dev/null; no-such-command",
      end: .exited(code: 127)),
    .init(reason: "a crash", script: "kill -SEGV $$", end: .signalled(SIGSEGV)),
    .init(reason: "no output", script: ":", end: .exited(code: 0)),
    .init(
      reason: "standard error, for want of the other", script: "echo e >&2; exit 3",
      end: .exited(code: 3), output: "e\n"),
    .init(
      reason: "standard output goes before errors", script: "echo e >&2; echo o",
      end: .exited(code: 0), output: "o\n"),
    .init(
      reason: "it closes its output and goes on",
      script: "echo o; exec >&- 2>&-; sleep 0.2; exit 2", end: .exited(code: 2), output: "o\n"),
    .init(
      reason: "nothing is to be read", script: "read x && echo \"$x\"; echo end",
      end: .exited(code: 0), output: "end\n"),
    .init(
      reason: "signals are neither blocked nor ignored",
      // But for the two with which the C library steers its own threads.
      script: "grep -cE '^Sig(Blk|Ign):.0000000[01][08]0000000$' /proc/self/status",
      end: .exited(code: 0), output: "2\n"),
    .init(reason: "the directory is /", script: "pwd", end: .exited(code: 0), output: "/\n"),
    .init(
      reason: "it leads its own session and group, without a terminal",
      script: "set -- $(cat /proc/$$/stat); [ $5 = $$ ] && [ $6 = $$ ] && echo $7",
      end: .exited(code: 0), output: "0\n"),
  ]

  @Test("a program ends as it ends, with what it wrote", arguments: cases)
  func ends(_ script: ScriptCase) throws {
    let world = try SpawnerWorld()
    let result = try world.run(script.script)
    #expect(result.end == script.end)
    #expect(result.text == script.output)
    #expect(result.leftBehind == 0)
    #expect(result.took > .zero)
    try world.runUntilNothingIsLeft()
  }

  @Test("no descriptor but the three is handed on")
  func descriptors() throws {
    // The fourth is that of `ls` itself.
    #expect(try SpawnerWorld().run("ls /proc/self/fd").lines == ["0", "1", "2", "3"])
  }

  @Test("the environment and the arguments are those that were given, unread by any shell")
  func environment() throws {
    let world = try SpawnerWorld()
    let spawn = Spawn(
      program: "/usr/bin/env", environment: ["B=2", "A=a b;$(c)"], timeLimit: .seconds(20),
      outputLimitBytes: 4_096)
    #expect(try world.result(of: world.start(spawn)).lines == ["B=2", "A=a b;$(c)"])
    let words = ["a b", "$HOME", "`id`", "*", ""]
    let result = try world.run("for word; do echo \"<$word>\"; done", words)
    #expect(result.lines == words.map { "<\($0)>" })
  }

  @Test("what cannot be started is told with its reason")
  func notStarted() throws {
    var template = Array("/tmp/linkhealth-test-XXXXXX".utf8CString)
    #expect(mkdtemp(&template) != nil)
    let directory = String(
      decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { _ = try? SpawnerWorld().run("rm -r \"$1\"", [directory]) }
    try replaceFile("\(directory)/plain", with: Array("text\n".utf8), mode: 0o644)
    try replaceFile("\(directory)/garbage", with: Array("text\n".utf8), mode: 0o755)
    try replaceFile("\(directory)/lost", with: Array("#!/no/interpreter\n".utf8), mode: 0o755)
    let world = try SpawnerWorld()
    for (name, says) in [
      ("none", "No such file or directory (ENOENT)"), ("plain", "Permission denied (EACCES)"),
      ("garbage", "Exec format error (ENOEXEC)"), ("lost", "interpreter"),
    ] {
      let spawn = Spawn(
        program: "\(directory)/\(name)", timeLimit: .seconds(20), outputLimitBytes: 4_096)
      guard case .notStarted(let reason) = try world.result(of: world.start(spawn)).end else {
        Issue.record("\(name) was started")
        continue
      }
      #expect(reason.contains(says))
    }
    #expect(world.spawner.count == 0)
  }

  // MARK: Time and size

  @Test("one whose time is up is asked to end, and says what it had to say")
  func timeOut() throws {
    let world = try SpawnerWorld()
    let result = try world.run(
      "trap 'echo bye; exit 0' TERM; echo hello; while :; do sleep 0.01; done",
      timeLimit: .milliseconds(300))
    #expect(result.end == .timedOut(ignoredSIGTERM: false))
    #expect(result.lines.first == "hello")
    #expect(result.took >= .milliseconds(290))
    try world.runUntilNothingIsLeft()
  }

  @Test("one that ended in time is not called late because the loop was held up")
  func loopWasHeldUp() throws {
    let world = try SpawnerWorld()
    let token = world.start("kill -STOP $$; echo done")
    try world.run("it is under way") {
      strangers().contains { state(of: $0) == "T" }
        && world.spawner.nextDue.map { $0 < Clock.instant + .seconds(1) } ?? false
    }
    let program = try #require(strangers().first)
    kill(program, SIGCONT)
    // It ends while nobody looks, and its time is over before somebody does.
    let bound = Clock.instant + .seconds(30)
    while state(of: program) != "Z", Clock.instant < bound { sched_yield() }
    world.spawner.runDue(at: Now(instant: Clock.instant + .seconds(60), wall: Clock.now.wall))
    #expect(world.results[token]?.end == .exited(code: 0))
    #expect(world.results[token]?.text == "done\n")
    try world.runUntilNothingIsLeft()
  }

  @Test("one that ignores SIGTERM is ended all the same, with its children")
  func deaf() throws {
    let world = try SpawnerWorld()
    let result = try world.run(
      "trap '' TERM; (while :; do sleep 1; done) & echo $!; while :; do sleep 1; done",
      timeLimit: .milliseconds(300))
    #expect(result.end == .timedOut(ignoredSIGTERM: true))
    let child = try #require(result.lines.first.flatMap { Int32($0) })
    try world.runUntilNothingIsLeft()
    #expect(!lives(child))
  }

  @Test("a flood is cut off, on either output", arguments: ["yes", "yes >&2"])
  func flood(script: String) throws {
    let world = try SpawnerWorld()
    let result = try world.run(script, outputLimitBytes: 10_000)
    #expect(result.end == .outputTooLarge)
    #expect(result.output.count == 10_000)
    try world.runUntilNothingIsLeft()
  }

  @Test("as much as is allowed is no flood, and a byte more is")
  func limit() throws {
    let world = try SpawnerWorld()
    let script = "head -c \"$1\" /dev/zero"
    let most = try world.run(script, ["4096"])
    #expect(most.end == .exited(code: 0))
    #expect(most.output.count == 4_096)
    #expect(try world.run(script, ["4097"]).end == .outputTooLarge)
  }

  @Test("one more than may run finds no room, and finds it when another has ended")
  func room() throws {
    let world = try SpawnerWorld(atOnce: 2)
    let first = world.start("echo 1; read x < /dev/null; sleep 60")
    _ = world.start("sleep 60")
    #expect(try world.result(of: world.start("echo 3")).end == .noRoom)
    world.spawner.cancel(first)
    try world.run("the first is gone") { world.spawner.count == 1 }
    #expect(try world.run("echo 4").text == "4\n")
    #expect(world.results[first] == nil, "nobody waits for what was cancelled")
  }

  @Test("one that is cancelled before it has begun is ended too")
  func cancelledEarly() throws {
    let world = try SpawnerWorld()
    for _ in 0..<10 { world.spawner.cancel(world.start("sleep 60")) }
    try world.runUntilNothingIsLeft()
    #expect(world.results.isEmpty)
  }

  @Test("one that something else has reaped is gone, and nothing is said of how it ended")
  func reapedByAnother() throws {
    let world = try SpawnerWorld()
    let token = world.start("kill -STOP $$", timeLimit: .seconds(3))
    try world.run("it is under way") {
      strangers().contains { state(of: $0) == "T" }
        && world.spawner.nextDue.map { $0 < Clock.instant + .seconds(1) } ?? false
    }
    let program = try #require(strangers().first)
    kill(program, SIGCONT)
    #expect(waitpid(program, nil, 0) == program)
    let result = try world.result(of: token)
    guard case .notStarted(let reason) = result.end else {
      Issue.record("\(result.end)")
      return
    }
    #expect(reason.contains("SIGCHLD"))
    #expect(world.spawner.count == 0)
    #expect(processDescriptors() == 0)
  }

  // MARK: What is left behind

  @Test("children that stay in the group end with it, and do not delay the result")
  func group() throws {
    let world = try SpawnerWorld()
    let result = try world.run("sleep 60 & echo $!; exit 1")
    #expect(result.end == .exited(code: 1))
    #expect(result.leftBehind == 1)
    let child = try #require(result.lines.first.flatMap { Int32($0) })
    try world.runUntilNothingIsLeft()
    #expect(!lives(child))
  }

  @Test("more children than are listed at a time are all ended", arguments: [1, 7, 16])
  func listedInParts(bytes: Int) throws {
    let world = try SpawnerWorld(orphanListBytes: bytes)
    let result = try world.run(
      "i=0; while [ $i -lt 20 ]; do sleep 60 & i=$((i + 1)); done; exit 0", timeLimit: .seconds(60))
    #expect(result.leftBehind == 20)
    try world.runUntilNothingIsLeft()
  }

  @Test("children that escape by setsid and a double fork, outputs in hand, end too")
  func escape() throws {
    let world = try SpawnerWorld()
    let result = try world.run(
      "setsid sh -c 'sleep 60 & echo $!' & wait; sleep 0.1; exit 0")
    #expect(result.end == .exited(code: 0))
    #expect(result.leftBehind == 1)
    #expect(result.took < .seconds(30), "the one that holds the output is not waited for")
    let child = try #require(result.lines.first.flatMap { Int32($0) })
    try world.runUntilNothingIsLeft()
    #expect(!lives(child))
  }

  @Test("who escapes a deaf program that is ended by force is ended too")
  func escapeFromKilled() throws {
    let world = try SpawnerWorld()
    let result = try world.run(
      "trap '' TERM; setsid sleep 60 & echo $!; while :; do sleep 1; done",
      timeLimit: .milliseconds(300))
    #expect(result.end == .timedOut(ignoredSIGTERM: true))
    try world.runUntilNothingIsLeft()
  }

  @Test("orphans are looked for also where several programs were started at the same time")
  func twoAtOnce() throws {
    let world = try SpawnerWorld()
    for _ in 0..<2 { world.start("sleep 60", timeLimit: .seconds(90)) }
    try world.run("a look is planned") {
      world.spawner.nextDue.map { $0 < Clock.instant + .seconds(1) } ?? false
    }
  }

  @Test("what a running program has in the background is left to it when others end")
  func neighbour() throws {
    let world = try SpawnerWorld()
    // The subshell is gone at once, and its child becomes ours while the program runs.
    let slow = world.start("(sleep 0.6; echo late) & (sleep 0.3 &); sleep 1; exit 2")
    for _ in 0..<5 { #expect(try world.run("sleep 60 & exit 0").leftBehind == 1) }
    let result = try world.result(of: slow)
    #expect(result.end == .exited(code: 2))
    #expect(result.text == "late\n")
    try world.runUntilNothingIsLeft()
  }

  @Test("a program that has ended is nobody's orphan: it stays for who waits for it")
  func notItsOwnOrphan() throws {
    let starter = try Workers(threads: 1, capacity: 1)
    let started = Mutex<Result<StartedProgram, StartFailure>?>(nil)
    let spawn = Spawn(program: "/bin/true", timeLimit: .seconds(20), outputLimitBytes: 4_096)
    let accepted = starter.submit {
      let result = Result { () throws(StartFailure) in try startProgram(spawn) }
      started.withLock { $0 = result }
    }
    #expect(accepted)
    // The first thread inherits it from the one that started it.
    starter.stopAndWait()
    let program = try #require(started.withLock { $0 }).get()
    defer { program.closeAll() }
    let bound = Clock.instant + .seconds(30)
    while state(of: program.pid) != "Z", Clock.instant < bound { sched_yield() }
    var orphans = Orphans()
    #expect(orphans.sweep(running: [], ended: program.pid) == 0)
    #expect(waitpid(program.pid, nil, WNOHANG) == program.pid)
  }

  @Test("other children of this process are left alone")
  func others() throws {
    var pid: Int32 = 0
    let words: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
    defer { for word in words { free(word) } }
    #expect(posix_spawn(&pid, "/bin/sleep", nil, nil, words, nil) == 0)
    defer {
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
    }
    let world = try SpawnerWorld()
    #expect(try world.run("sleep 60 &").leftBehind == 1)
    try world.runUntilNothingIsLeft()
    #expect(lives(pid))
  }

  @Test("200 at once, the half of them deaf: each is ended, none is left, no descriptor either")
  func many() throws {
    let world = try SpawnerWorld()
    var tokens: [Token] = []
    for number in 0..<200 {
      let script = number % 2 == 0 ? "trap '' TERM; while :; do sleep 9; done" : "sleep 60"
      tokens.append(world.start(script, timeLimit: .seconds(3)))
    }
    #expect(world.spawner.count == 200)
    try world.run("all end") { world.results.count == 200 }
    var timedOut = 0
    for token in tokens {
      let end = world.results[token]?.end
      // On a machine that is far too busy to start them in time it is nobody's fault.
      let isRight: Bool = if case .timedOut = end { true } else { end == .noRoom }
      #expect(isRight, "\(String(describing: end))")
      if end != .noRoom { timedOut += 1 }
    }
    #expect(timedOut > 0, "where none could be started nothing was shown")
    try world.runUntilNothingIsLeft()
    #expect(processDescriptors() == 0)
  }

  @Test("at the end of the daemon all programs end, those that have just been asked for too")
  func close() throws {
    let world = try SpawnerWorld()
    let first = world.start("trap '' TERM; setsid sleep 60 & echo ready; while :; do sleep 9; done")
    try world.run("it runs") { !strangers().isEmpty }
    for _ in 0..<20 { world.start("sleep 60") }
    world.spawner.close()
    #expect(world.spawner.count == 0)
    #expect(strangers().isEmpty)
    #expect(processDescriptors() == 0)
    #expect(world.results[first] == nil)
    #expect(try world.result(of: world.start("echo 1")).end == .noRoom, "none is started after it")
  }
}
