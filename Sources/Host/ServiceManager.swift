import Base
import CLinux
import Glibc

/// Talks to systemd by its notification protocol (sd_notify(3)): readiness, status, the watchdog.
/// Without systemd every call does nothing.
package final class ServiceManager: LoopPart {
  private let socketPath: String?
  private let watchdogInterval: TimeAmount?
  private var nextWatchdog: Instant?

  package init() {
    socketPath = environment("NOTIFY_SOCKET").flatMap { $0.isEmpty ? nil : $0 }
    var interval: TimeAmount?
    if let text = environment("WATCHDOG_USEC"), let value = Int64(text), value > 0 {
      let mine = environment("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
      if mine { interval = .microseconds(value / 2) }
    }
    watchdogInterval = interval
    // Programs that we start are not the service.
    unsetenv("NOTIFY_SOCKET")
    unsetenv("WATCHDOG_USEC")
    unsetenv("WATCHDOG_PID")
  }

  package var isPresent: Bool { socketPath != nil }

  package func ready(_ status: String) {
    send("READY=1\nSTATUS=\(status)")
    if watchdogInterval != nil { nextWatchdog = Clock.instant }
  }

  package func status(_ status: String) { send("STATUS=\(status)") }

  package func reloading() {
    send("RELOADING=1\nMONOTONIC_USEC=\(Clock.instant.nanoseconds / 1_000)")
  }

  package func stopping() { send("STOPPING=1\nSTATUS=stopping") }

  package var nextDue: Instant? { nextWatchdog }

  /// Fed by the loop itself: a loop that hangs is found out.
  package func runDue(at now: Now) {
    guard let interval = watchdogInterval else {
      nextWatchdog = nil
      return
    }
    send("WATCHDOG=1")
    nextWatchdog = now.instant + interval
  }

  private func send(_ text: String) {
    if let socketPath { _ = lh_notify(socketPath, text) }
  }
}

/// A variable of the environment; nil when it is not set.
package func environment(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }
}
