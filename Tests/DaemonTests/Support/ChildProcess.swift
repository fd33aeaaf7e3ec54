import Base
import CLinux
import Glibc
import Host
import Synchronization

/// A program that a test has started, its two outputs in one file. It does not outlive its owner.
final class ChildProcess: Sendable {
  enum End: Hashable {
    case exited(Int32)
    case killed(by: Int32)
  }

  let pid: pid_t
  private let outputPath: String
  private let end = Mutex<End?>(nil)

  /// `environment` is added to that of the tests.
  init(
    _ words: [String], output: String, environment: [(String, String)] = []
  ) throws {
    outputPath = output
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var started = pid_t()
    let code = withCStrings(words) { arguments in
      withCStrings(Self.variables(environment)) { variables in
        posix_spawnp(&started, words[0], &actions, &attributes, arguments, variables)
      }
    }
    guard code == 0 else { throw HarnessError("\(words[0]) does not start: error \(code)") }
    pid = started
  }

  deinit { kill() }

  private static func variables(_ more: [(String, String)]) -> [String] {
    var list: [String] = []
    var entry = environ
    while let text = entry.pointee {
      let variable = String(cString: text)
      if !more.contains(where: { variable.hasPrefix($0.0 + "=") }) { list.append(variable) }
      entry += 1
    }
    return list + more.map { "\($0.0)=\($0.1)" }
  }

  var output: String { fileText(outputPath) ?? "" }

  func signal(_ number: Int32) {
    end.withLock { if $0 == nil { Glibc.kill(pid, number) } }
  }

  /// Ends it the hard way, as a crash would.
  func kill() {
    signal(SIGKILL)
    _ = try? waitForEnd()
  }

  var isRunning: Bool { poll() == nil }

  /// How it has ended; nil while it runs.
  func poll() -> End? {
    end.withLock { end in
      if let end { return end }
      var status: Int32 = 0
      guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
      let signal = status & 0x7F
      end = signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(by: signal)
      return end
    }
  }

  func waitForEnd(within bound: TimeAmount = .seconds(20)) throws -> End {
    try eventually("process \(pid) ends", within: bound) { poll() }
  }

  /// Runs a program to its end.
  static func run(
    _ words: [String], environment: [(String, String)] = [], within bound: TimeAmount = .seconds(30)
  ) throws -> (end: End, output: String) {
    let place = try Workplace()
    let child = try ChildProcess(words, output: "\(place.path)/output", environment: environment)
    let end = try child.waitForEnd(within: bound)
    return (end, child.output)
  }
}

private func withCStrings<Result>(
  _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let copies = texts.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return body(copies + [nil])
}

/// The programs under test: in `LINKHEALTH_BIN`, else beside the test bundle.
enum Programs {
  static func path(_ name: String) -> String {
    if let directory = environment("LINKHEALTH_BIN") { return "\(directory)/\(name)" }
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { bytes in
      let start = bytes.baseAddress!.assumingMemoryBound(to: CChar.self)
      return readlink("/proc/self/exe", start, bytes.count)
    }
    let own = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    return own.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      .joined(separator: "/") + "/\(name)"
  }

  static var daemon: String { path("linkhealthd") }
  static var control: String { path("linkhealthctl") }
  static var simulator: String { path("linkhealth-sim") }
}

/// Whether the tests may mount and change users.
let isRoot = geteuid() == 0
