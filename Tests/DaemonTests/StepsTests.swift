import Base
import Glibc
import Host
import Testing
import Wire

extension DaemonTests {
  @Suite("Transactions") struct Steps {
    /// Log in by a form and get a cookie, see a page with a token, ask for the status with both.
    private static let server = #"""
      location = /login {
        if ($http_x_password != "right-password-1") { return 403 "no"; }
        add_header Set-Cookie "sid=session-value-77; Path=/; HttpOnly";
        return 302 /home;
      }
      location = /home {
        if ($cookie_sid != "session-value-77") { return 401 "who are you"; }
        default_type text/html;
        return 200 '<form><input name="csrf" value="csrf-value-88"></form>';
      }
      location = /status {
        if ($cookie_sid != "session-value-77") { return 401 "who are you"; }
        if ($arg_csrf != "csrf-value-88") { return 400 "$arg_csrf"; }
        default_type application/json;
        return 200 '{"status": "ready"}';
      }
      """#

    private func link(
      _ port: UInt16, password: String = "right-password-1", status: String = "/status",
      capture: String = "value="
    ) -> WatchedLink {
      var link = WatchedLink(url: "http://127.0.0.1:\(port)/")
      link.other = #"""
        { kind: "steps", every: "24h", timeout: "5s", steps: [
          { name: "login", request: { url: "http://127.0.0.1:\#(port)/login",
              headers: { "X-Password": "\#(password)" } },
            capture: { csrf: { pattern: '\#(capture)"([^"]+)' } } },
          { name: "status", request: {
              url: "http://127.0.0.1:\#(port)\#(status)?csrf={capture:csrf}" },
            expect: { json: [{ path: "status", equals: "ready" }] } },
        ] }
        """#
      return link
    }

    @Test("login, session and status go through, each step timed, and nothing captured is shown")
    func throughAll() throws {
      let nginx = try Nginx(Self.server)
      defer { nginx.stop() }
      let daemon = try Daemon.running([link(nginx.port)])
      let answer = try daemon.post("/v1/links/\(link(nginx.port).id)/try")
      let attempt = try daemon.attempt(link(nginx.port))
      #expect(attempt.outcome == "ok", "\(attempt.sample.sentence) \(attempt.steps)")
      let names = attempt.sample.node["readings"]?.array?.compactMap { $0["name"]?.string }
      #expect(names == ["login", "status"])
      for secret in ["session-value-77", "csrf-value-88"] {
        #expect(!answer.text.contains(secret))
        #expect(!daemon.log.contains(secret))
      }
    }

    @Test(
      "the step that fails is named",
      arguments: [
        ("wrong", "/status", "value=", "http.status", #"step 1 of 2 "login""#),
        ("right-password-1", "/nowhere", "value=", "http.status", #"step 2 of 2 "status""#),
        ("right-password-1", "/status", "other=", "answer.captureMissing", #"step 1 of 2 "login""#),
        ("right-password-1", "/home", "value=", "body.notJSON", #"step 2 of 2 "status""#),
      ])
    func failing(
      password: String, status: String, capture: String, outcome: String, note: String
    ) throws {
      let nginx = try Nginx(Self.server)
      defer { nginx.stop() }
      let attempt = try tryOnce(
        link(nginx.port, password: password, status: status, capture: capture))
      #expect(attempt.outcome == outcome, "\(attempt.sample.sentence)")
      #expect(attempt.sample.node["note"]?.string?.hasPrefix(note) == true)
    }

    @Test(
      "twenty steps against a server that drips each answer end in time, at a step that is named")
    func dripping() throws {
      let server = try TestServer { connection in
        while connection.request() != nil {
          connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
          connection.drip(every: .milliseconds(20)) { $0 < 10 ? "x" : nil }
        }
      }
      defer { server.stop() }
      let steps = (1...20).map {
        #"{ name: "s\#($0)", request: { url: "http://127.0.0.1:\#(server.port)/\#($0)" } }"#
      }
      var link = WatchedLink(url: "http://127.0.0.1:1/")
      link.other =
        "{ kind: \"steps\", every: \"24h\", timeout: \"1s\", steps: [\(steps.joined(separator: ","))] }"
      let attempt = try tryOnce(link)
      #expect(["body.timedOut", "http.timedOut"].contains(attempt.outcome))
      #expect(attempt.sample.node["note"]?.string?.contains("of 20 \"s") == true)
      #expect(attempt.sample.microseconds("total") < 1_500_000)
    }

    @Test("an operation that writes is refused in any step")
    func readOnly() throws {
      let nginx = try Nginx(Self.server)
      defer { nginx.stop() }
      let daemon = try Daemon([link(nginx.port, status: "/dangKyHoTich")])
      #expect(try daemon.startInVain() == .exited(78))
      #expect(daemon.log.contains("dangKyHoTich"))
    }
  }

  @Suite("Compressed answers") struct Compression {
    private static let text = String(repeating: "linkhealth ", count: 200) + "needle"

    private func link(_ port: UInt16, _ path: String = "/", limits: String = "") -> WatchedLink {
      var link = WatchedLink(
        url: "http://127.0.0.1:\(port)\(path)", expect: "text: [\"needle\"]")
      link.request = "compressed: true"
      link.limits = limits
      return link
    }

    @Test("are asked for where it is wanted, and judged unpacked")
    func unpacked() throws {
      let nginx = try Nginx(
        "gzip on; gzip_min_length 1; default_type application/json; gzip_types application/json;"
          + "location / { return 200 '\(Self.text)'; }")
      defer { nginx.stop() }
      let attempt = try tryOnce(link(nginx.port))
      #expect(attempt.outcome == "ok", "\(attempt.sample.sentence)")
      #expect(attempt.sample.bodyBytes == Self.text.utf8.count, "counted as what came out")
    }

    /// A gzip file of so many zeros, made by gzip itself.
    private func bomb(_ mebibytes: Int, in place: Workplace) throws -> [UInt8] {
      let made = try ChildProcess.run([
        "sh", "-c", "head -c \(mebibytes)M /dev/zero | gzip -9 > \(place.path)/bomb",
      ])
      guard made.end == .exited(0) else { throw HarnessError("gzip: \(made.output)") }
      return try fileBytes("\(place.path)/bomb")
    }

    @Test("a decompression bomb is too large as soon as what comes out is, and delays nobody")
    func bomb() throws {
      let place = try Workplace()
      let bytes = try bomb(64, in: place)
      #expect(bytes.count < 100_000)
      let server = try TestServer { connection in
        guard connection.request() != nil else { return }
        connection.send(
          "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(bytes.count)\r\n\r\n")
        connection.send(bytes)
        connection.hold()
      }
      defer { server.stop() }
      let attempt = try tryOnce(link(server.port, limits: "body: \"1MiB\""))
      #expect(attempt.outcome == "body.tooLarge")
      #expect(attempt.sample.microseconds("total") < 1_500_000)
    }

    @Test("a long text that comes in chunks is no bomb")
    func chunks() throws {
      let place = try Workplace()
      let made = try ChildProcess.run([
        "sh", "-c", "{ seq 140000; echo needle; } | gzip -9 > \(place.path)/text",
      ])
      #expect(made.end == .exited(0), "\(made.output)")
      let bytes = try fileBytes("\(place.path)/text")
      let server = try TestServer { connection in
        guard connection.request() != nil else { return }
        connection.send(
          "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in stride(from: 0, to: bytes.count, by: 3_000) {
          let chunk = bytes[start..<min(bytes.count, start + 3_000)]
          connection.send("\(String(chunk.count, radix: 16))\r\n")
          connection.send(Array(chunk) + Array("\r\n".utf8))
        }
        connection.send("0\r\n\r\n")
        connection.hold()
      }
      defer { server.stop() }
      let attempt = try tryOnce(link(server.port))
      #expect(attempt.outcome == "ok", "\(attempt.sample.sentence)")
      #expect(attempt.sample.bodyBytes > 800_000)
    }

    @Test("an encoding that is broken is told as such")
    func broken() throws {
      let server = try TestServer { connection in
        guard connection.request() != nil else { return }
        connection.send(
          "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\nneedle")
        connection.hold()
      }
      defer { server.stop() }
      #expect(try tryOnce(link(server.port)).outcome == "body.badEncoding")
    }
  }
}

private func fileBytes(_ path: String) throws -> [UInt8] {
  guard let file = fopen(path, "r") else { throw HarnessError("cannot read \(path)") }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
  return bytes
}
