import Base
import CLinux
import Glibc
import Host

/// What a run holds outside this process: a temporary directory and child processes. They are given
/// up by ``close()``, also when a signal has ended the run.
final class Workbench {
  let directory: String
  /// Reads SIGINT, SIGTERM and SIGHUP, which are blocked from now on.
  let signals: Descriptor
  /// Programs that run until they are stopped.
  private var children: [Child] = []
  /// Programs that end by themselves.
  private var ending: [Child] = []

  /// How often a pause looks whether the children still run.
  private static let watchEvery = TimeAmount.milliseconds(500)

  init() throws(SystemError) {
    let raw = lh_signalfd([SIGINT, SIGTERM, SIGHUP], 3)
    guard raw >= 0 else { throw SystemError.last("signalfd") }
    signals = Descriptor(raw)
    directory = try makeTemporaryDirectory()
  }

  func close() {
    for child in ending + children.reversed() { child.stop() }
    (children, ending) = ([], [])
    removeTree(directory)
  }

  /// Starts a program that is expected to run until it is stopped.
  func start(_ words: [String], name: String) throws(SystemError) -> Child {
    let child = try Child(words, name: name, outputPath: "\(directory)/\(name).log")
    children.append(child)
    return child
  }

  func stop(_ child: Child) {
    child.stop()
    children.removeAll { $0 === child }
  }

  /// Runs a program to its end and returns what it wrote.
  func run(_ words: [String], name: String, within limit: TimeAmount) throws -> [UInt8] {
    try output(of: try startToEnd(words, name: name), within: limit)
  }

  /// Starts a program that ends by itself; ``output(of:within:)`` waits for that.
  func startToEnd(_ words: [String], name: String) throws(SystemError) -> Child {
    let path = "\(directory)/\(name).out"
    unlink(path)
    let child = try Child(words, name: name, outputPath: path)
    ending.append(child)
    return child
  }

  /// What a program has written by its end.
  func output(of child: Child, within limit: TimeAmount) throws -> [UInt8] {
    defer { ending.removeAll { $0 === child } }
    let deadline = Clock.instant + limit
    while !child.hasEnded {
      guard Clock.instant < deadline else {
        child.stop()
        throw BenchError.failed("\(child.name) has not ended after \(limit)")
      }
      try pause(.milliseconds(50))
    }
    guard child.status == 0 else {
      throw BenchError.failed(
        "\(child.name) \(child.ending):\n\(lastLines(of: child.outputPath))")
    }
    return try readFile(child.outputPath)
  }

  func pause(_ length: TimeAmount) throws(BenchError) {
    try pause(until: Clock.instant + length)
  }

  /// Waits, up to a millisecond longer; ends early with an error at a signal, or when a child has
  /// ended that should run.
  func pause(until end: Instant) throws(BenchError) {
    while true {
      try checkChildren()
      let left = min(end - Clock.instant, Self.watchEvery)
      guard left > .zero else { return }
      var wait = pollfd(fd: signals.raw, events: Int16(POLLIN), revents: 0)
      if poll(&wait, 1, Int32(left.milliseconds) + 1) > 0 { throw .interrupted }
    }
  }

  func checkChildren() throws(BenchError) {
    for child in children where child.hasEnded {
      throw .failed("\(child.name) \(child.ending):\n\(lastLines(of: child.outputPath))")
    }
  }

  /// Tries until it succeeds, for things that take a moment to come up.
  func wait(
    for what: String, within limit: TimeAmount, _ isThere: () throws -> Bool
  ) throws {
    let deadline = Clock.instant + limit
    while try !isThere() {
      guard Clock.instant < deadline else {
        throw BenchError.failed("\(what): not after \(limit)")
      }
      try pause(.milliseconds(50))
    }
  }
}
