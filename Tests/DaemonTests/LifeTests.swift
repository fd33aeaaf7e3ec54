import Base
import CLinux
import Glibc
import Host
import Model
import Testing
import Wire

extension DaemonTests {
  @Suite("The daemon's life") struct Life {
    private func answering() throws -> TestServer {
      try TestServer { connection in while connection.request() != nil { connection.answer() } }
    }

    @Test("mistakes in the files are all told at once, and nothing is started")
    func mistakes() throws {
      let daemon = try Daemon(settings: "acelerate: 2, provinces: \"nowhere.json\",")
      try daemon.watch(WatchedLink(service: "one", url: "gopher://127.0.0.1/", every: "soon"))
      try daemon.watch(
        WatchedLink(service: "two", url: "http://127.0.0.1/", expect: "pattern: \"(\""))
      #expect(try daemon.startInVain() == .exited(78))
      let log = daemon.log
      let expected = [
        ("linkhealth.json5:4:", "accelerate"), ("nowhere.json", "No such file"),
        ("services/one.json5:2:", "every"), ("services/one.json5:3:", "http"),
        ("services/two.json5:3:", "pattern"),
      ]
      for (place, word) in expected {
        #expect(
          log.split(separator: "\n").contains { $0.contains(place) && $0.contains(word) },
          "\(place) \(word) is not in:\n\(log)")
      }
      #expect(fileNames(daemon.state).isEmpty)
    }

    @Test("a command line that is wrong is refused with a hint")
    func usage() throws {
      let run = try ChildProcess.run([Programs.daemon, "--confg", "x"])
      #expect(run.end == .exited(64))
      #expect(run.output.contains("--config"))
    }

    @Test("a second daemon on one state directory is refused and told who holds it")
    func sharedState() throws {
      let first = try Daemon.running([])
      let second = try Daemon()
      second.state = first.state
      #expect(try second.startInVain() == .exited(75))
      let pid = try #require(first.process?.pid)
      #expect(second.log.contains(first.state))
      #expect(second.log.contains("process \(pid)"))
      #expect(try first.get("/healthz").status == 200)
    }

    @Test("the machine is asked about its clock, and the status has the answer")
    func clock() throws {
      let daemon = try Daemon.running([])
      let clock = try eventually("the clock is known") {
        let clock = try daemon.get("/v1/status").json?["clock"]
        return clock?["problem"]?.string == "not asked yet" ? nil : clock
      }
      let machine = readClock()
      #expect(clock["state"]?.string == machine.state.rawValue)
      #expect(clock["source"]?.string == machine.source?.rawValue)
      #expect(clock["toldAfterMilliseconds"]?.int == 3_600_000)
    }

    @Test("a socket that a crash has left behind is replaced")
    func leftoverSocket() throws {
      let daemon = try Daemon.running([])
      daemon.kill()
      var info = stat()
      #expect(stat(daemon.socket, &info) == 0, "the crash has left the path")
      try daemon.start()
      #expect(try daemon.get("/healthz").status == 200)
    }

    @Test("a socket at which another daemon answers is left alone")
    func liveSocket() throws {
      let first = try Daemon.running([])
      let second = try Daemon(place: first.place)
      second.state = "\(first.place.path)/other-state"
      #expect(try second.startInVain() == .exited(71))
      #expect(second.log.contains(first.socket))
      #expect(try first.get("/healthz").status == 200)
    }

    @Test("a file at the socket's path that is no socket is left alone")
    func fileAtSocket() throws {
      let daemon = try Daemon()
      try daemon.place.write("ctl.sock", "precious")
      #expect(try daemon.startInVain() == .exited(71))
      #expect(daemon.log.contains("not a socket"))
      #expect(daemon.place.read("ctl.sock") == "precious")
    }

    @Test("a state directory that cannot be used is told with its path")
    func unusableState() throws {
      let daemon = try Daemon()
      try daemon.place.write("file", "")
      daemon.state = "\(daemon.place.path)/file/state"
      #expect(try daemon.startInVain() == .exited(73))
      #expect(daemon.log.contains(daemon.state))
      #expect(daemon.log.contains("ENOTDIR"))
    }

    @Test(
      "a state directory of another user is told with its path",
      .enabled(if: isRoot, "needs root to be another user"))
    func foreignState() throws {
      let daemon = try Daemon()
      mkdir(daemon.state, 0o755)
      daemon.prefix = ["setpriv", "--reuid=65534", "--clear-groups"]
      #expect(try daemon.startInVain() == .exited(73))
      #expect(daemon.log.contains(daemon.state))
      #expect(daemon.log.contains("EACCES"))
    }

    @Test(
      "it ends in order when asked, within seconds, and keeps what it had seen",
      arguments: [SIGTERM, SIGINT])
    func orderlyEnd(signal: Int32) throws {
      let server = try answering()
      defer { server.stop() }
      let hanging = try TestServer { $0.hold() }
      defer { hanging.stop() }
      let link = WatchedLink(url: "\(server.url)/", every: "100ms")
      let stuck = WatchedLink(
        service: "stuck", url: "\(hanging.url)/", every: "200ms", timeout: "20s")
      let daemon = try Daemon.running([link, stuck])
      try eventually("samples are recorded") { try daemon.samples(link).count >= 3 }
      let seen = try daemon.samples(link).map(\.time)
      let process = try #require(daemon.process)
      let began = Clock.instant
      process.signal(signal)
      #expect(try process.waitForEnd() == .exited(0))
      #expect(Clock.instant - began < .seconds(10))
      #expect(daemon.log.contains("stopped"))
      var info = stat()
      #expect(stat(daemon.socket, &info) != 0, "the socket's path is gone")
      try daemon.start()
      let kept = try daemon.samples(link).map(\.time)
      #expect(Array(kept.prefix(seen.count)) == seen)
    }

    @Test("what the last tick saw is in the ring after a crash")
    func crash() throws {
      let server = try answering()
      defer { server.stop() }
      let link = WatchedLink(url: "\(server.url)/", every: "100ms")
      let daemon = try Daemon.running([link])
      try eventually("samples are recorded") { try daemon.samples(link).count >= 5 }
      let seen = try daemon.samples(link).map(\.time)
      daemon.kill()
      try daemon.start()
      let kept = try daemon.samples(link).map(\.time)
      #expect(Array(kept.prefix(seen.count)) == seen, "what was shown is never lost")
    }

    @Test("the service manager is told of the start, reloads, life and the end")
    func serviceManager() throws {
      let place = try Workplace()
      let manager = try NotifySocket(in: place)
      let daemon = try Daemon(place: place)
      daemon.environment = [("NOTIFY_SOCKET", manager.path), ("WATCHDOG_USEC", "200000")]
      try daemon.start()
      try manager.waitFor("READY=1")
      try manager.waitFor("WATCHDOG=1", times: 4)
      try daemon.post("/v1/reload")
      try manager.waitFor("RELOADING=1")
      try manager.waitFor("READY=1", times: 2)
      let reloading = manager.all.first { $0.contains("RELOADING=1") }
      #expect(reloading?.contains("MONOTONIC_USEC=") == true, "systemd asks for it")
      #expect(try daemon.stop() == .exited(0))
      try manager.waitFor("STOPPING=1")
    }
  }
}
