import Base
import Glibc
import Model

/// Writes log lines to standard error with systemd's level prefixes (sd-daemon(3)) when the journal
/// reads them, and with a time otherwise. Too many lines in a second are counted instead of written.
package final class LogWriter {
  private let usesPrefixes: Bool
  private let threshold: LogLevel
  private var secondBegan = Instant(nanoseconds: 0)
  private var linesInSecond = 0
  private var dropped = 0

  package init(threshold: LogLevel = .info) {
    self.threshold = threshold
    usesPrefixes = environment("JOURNAL_STREAM") != nil
  }

  package func write(_ entry: LogEntry) {
    guard entry.level <= threshold else { return }
    let now = Clock.now
    if now.instant - secondBegan >= .seconds(1) {
      secondBegan = now.instant
      linesInSecond = 0
      if dropped > 0 {
        let count = dropped
        dropped = 0
        emit(LogEntry(.warning, "log lines left out", [("count", "\(count)")]), now)
      }
    }
    linesInSecond += 1
    // Errors and audit lines pass always: the limit is there for floods of news about links.
    if linesInSecond > Limits.logLinesPerSecond && entry.level > .error && !entry.isAudit {
      dropped += 1
      return
    }
    emit(entry, now)
  }

  private func emit(_ entry: LogEntry, _ now: Now) {
    let line =
      usesPrefixes
      ? "<\(entry.level.rawValue)>\(entry.text)\n"
      : "\(now.wall) \(entry.level) \(entry.text)\n"
    // A pipe that is ready takes this much at once (PIPE_BUF), and one that nobody reads must not
    // hold the loop: what it does not take is lost.
    var bytes = Array(line.utf8.prefix(4_095))
    if bytes.last != 0x0A { bytes.append(0x0A) }
    var state = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
    guard poll(&state, 1, 0) == 1, state.revents & Int16(POLLOUT) != 0 else {
      dropped += 1
      return
    }
    _ = Glibc.write(2, bytes, bytes.count)
  }
}
