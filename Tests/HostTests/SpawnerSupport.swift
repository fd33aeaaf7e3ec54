import Base
import Glibc
import Model
import Probes
import Testing

@testable import Host

/// A loop with a spawner, and what its programs came to.
final class SpawnerWorld {
  let reactor: Reactor
  private(set) var spawner: Spawner!
  private(set) var results: [Token: SpawnResult] = [:]
  /// When each result came.
  private(set) var times: [Token: Instant] = [:]
  private var number: UInt32 = 0

  init(atOnce: Int = Limits.pluginsAtOnce, orphanListBytes: Int = 8 << 10) throws {
    reactor = try Reactor()
    spawner = try Spawner(reactor: reactor, atOnce: atOnce, orphanListBytes: orphanListBytes) {
      [unowned self] token, result in
      #expect(results[token] == nil, "a program ends once")
      results[token] = result
      times[token] = Clock.instant
    }
  }

  deinit { spawner.close() }

  /// Starts a script of the shell; the daemon itself uses none.
  @discardableResult
  func start(
    _ script: String, _ arguments: [String] = [], environment: [String] = [],
    timeLimit: TimeAmount = .seconds(20), outputLimitBytes: Int = 4_096
  ) -> Token {
    start(
      Spawn(
        program: "/bin/sh", arguments: ["-c", script, "sh"] + arguments,
        environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] + environment, timeLimit: timeLimit,
        outputLimitBytes: outputLimitBytes))
  }

  @discardableResult
  func start(_ spawn: Spawn) -> Token {
    number += 1
    let token = Token(index: number, generation: 1)
    if let result = spawner.start(spawn, token: token, at: Clock.instant) {
      results[token] = result
    }
    return token
  }

  /// Lets the loop run until it has come to something; the bound is met only by a test that fails.
  func run(_ what: Comment, until isDone: () -> Bool) throws {
    let end = Clock.instant + .seconds(30)
    while !isDone(), Clock.instant < end { try reactor.round(longest: .milliseconds(20)) }
    #expect(isDone(), what)
  }

  func result(of token: Token) throws -> SpawnResult {
    try run("the program ends") { results[token] != nil }
    return try #require(results[token])
  }

  /// Starts a script and waits for its end.
  func run(
    _ script: String, _ arguments: [String] = [], environment: [String] = [],
    timeLimit: TimeAmount = .seconds(20), outputLimitBytes: Int = 4_096
  ) throws -> SpawnResult {
    try result(
      of: start(
        script, arguments, environment: environment, timeLimit: timeLimit,
        outputLimitBytes: outputLimitBytes))
  }

  /// Waits until nothing that was started is left, not even as a zombie.
  func runUntilNothingIsLeft() throws {
    try run("everything is reaped") { spawner.count == 0 && strangers().isEmpty }
  }
}

extension SpawnResult {
  var text: String { String(decoding: output, as: UTF8.self) }
  var lines: [String] { text.split(separator: "\n").map(String.init) }
}

/// The children of this process that live in another session, as every program of the spawner and all
/// that it started do; zombies too.
func strangers() -> [Int32] {
  entries(of: "/proc/self/task").flatMap { thread -> [Int32] in
    let path = "/proc/self/task/\(thread)/children"
    guard let bytes = try? readFile(path, limitBytes: 1 << 20) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
  }.filter { ![-1, getsid(0)].contains(getsid($0)) }
}

/// How many descriptors for processes this process holds; only the spawner has such.
func processDescriptors() -> Int {
  entries(of: "/proc/self/fd").count { name in
    var target = [CChar](repeating: 0, count: 64)
    guard readlink("/proc/self/fd/\(name)", &target, target.count - 1) > 0 else { return false }
    return target.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
      .contains("pidfd")
  }
}

private func entries(of directory: String) -> [String] {
  guard let stream = opendir(directory) else { return [] }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    names.append(
      withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      })
  }
  return names
}

/// Whether a process is there and no zombie.
func lives(_ pid: Int32) -> Bool { ![nil, "Z"].contains(state(of: pid)) }

/// The letter of a process's state, such as `Z` of a zombie; nil when it is not there (proc_pid_stat(5)).
func state(of pid: Int32) -> Character? {
  guard let bytes = try? readFile("/proc/\(pid)/stat", limitBytes: 4_096) else { return nil }
  return String(decoding: bytes, as: UTF8.self).split(separator: ")").last?.dropFirst().first
}
