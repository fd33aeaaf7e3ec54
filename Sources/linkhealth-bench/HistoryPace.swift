import Base
import Glibc
import Host
import Synchronization
import Wire

/// How long the loop of the real daemon is held at the real pace, while something else keeps the disk
/// busy.
func measurePace(_ workbench: Workbench, quick: Bool, _ report: inout Report) throws {
  let links = quick ? 500 : 10_000
  let every = TimeAmount.seconds(quick ? 5 : 60)
  let server = try WebServer(workbench)
  var catalogue = BenchCatalogue(server, links: links, every: every)
  catalogue.window = every * 15
  let daemon = try DaemonUnderTest(workbench, catalogue)
  say("\(links) links at \(every), and a disk that others write to")
  // The first round looks names up and opens what is needed.
  try workbench.pause(every + .seconds(quick ? 1 : 10))
  let writer = try DiskWriter("\(workbench.directory)/others")
  try daemon.resetFigures()
  try workbench.pause(.seconds(quick ? 5 : 60))
  let status = try daemon.status()
  let written = writer.stop()
  daemon.stop()
  server.stop(workbench)
  func milliseconds(_ object: String, _ part: String, _ name: String) -> Double {
    (status[object]?[part]?[name]?.number?.double ?? .nan) / 1_000
  }
  func hold(_ name: String) -> Double { milliseconds("loop", "heldMicroseconds", name) }
  for figure in [
    Figure("history.pace.othersWrote", Double(written) / 1e6, "MB", digits: 0),
    Figure(
      "history.pace.attempts", status["schedule"]?["attempts"]?.number?.double ?? .nan, "",
      .atLeast(Double(links) * (quick ? 0.9 : 0.98)), digits: 0),
    Figure(
      "history.pace.skipped", status["schedule"]?["skipped"]?.number?.double ?? .nan, "",
      .atMost(0), digits: 0),
    Figure("history.pace.turn.p99", hold("p99"), "ms"),
    Figure("history.pace.turn.max", hold("max"), "ms"),
    Figure(
      "history.pace.turn.cpu.max", milliseconds("loop", "heldCPUMicroseconds", "max"), "ms"),
    Figure(
      "history.pace.lateness.p99", milliseconds("schedule", "latenessMicroseconds", "p99"),
      "ms"),
    Figure(
      "history.pace.lateness.max", milliseconds("schedule", "latenessMicroseconds", "max"),
      "ms"),
  ] {
    report.add(figure)
  }
}

/// Writes to a file on the same disk, some 20 MB a second, so that the kernel always has something to
/// write back.
private final class DiskWriter: Sendable {
  private static let pieceBytes = 64 << 10
  private static let pieces = 4_096
  private let state = Mutex<(bytes: Int, isStopping: Bool)>((0, false))
  private let workers: Workers

  init(_ path: String) throws(SystemError) {
    workers = try Workers(threads: 1, capacity: 1)
    _ = workers.submit { [self] in write(path) }
  }

  /// Ends it; returns how many bytes it has written.
  func stop() -> Int {
    state.withLock { $0.isStopping = true }
    workers.stopAndWait()
    return state.withLock { $0.bytes }
  }

  private func write(_ path: String) {
    let raw = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard raw >= 0 else { return }
    let file = Descriptor(raw)
    let piece = [UInt8](repeating: 0x5A, count: Self.pieceBytes)
    var number = 0
    while !state.withLock({ $0.isStopping }) {
      let place = off_t(number % Self.pieces * Self.pieceBytes)
      let count = pwrite(file.raw, piece, piece.count, place)
      if count > 0 { state.withLock { $0.bytes += count } }
      number += 1
      usleep(3_000)
    }
  }
}
