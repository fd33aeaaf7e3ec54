import Base
import Glibc
import Host
import Testing
import Wire

extension DaemonTests {
  @Suite("The control socket") struct ControlSocket {
    private static let unwatched = WatchedLink(url: "http://127.0.0.1:1/")

    @Test(
      "a request that is no request is refused, and the connection ends",
      arguments: [
        ("HELO there\r\n\r\n", 400, "another protocol"),
        ("GET /healthz HTTP/1.1\r\n\r\n", 400, "no host"),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "two hosts"),
        ("GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n", 400, "a blank before the colon"),
        ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400, "a broken escape"),
        ("\u{0}\u{1}\u{2}\r\n\r\n", 400, "control characters"),
        (
          "POST /v1/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
          400, "two lengths"
        ),
        (
          "GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 20_000)
            + "\r\n\r\n", 431, "a long header"
        ),
        (
          "POST /v1/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", 413,
          "a long body"
        ),
      ] as [(String, Int, String)])
    func malformed(text: String, status: Int, reason: String) throws {
      let daemon = try Daemon.running([])
      let connection = try daemon.connect()
      connection.send(text)
      let answer = try #require(try connection.receive())
      #expect(answer.status == status, "\(reason)")
      #expect(answer.errorCode != nil)
      #expect(connection.isClosed(within: .seconds(5)))
      #expect(try daemon.get("/healthz").status == 200)
    }

    @Test(
      "what is not there, or not so, is told",
      arguments: [
        ("GET", "/v1/nothing", 404, "notFound"),
        ("GET", "/v1/links/subject/nowhere", 404, "noSuchLink"),
        ("GET", "/v1/links/SUBJECT/National", 400, "badRequest"),
        ("GET", "/v1/links?state=sideways", 400, "badRequest"),
        ("GET", "/v1/links/subject/national/samples?limit=99999999", 400, "badRequest"),
        ("DELETE", "/v1/links", 405, "methodNotAllowed"),
        ("POST", "/v1/links/subject/nowhere/try", 404, "noSuchLink"),
      ] as [(String, String, Int, String)])
    func refusals(method: String, target: String, status: Int, code: String) throws {
      let daemon = try Daemon.running([Self.unwatched])
      let answer = try daemon.connect().request(method, target)
      #expect(answer.status == status, "\(answer.text)")
      #expect(answer.errorCode == code)
    }

    @Test("requests one after the other, and sent ahead, are answered in order on one connection")
    func pipelining() throws {
      let daemon = try Daemon.running([Self.unwatched])
      let connection = try daemon.connect()
      #expect(try connection.request("GET", "/healthz").text == "ok\n")
      let host = "Host: localhost\r\n\r\n"
      connection.send(
        "GET /v1/links HTTP/1.1\r\n\(host)GET /healthz HTTP/1.1\r\n\(host)"
          + "GET /v1/status HTTP/1.1\r\n\(host)")
      #expect(try connection.receive()?.json?["total"]?.int == 1)
      #expect(try connection.receive()?.text == "ok\n")
      #expect(try connection.receive()?.json?["version"] != nil)
    }

    @Test(
      "a list whose matches lie far apart comes whole, to a caller that closes and to one that stays"
    )
    func sparseList() throws {
      let links = (0..<400).map { WatchedLink(service: "s-\($0)", url: "http://127.0.0.1:1/") }
      let daemon = try Daemon.running(links)
      try daemon.post("/v1/links/s-399/national/pause")
      for close in [true, false] {
        let connection = try daemon.connect()
        let extra = close ? "Connection: close\r\n" : ""
        connection.send("GET /v1/links?service=s-399 HTTP/1.1\r\nHost: a\r\n\(extra)\r\n")
        #expect(try connection.receive()?.json?["total"]?.int == 1)
      }
    }

    @Test("HTTP/1.0 is answered without chunks, to the end of the connection")
    func oldProtocol() throws {
      let daemon = try Daemon.running([Self.unwatched])
      let connection = try daemon.connect()
      connection.send("GET /v1/links HTTP/1.0\r\n\r\n")
      var bytes: [UInt8] = []
      while let more = try receiveSome(connection.descriptor, until: Clock.instant + .seconds(10)) {
        bytes += more
      }
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(!text.contains("chunked"))
      #expect(text.hasSuffix("\"total\":1}"), "\(text.suffix(60))")
    }

    @Test("thousands of requests sent ahead are all answered, and others in between")
    func manyAhead() throws {
      let daemon = try Daemon.running([Self.unwatched])
      let eager = try daemon.connect()
      let request = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
      let count = 5_000
      var sent = 0
      var answered = 0
      while answered < count {
        if sent < count, waitUntil(eager.descriptor, POLLOUT, within: .zero) {
          let bytes = Array(String(repeating: request, count: 100).utf8)
          #expect(eager.send(bytes))
          sent += 100
        }
        while answered < sent, waitUntil(eager.descriptor, POLLIN, within: .milliseconds(20)) {
          #expect(try eager.receive()?.text == "ok\n")
          answered += 1
        }
        #expect(try daemon.get("/healthz").status == 200)
      }
    }

    @Test("a request that does not come in time, and a connection without one, are ended")
    func slowCallers() throws {
      let daemon = try Daemon.running([])
      let idle = try daemon.connect()
      let slow = try daemon.connect()
      let began = Clock.instant
      // A byte now and then must not keep the place for ever.
      var rest = Array("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: ".utf8)[...]
      rest += Array(repeating: UInt8(ascii: "x"), count: 1_000)
      let answer = try eventually("the slow request is ended", every: .milliseconds(200)) {
        slow.send(Array(rest.prefix(1)))
        rest = rest.dropFirst()
        #expect(try daemon.get("/healthz").status == 200, "others are answered meanwhile")
        return waitUntil(slow.descriptor, POLLIN, within: .zero) ? try slow.receive() : nil
      }
      #expect(answer.status == 408)
      #expect(Clock.instant - began > .seconds(8))
      #expect(idle.isClosed(within: .seconds(5)))
    }

    @Test("a caller that asks and never reads holds nobody up")
    func deafCaller() throws {
      let daemon = try Daemon.running([Self.unwatched])
      let deaf = try daemon.connect()
      let request = "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
      let bytes = Array(String(repeating: request, count: 200).utf8)
      // Until neither side takes more.
      for _ in 0..<200 {
        let sent = bytes.withUnsafeBytes {
          send(deaf.descriptor, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL))
        }
        if sent < 0 && !waitUntil(deaf.descriptor, POLLOUT, within: .milliseconds(300)) { break }
      }
      #expect(try daemon.get("/healthz").status == 200)
      let resident = try daemon.status()["memory"]?["residentWithoutMappedFilesBytes"]?.int
      #expect((resident ?? .max) < 200 << 20)
    }

    @Test("more connections than there are places are sent away, until places are free")
    func manyConnections() throws {
      let daemon = try Daemon.running([])
      var held: [ControlConnection] = []
      let refusal = try eventually("one is sent away") { () -> ControlAnswer? in
        let connection = try eventually("the socket takes a caller") {
          ControlConnection(daemon.socket)
        }
        held.append(connection)
        guard held.count > 100, waitUntil(connection.descriptor, POLLIN, within: .milliseconds(50))
        else { return nil }
        return try connection.receive()
      }
      #expect(refusal.status == 503)
      #expect(refusal.errorCode == "busy")
      #expect(held.count > 120)
      #expect(try held[0].request("GET", "/healthz").status == 200, "who has a place keeps it")
      held.removeAll()
      try eventually("others are let in again") { try daemon.get("/healthz").status == 200 }
    }

    // MARK: Rights

    private func control(
      _ daemon: Daemon, as user: [String], _ words: [String]
    ) throws -> (end: ChildProcess.End, output: String) {
      try ChildProcess.run(
        ["setpriv"] + user + [Programs.control, "--socket", daemon.socket] + words)
    }

    @Test(
      "who is not root nor an operator may not open the socket, nor act through it",
      .enabled(if: isRoot, "needs root to be another user"))
    func strangers() throws {
      let daemon = try Daemon.running([Self.unwatched])
      var info = stat()
      #expect(stat(daemon.socket, &info) == 0)
      #expect(info.st_mode & 0o777 == 0o600)
      let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"]
      let closed = try control(daemon, as: nobody, ["links"])
      #expect(closed.end != .exited(0))
      #expect(closed.output.contains("Permission denied"), "\(closed.output)")

      // Where an administrator opens it to all, they may read, and the act is refused.
      chmod(daemon.socket, 0o666)
      #expect(try control(daemon, as: nobody, ["links"]).end == .exited(0))
      let refused = try control(daemon, as: nobody, ["pause", Self.unwatched.id])
      #expect(refused.end == .exited(77), "\(refused.output)")
      let marks = try daemon.get("/v1/links/\(Self.unwatched.id)").json?["link"]?["marks"]?.array
      #expect(marks?.isEmpty == true)
      let audits = daemon.logLines(with: "audit")
      #expect(audits.count == 1)
      #expect(audits.first?.contains("uid=65534") == true)
      #expect(audits.first?.contains("refused with 403") == true)
    }

    @Test(
      "a member of an operators' group may open the socket and act",
      .enabled(if: isRoot, "needs root to be another user"))
    func operators() throws {
      let daemon = try Daemon.running(
        [Self.unwatched], settings: "control: { operators: [\"nogroup\"] },")
      var info = stat()
      #expect(stat(daemon.socket, &info) == 0)
      #expect(info.st_mode & 0o777 == 0o660)
      let member = ["--reuid=65533", "--regid=1", "--groups=65534"]
      let paused = try control(daemon, as: member, ["pause", Self.unwatched.id])
      #expect(paused.end == .exited(0), "\(paused.output)")
      let stranger = ["--reuid=65533", "--regid=1", "--clear-groups"]
      #expect(try control(daemon, as: stranger, ["links"]).end != .exited(0))
    }

    @Test("each act leaves one audit line that names the act, the outcome and the caller")
    func audit() throws {
      let daemon = try Daemon.running([Self.unwatched])
      let link = Self.unwatched.id
      try daemon.post("/v1/links/\(link)/pause", body: "{\"reason\": \"x\"}")
      try daemon.post("/v1/links/\(link)/resume")
      try daemon.post("/v1/links/\(link)/try")
      try daemon.post("/v1/schedule/reset")
      try daemon.post("/v1/reload")
      try daemon.post("/v1/links/no/where/pause")
      _ = try daemon.get("/v1/links")
      let lines = daemon.logLines(with: "audit")
      let acts = [
        "pause \(link)", "resume \(link)", "try \(link)", "reset schedule", "reload", "no/where",
      ]
      #expect(lines.count == acts.count, "reading leaves none")
      for (line, act) in zip(lines, acts) {
        #expect(line.contains(act))
        #expect(line.contains("uid=\(geteuid())"))
        #expect(line.contains("pid=\(getpid())"))
        #expect(line.contains(act == "no/where" ? "refused with 404" : "outcome=allowed"))
      }
    }
  }
}
