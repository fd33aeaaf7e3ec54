import CLinux
import Glibc
import Host

/// A process that was started here, its output in a file.
final class Child {
  let name: String
  let outputPath: String
  private let pid: pid_t
  /// As waitpid tells it; nil while the process runs.
  private(set) var status: Int32?

  /// Starts a program with no signals blocked and in a process group of its own, so that an
  /// interrupt from the terminal reaches us first and the order of ending is ours.
  init(_ words: [String], name: String, outputPath: String) throws(SystemError) {
    self.name = name
    self.outputPath = outputPath
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(
      &actions, 1, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    argv.append(nil)
    defer { for word in argv { free(word) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, words[0], &actions, &attributes, argv, environ)
    guard code == 0 else { throw SystemError(operation: "spawn", path: words[0], code: code) }
    self.pid = pid
  }

  /// Whether it has ended by itself.
  var hasEnded: Bool {
    if status != nil { return true }
    var status: Int32 = 0
    guard waitpid(pid, &status, WNOHANG) == pid else { return false }
    self.status = status
    return true
  }

  /// How it ended, in words.
  var ending: String {
    guard let status else { return "still runs" }
    let signal = status & 0x7F
    if signal != 0 { return "was ended by signal \(signal)" }
    return "ended with exit code \(status >> 8 & 0xFF)"
  }

  /// Asks it to end, and ends it if it has not after ten seconds.
  func stop() {
    guard !hasEnded else { return }
    kill(pid, SIGTERM)
    for _ in 0..<1_000 {
      if hasEnded { return }
      usleep(10_000)
    }
    say("linkhealth-bench: \(name) does not end; killing it")
    kill(pid, SIGKILL)
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    self.status = status
  }

  /// CPU time of its own children that it has reaped (proc_pid_stat(5), cutime and cstime).
  func reapedMicroseconds() throws -> Double {
    let text = String(decoding: try readFile("/proc/\(pid)/stat"), as: UTF8.self)
    let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 14, let user = Double(fields[13]), let system = Double(fields[14]) else {
      throw BenchError.failed("/proc/\(pid)/stat has no times")
    }
    return (user + system) * 1e6 / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// CPU time of all its threads, those that have ended among them.
  func cpuNanoseconds() throws(SystemError) -> Int64 {
    var clock = clockid_t()
    let code = clock_getcpuclockid(pid, &clock)
    guard code == 0 else {
      throw SystemError(operation: "clock_getcpuclockid", path: name, code: code)
    }
    var time = timespec()
    guard clock_gettime(clock, &time) == 0 else {
      throw SystemError.last("clock_gettime", name)
    }
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
