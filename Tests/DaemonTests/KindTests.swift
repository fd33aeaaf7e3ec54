import Base
import Glibc
import Host
import Testing
import Wire

/// Runs every kind's sample in the daemon, against servers that are no help. It knows the kinds by
/// their samples alone: a new one is tried without a change here.
extension DaemonTests {
  @Suite("Every kind, in the daemon") struct Kinds {
    enum Mood: String, CaseIterable {
      case silent
      case refusing
      case hangingUp

      /// What a program of the sample's name does.
      var program: String {
        switch self {
        // What it starts beside itself must go with it.
        case .silent: "sleep 600 & sleep 600"
        case .refusing: "echo refused; exit 2"
        case .hangingUp: "kill -15 $$"
        }
      }

      /// What a sample must come to, by the last word of its outcome's name.
      private func causes(_ sample: ShippedSample) -> [String] {
        switch (self, sample.asks) {
        // Nobody in particular, such as the machine itself, which answers echoes whatever the mood.
        case (_, .machine): ["ok"]
        case (.silent, _): ["timedOut"]
        case (.refusing, .server): ["refused"]
        case (.refusing, .program): ["critical"]
        // OpenSSL says of a handshake that ends too early only that it failed. Nobody listens for
        // packets, so that who sends one is refused.
        case (.hangingUp, .server): ["closed", "reset", "handshake", "refused"]
        case (.hangingUp, .program): ["signalled"]
        }
      }

      /// Whether an attempt has come to what it must; or this machine permits no echoes.
      func expects(_ told: WatchedKinds.Told, of sample: ShippedSample) -> Bool {
        causes(sample).contains(told.cause) && !told.name.hasPrefix("skipped.")
          || told.name == "skipped.notPermitted"
      }
    }

    @Test("tells a phase and a cause of each, and leaves nothing open behind it")
    func nothingIsLeft() throws {
      let watched = try WatchedKinds()
      defer { watched.stop() }
      let baseline = try watched.baseline()
      for mood in Mood.allCases {
        try round(mood, watched)
        try watched.waitUntilNothingIsLeft(baseline, "after \(mood)")
      }
      _ = try watched.daemon.stop()
    }

    private func round(_ mood: Mood, _ watched: WatchedKinds) throws {
      let server = try Bystander(mood)
      defer { server.stop() }
      try watched.watch(server, mood)
      for sample in watched.samples {
        let outcome = try watched.attempt(sample)
        #expect(mood.expects(outcome, of: sample), "\(sample.name), \(mood): \(outcome)")
      }
    }

    @Test("is taken away in flight by a reload, and lets go of all that it had")
    func cancelled() throws {
      let watched = try WatchedKinds()
      defer { watched.stop() }
      let baseline = try watched.baseline()
      let server = try Bystander(.silent)
      defer { server.stop() }
      for sample in watched.samples {
        // Long enough that it has not come to its end by itself.
        try watched.watch(server, .silent, only: sample, timeout: "10m", pause: "1m")
        let before = try watched.settled().count
        let caller = try watched.daemon.connect()
        caller.send("POST \(watched.path(sample)) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        // The caller's connection, and what the attempt itself has.
        try eventually("\(sample.name) is in flight") {
          try watched.descriptors().count >= before + 2
        }
        try watched.watch(server, .silent, only: nil)
        let answer = try #require(try caller.receive())
        #expect(answer.status == 200, "\(sample.name): \(answer.text)")
        let attempts = answer.json?["attempts"]?.array
        #expect(attempts?.isEmpty == true, "\(sample.name) had ended before: \(answer.text)")
        withExtendedLifetime(caller) {}
      }
      try watched.waitUntilNothingIsLeft(baseline, "after all were taken away")
      _ = try watched.daemon.stop()
    }

    @Test("with the daemon's end in flight nothing outlives it")
    func stopped() throws {
      let watched = try WatchedKinds()
      defer { watched.stop() }
      let server = try Bystander(.silent)
      defer { server.stop() }
      try watched.watch(server, .silent, timeout: "10m", pause: "1m")
      let before = try watched.settled().count
      let callers = try watched.samples.map { sample in
        let caller = try watched.daemon.connect()
        caller.send("POST \(watched.path(sample)) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return caller
      }
      try eventually("all are in flight") {
        try watched.descriptors().count >= before + 2 * callers.count
      }
      let programs = try watched.session()
      #expect(!programs.isEmpty)
      #expect(try watched.daemon.stop() == .exited(0))
      try eventually("its programs are gone: \(programs)") {
        programs.allSatisfy { fileText("/proc/\($0)/stat")?.contains(") Z ") ?? true }
      }
    }

    @Test(
      "where the kernel gives no more descriptors, or too few, nothing is blamed on the link",
      arguments: [Mood.refusing, .hangingUp])
    func noDescriptors(_ mood: Mood) throws {
      let watched = try WatchedKinds()
      defer { watched.stop() }
      let server = try Bystander(mood)
      defer { server.stop() }
      try watched.watch(server, mood)
      _ = try watched.baseline()
      try watched.watch(server, mood)
      let caller = try watched.daemon.connect()
      for left in 0...8 {
        for sample in watched.samples {
          try watched.leave(left)
          let outcome = try watched.attempt(sample, by: caller)
          let words = "\(sample.name), \(mood), \(left) left: \(outcome)"
          // With enough of them it comes to what it comes to; with none it cannot, whatever it needs.
          let isRight = mood.expects(outcome, of: sample)
          #expect(outcome.name.hasPrefix("skipped.") || left > 0 && isRight, "\(words)")
          #expect(outcome.name != "skipped.unsupported", "\(words)")
          if left == 8 { #expect(isRight, "eight are enough: \(words)") }
        }
      }
      try watched.leave(nil)
      for sample in watched.samples {
        let outcome = try watched.attempt(sample, by: caller)
        #expect(mood.expects(outcome, of: sample), "\(sample.name): \(outcome)")
      }
      _ = try watched.daemon.stop()
    }

    @Test("a name that cannot be looked up for want of descriptors is not said to be unknown")
    func noDescriptorsForNames() throws {
      let watched = try WatchedKinds()
      defer { watched.stop() }
      let server = try Bystander(.refusing)
      defer { server.stop() }
      _ = try watched.baseline()
      watched.host = "localhost"
      try watched.watch(server, .refusing)
      let caller = try watched.daemon.connect()
      for sample in watched.samples {
        try watched.leave(0)
        let outcome = try watched.attempt(sample, by: caller)
        #expect(outcome.name.hasPrefix("skipped."), "\(sample.name): \(outcome)")
      }
      try watched.leave(nil)
      for sample in watched.samples {
        let outcome = try watched.attempt(sample, by: caller)
        #expect(Mood.refusing.expects(outcome, of: sample), "\(sample.name): \(outcome)")
      }
      _ = try watched.daemon.stop()
    }
  }
}
