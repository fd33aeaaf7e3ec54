import Base
import Glibc
import Host
import Testing
import Wire

/// A daemon that may run Debian's plugins and those in its own directory `plugins`, with one link
/// `subject/national` that is checked by one of them.
private func pluginDaemon(
  _ keys: String, every: String = "24h", timeout: String = "10s", alert: String = ""
) throws -> Daemon {
  let debian = "/usr/lib/nagios/plugins"
  guard access("\(debian)/check_pgsql", X_OK) == 0 else {
    throw HarnessError(
      "no check_pgsql here: install the Debian package monitoring-plugins-standard")
  }
  let daemon = try Daemon()
  mkdir("\(daemon.place.path)/plugins", 0o755)
  daemon.settings = "exec: { directories: [\"\(debian)\", \"\(daemon.place.path)/plugins\"] },"
  try daemon.place.write(
    "services/subject.json5",
    """
    { service: "subject", system: "subject", owner: "owner", consumers: ["national"],
      probes: [{ kind: "exec", every: "\(every)", timeout: "\(timeout)", \(keys) }],
      alert: { \(alert) } }
    """)
  return daemon
}

/// For asking after the link; nothing is requested.
private let subject = WatchedLink(url: "http://127.0.0.1:1/")

extension DaemonTests {
  @Suite("Plugins") struct Plugins {
    private func database(_ port: UInt16, _ name: String = "postgres") -> String {
      """
      program: "check_pgsql", environment: { PGPASSWORD: "{secret:pg}" },
      arguments: ["-H", "127.0.0.1", "-P", "\(port)", "-l", "\(PostgreSQL.user)", "-d", "\(name)"]
      """
    }

    private func attempt(_ keys: String, password: String = PostgreSQL.password) throws -> Attempt {
      let daemon = try pluginDaemon(keys)
      try daemon.place.write("secrets/pg", password, mode: 0o600)
      try daemon.start()
      defer { daemon.kill() }
      let attempt = try daemon.attempt(subject)
      let answer = try daemon.get("/v1/links/subject/national").text
      #expect(!answer.contains(password) && !daemon.log.contains(password))
      return attempt
    }

    @Test("check_pgsql against a PostgreSQL: right, wrong password, no such database, stopped")
    func postgreSQL() throws {
      let server = try PostgreSQL()
      var isStopped = false
      defer { if !isStopped { server.stop() } }
      let right = try attempt(database(server.port))
      #expect(right.outcome == "ok", "\(right.steps)")
      #expect(right.steps.contains { $0.contains("OK - database postgres") }, "\(right.steps)")
      #expect(right.sample.node["readings"]?.array?.first?["name"]?.string == "time")
      #expect(right.sample.microseconds("total") > 0)
      let wrong = try attempt(database(server.port), password: "another-pg-value")
      #expect(wrong.outcome == "plugin.critical", "\(wrong.steps)")
      #expect(wrong.steps.contains { $0.contains("password authentication failed") })
      let absent = try attempt(database(server.port, "nowhere"))
      #expect(absent.outcome == "plugin.critical", "\(absent.steps)")
      #expect(absent.steps.contains { $0.contains("\"nowhere\" does not exist") })
      server.stop()
      isStopped = true
      let stopped = try attempt(database(server.port))
      #expect(stopped.outcome == "plugin.critical", "\(stopped.steps)")
    }

    @Test("a program outside of the allowed directories keeps the daemon from starting")
    func outside() throws {
      let daemon = try pluginDaemon("program: \"/usr/bin/id\"")
      #expect(try daemon.startInVain() == .exited(78))
      #expect(daemon.log.contains("exec.directories"))
      let open = try self.daemon(script: "exit 0", mode: 0o777)
      #expect(try open.startInVain() == .exited(78))
      #expect(open.log.contains("chmod go-w"))
    }

    /// A daemon with a plugin of the test's own.
    private func daemon(
      script: String, mode: mode_t = 0o755, every: String = "24h", alert: String = ""
    ) throws -> Daemon {
      let daemon = try pluginDaemon("program: \"own\"", every: every, alert: alert)
      try daemon.place.write("plugins/own", "#!/bin/sh\n\(script)\n", mode: mode)
      // What the umask took away.
      chmod("\(daemon.place.path)/plugins/own", mode)
      return daemon
    }

    @Test("WARNING degrades a link, CRITICAL brings it down, UNKNOWN makes it unknown")
    func states() throws {
      let daemon = try self.daemon(
        script: "state=$(cat \"${0%/*}/state\"); echo \"as told: $state\"; exit $state",
        every: "200ms", alert: "failures: { raise: \"2 of 3\", clearAfter: 2 }")
      try daemon.place.write("plugins/state", "1")
      try daemon.start()
      defer { daemon.kill() }
      try daemon.waitForState("degraded", of: subject)
      try daemon.place.write("plugins/state", "2")
      try daemon.waitForState("down", of: subject)
      try daemon.place.write("plugins/state", "0")
      try daemon.waitForState("up", of: subject)
      let sample = try #require(try daemon.samples(subject).last)
      #expect(sample.node["note"]?.string?.hasPrefix("as told: ") == true)
      try daemon.place.write("plugins/state", "3")
      let unknown = try eventually("it cannot tell") {
        try daemon.samples(subject).last { $0.outcome == "skipped.pluginUnknown" }
      }
      #expect(unknown.node["note"]?.string == "as told: 3")
      try daemon.waitForState("unknown", of: subject)
    }

    @Test(
      "a plugin that writes without end is ended and named; figures without end are read within bounds"
    )
    func floods() throws {
      let flood = try self.daemon(script: "exec yes")
      try flood.start()
      defer { flood.kill() }
      let ended = try flood.attempt(subject)
      #expect(ended.outcome == "plugin.outputTooLarge", "\(ended.steps)")
      let pid = try #require(flood.process?.pid)
      try eventually("no process stays") { descendants(of: pid).isEmpty }
      let figures = try self.daemon(script: "printf 'fine|'; yes a=1 | head -c 60000; exit 0")
      try figures.start()
      defer { figures.kill() }
      let read = try figures.attempt(subject)
      #expect(read.outcome == "ok", "\(read.steps)")
      #expect(read.sample.node["note"]?.string == "fine")
      #expect(read.sample.node["readings"]?.array?.count == 1)
    }

    @Test("many deaf plugins, taken away by a reload: no process and no descriptor stays")
    func many() throws {
      let daemon = try self.daemon(
        script: "trap '' TERM\nsetsid sleep 60 &\nwhile :; do sleep 9; done", every: "1s")
      try daemon.start()
      defer { daemon.kill() }
      let pid = try #require(daemon.process?.pid)
      let file = try #require(daemon.place.read("services/subject.json5"))
      try daemon.place.write(
        "services/subject.json5", file.replacing("[\"national\"]", with: "\"provinces\""))
      try daemon.place.write(
        "provinces.json",
        "["
          + (0..<200).map { #"{ "slug": "p\#($0)", "name_vi": "P", "name_en": "P" }"# }
          .joined(separator: ",") + "]")
      try daemon.post("/v1/reload?yes=true")
      try eventually("200 run") { descendants(of: pid).count >= 200 }
      try daemon.place.write(
        "services/subject.json5",
        """
        { service: "subject", system: "subject", owner: "owner", consumers: ["national"],
          probes: [] }
        """)
      try daemon.post("/v1/reload?yes=true")
      try eventually("no process stays") { descendants(of: pid).isEmpty }
      let other = try Daemon.running([])
      defer { other.kill() }
      let usual = try #require(other.process.map { fileNames("/proc/\($0.pid)/fd").count })
      // A daemon that has written to its ring has that file open too; each plugin had three.
      try eventually("no descriptor stays") { fileNames("/proc/\(pid)/fd").count < usual + 10 }
    }

    @Test("plugins work although whoever starts the daemon ignores the ends of children")
    func ignoredEnds() throws {
      let daemon = try self.daemon(script: "echo as told; exit 1")
      daemon.prefix = ["sh", "-c", "trap '' CHLD; exec \"$0\" \"$@\""]
      try daemon.start()
      defer { daemon.kill() }
      for _ in 0..<5 {
        let attempt = try daemon.attempt(subject)
        #expect(attempt.outcome == "warning.plugin", "\(attempt.steps)")
      }
    }

    @Test("the end of the daemon is the end of its plugins")
    func end() throws {
      let daemon = try self.daemon(
        script: "trap '' TERM\nsetsid sleep 60 &\nwhile :; do sleep 9; done", every: "1s")
      try daemon.start()
      let pid = try #require(daemon.process?.pid)
      var found: [Int32] = []
      try eventually("it runs") {
        found = descendants(of: pid)
        return found.count >= 2
      }
      #expect(try daemon.stop() == .exited(0))
      try eventually("all are gone") { found.allSatisfy { access("/proc/\($0)", F_OK) != 0 } }
    }
  }
}

/// The processes that a process has started, directly or not, zombies too.
private func descendants(of pid: Int32) -> [Int32] {
  fileNames("/proc/\(pid)/task").flatMap { thread -> [Int32] in
    let text = fileText("/proc/\(pid)/task/\(thread)/children") ?? ""
    return text.split(separator: " ").compactMap { Int32($0) }.flatMap {
      [$0] + descendants(of: $0)
    }
  }
}
