import Base
import CLinux
import Glibc
import Host
import Testing
import Wire

extension DaemonTests {
  @Suite("The way to a server") struct Routes {
    /// A server that says what it was asked and answers well.
    private func listening(
      on address: String, _ heads: Recorder<String>
    ) throws -> TestServer {
      try TestServer(address: address) { connection in
        while let head = connection.rawHead() {
          heads.append(head)
          connection.answer()
        }
      }
    }

    private func redirecting(to target: @escaping @Sendable () -> String) throws -> TestServer {
      try TestServer { connection in
        while let request = connection.request() {
          if request.head.path == "/end" {
            connection.answer(200, request.head.header("X-Api-Key") ?? "no key")
          } else {
            connection.answer(302, headers: [("Location", target())])
          }
        }
      }
    }

    private static let credentials =
      #"method: "POST", body: "a secret body", otherHosts: true, headers: { "#
      + #"Authorization: "Bearer {secret:key}", "X-Api-Key": "{secret:key}", Cookie: "s=hidden" }"#

    /// One attempt with the secret that the headers name.
    private func tryWithSecret(_ link: WatchedLink) throws -> Attempt {
      let daemon = try Daemon.running([link]) { daemon in
        try daemon.place.write("secrets/key", "hidden", mode: 0o600)
      }
      return try daemon.attempt(link)
    }

    @Test("a redirect to another host is not followed unless that is allowed")
    func otherHostRefused() throws {
      let heads = Recorder<String>()
      let other = try listening(on: "127.0.0.2", heads)
      defer { other.stop() }
      let port = other.port
      let server = try redirecting { "http://127.0.0.2:\(port)/" }
      defer { server.stop() }
      let attempt = try tryOnce(WatchedLink(url: "\(server.url)/"))
      #expect(attempt.outcome == "http.redirectRefused")
      #expect(attempt.sample.detail.contains("127.0.0.2"))
      #expect(heads.count == 0)
    }

    @Test("where another host is allowed, it gets neither credentials nor the body")
    func credentialsStay() throws {
      let heads = Recorder<String>()
      let other = try listening(on: "127.0.0.2", heads)
      defer { other.stop() }
      let port = other.port
      let server = try redirecting { "http://127.0.0.2:\(port)/elsewhere" }
      defer { server.stop() }
      let attempt = try tryWithSecret(
        WatchedLink(url: "\(server.url)/", request: Self.credentials))
      #expect(attempt.outcome == "ok", "\(attempt.sample.sentence)")
      #expect(attempt.address == "127.0.0.2")
      let head = try #require(heads.all.first)
      #expect(head.hasPrefix("GET /elsewhere HTTP/1.1\r\n"))
      #expect(!head.contains("hidden"))
      #expect(!head.contains("secret"))
    }

    @Test("another port of the same host is another server: it gets no credentials either")
    func credentialsStayOnThePort() throws {
      let heads = Recorder<String>()
      let other = try listening(on: "127.0.0.1", heads)
      defer { other.stop() }
      let port = other.port
      let server = try redirecting { "http://127.0.0.1:\(port)/elsewhere" }
      defer { server.stop() }
      _ = try tryWithSecret(WatchedLink(url: "\(server.url)/", request: Self.credentials))
      for head in heads.all { #expect(!head.contains("hidden")) }
    }

    @Test("a redirect on the same server keeps its headers")
    func sameServer() throws {
      let server = try redirecting { "/end" }
      defer { server.stop() }
      let attempt = try tryWithSecret(
        WatchedLink(
          url: "\(server.url)/begin", request: #"headers: { "X-Api-Key": "{secret:key}" }"#,
          expect: #"text: ["hidden"]"#))
      #expect(attempt.outcome == "ok", "\(attempt.sample.sentence)")
    }

    @Test(
      "a redirect to what is not HTTP is refused",
      arguments: [
        "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:70/", "javascript:alert(1)",
        "http://user:word@127.0.0.1/", "http://",
      ])
    func otherProtocols(target: String) throws {
      let server = try redirecting { target }
      defer { server.stop() }
      let attempt = try tryOnce(WatchedLink(url: "\(server.url)/", request: "otherHosts: true"))
      #expect(attempt.outcome == "http.redirectRefused")
      #expect(attempt.sample.httpStatus == 302)
    }

    @Test("a redirect from HTTPS to HTTP is refused")
    func toPlain() throws {
      let nginx = try Nginx.https(.good, "return 302 http://127.0.0.1:80/;")
      defer { nginx.stop() }
      let authority = try Certificates.shared.get().authority
      let attempt = try tryOnce(
        WatchedLink(url: "https://127.0.0.1:\(nginx.port)/", tls: "caFile: \"\(authority)\""))
      #expect(attempt.outcome == "http.redirectRefused")
      #expect(attempt.sample.detail == "from https to http")
    }

    // MARK: Names

    @Test("a name that does not resolve fails in the look-up")
    func noSuchName() throws {
      let attempt = try tryOnce(WatchedLink(url: "http://nowhere.invalid/", timeout: "5s"))
      #expect(attempt.sample.phase == "resolve", "\(attempt.outcome)")
      #expect(attempt.sample.httpStatus == nil)
    }

    @Test(
      "what a name server says is told apart", .enabled(if: isRoot, "needs root to mount"),
      arguments: [
        (.noSuchName, "resolve.noSuchName"), (.empty, "resolve.noAddress"),
        (.serverFailure, "resolve.temporaryFailure"), (.silence, "resolve.timedOut"),
      ] as [(NameServer.Answer, String)])
    func nameServers(answer: NameServer.Answer, outcome: String) throws {
      let names = try NameServer(answer)
      defer { names.stop() }
      let link = WatchedLink(url: "http://service.example/", timeout: "800ms")
      let daemon = try Daemon.running([link]) { try names.serve($0) }
      let attempt = try daemon.attempt(link)
      #expect(attempt.outcome == outcome)
      #expect(attempt.sample.microseconds("resolve") > 0)
    }

    @Test(
      "a name server that never answers holds up neither other links nor the end of the daemon",
      .enabled(if: isRoot, "needs root to mount"))
    func silentNameServer() throws {
      let names = try NameServer(.silence)
      defer { names.stop() }
      let server = try TestServer { connection in
        while connection.request() != nil { connection.answer() }
      }
      defer { server.stop() }
      let stuck = (0..<12).map { number in
        WatchedLink(
          service: "stuck-\(number)", url: "http://service-\(number).example/", every: "500ms",
          timeout: "400ms")
      }
      let well = WatchedLink(service: "well", url: "\(server.url)/", every: "200ms")
      let daemon = try Daemon.running(stuck + [well]) { try names.serve($0) }
      try eventually("the stuck look-ups are told") {
        try daemon.samples(stuck[0]).contains { $0.outcome == "resolve.timedOut" }
      }
      let before = try daemon.samples(well).count
      try eventually("the other link goes on") { try daemon.samples(well).count >= before + 4 }
      #expect(try daemon.samples(well).allSatisfy(\.isOK))
      let later = try stuck.flatMap { try daemon.samples($0) }
      // The last once the system's resolver has given up and its answer is remembered for a while.
      let known = ["resolve.timedOut", "skipped.resolverBusy", "resolve.temporaryFailure"]
      #expect(later.allSatisfy { known.contains($0.outcome) }, "\(Set(later.map(\.outcome)))")
      #expect(try daemon.stop() == .exited(0))
    }

    // MARK: Addresses

    @Test("a server on IPv6 is reached by its literal address")
    func literalIPv6() throws {
      let server: TestServer
      do {
        server = try listening(on: "::1", Recorder())
      } catch {
        print("skipped: no IPv6 on the loopback: \(error)")
        return
      }
      defer { server.stop() }
      let attempt = try tryOnce(WatchedLink(url: "http://[::1]:\(server.port)/"))
      #expect(attempt.outcome == "ok")
      #expect(attempt.address == "::1")
    }

    @Test(
      "the next address of a name is tried when the first refuses",
      .enabled(if: isRoot, "needs root to mount"))
    func nextAddress() throws {
      let heads = Recorder<String>()
      let server = try listening(on: "127.0.0.4", heads)
      defer { server.stop() }
      let url = "http://both.example:\(server.port)/"
      let link = WatchedLink(url: url, request: "family: \"ipv4\"")
      let daemon = try Daemon.running([link]) { daemon in
        try daemon.see(
          "127.0.0.3 both.example\n127.0.0.4 both.example\n", at: "/etc/hosts")
      }
      let attempt = try daemon.attempt(link)
      #expect(attempt.outcome == "ok", "\(attempt.sample.sentence)")
      #expect(attempt.address == "127.0.0.4")
      #expect(heads.all.first?.contains("Host: both.example:\(server.port)\r\n") == true)
    }

    @Test("a connection comes from the source address that is configured")
    func sourceAddress() throws {
      let nginx = try Nginx("location / { return 200 \"from $remote_addr.\"; }")
      defer { nginx.stop() }
      let attempt = try tryOnce(
        WatchedLink(
          url: "http://127.0.0.1:\(nginx.port)/", request: "sourceAddress: \"127.0.0.5\"",
          expect: "text: [\"from 127.0.0.5.\"]"))
      #expect(attempt.outcome == "ok", "\(attempt.sample.sentence)")
    }

    @Test("a source address that this machine does not have is told as our own fault")
    func foreignSourceAddress() throws {
      let attempt = try tryOnce(
        WatchedLink(
          url: "http://127.0.0.1:\(try freePort())/", request: "sourceAddress: \"192.0.2.77\""))
      #expect(attempt.outcome == "connect.noLocalAddress")
    }

    // MARK: Proxies

    @Test("a proxy gets the whole address and looks the name up itself")
    func proxy() throws {
      let heads = Recorder<String>()
      let proxy = try listening(on: "127.0.0.1", heads)
      defer { proxy.stop() }
      let attempt = try tryOnce(
        WatchedLink(url: "http://behind.invalid:81/path", request: "proxy: \"\(proxy.url)\""))
      #expect(attempt.outcome == "ok", "\(attempt.sample.sentence)")
      #expect(heads.all.first?.hasPrefix("GET http://behind.invalid:81/path HTTP/1.1\r\n") == true)
    }

    @Test("a proxy is asked for numeric addresses too, and is found by its name")
    func proxyForAddresses() throws {
      let heads = Recorder<String>()
      let proxy = try listening(on: "127.0.0.1", heads)
      defer { proxy.stop() }
      let attempt = try tryOnce(
        WatchedLink(
          url: "http://192.0.2.9/path", request: "proxy: \"http://localhost:\(proxy.port)\""))
      #expect(attempt.outcome == "ok", "\(attempt.sample.sentence)")
      #expect(attempt.address == "127.0.0.1")
      #expect(heads.all.first?.hasPrefix("GET http://192.0.2.9/path HTTP/1.1\r\n") == true)
    }

    @Test("what cannot be a proxy is a mistake of the file")
    func wrongProxy() throws {
      let daemon = try Daemon(
        [WatchedLink(url: "http://127.0.0.1/", request: "proxy: \"proxy.example:3128\"")])
      #expect(try daemon.startInVain() == .exited(78))
      #expect(daemon.log.contains("HTTP proxy"))
    }

    @Test("a proxy that is not there, is silent, or refuses the tunnel is not the server's fault")
    func badProxy() throws {
      let proxy = try TestServer { connection in
        while connection.rawHead() != nil { connection.answer(403, "not you") }
      }
      defer { proxy.stop() }
      let silent = try TestServer { $0.hold() }
      defer { silent.stop() }
      let waiting = WatchedLink(
        service: "waiting", url: "https://behind.invalid/", timeout: "400ms",
        request: "proxy: \"\(silent.url)\"")
      let refusing = WatchedLink(
        service: "refusing", url: "https://behind.invalid/", request: "proxy: \"\(proxy.url)\"")
      let absent = WatchedLink(
        service: "absent", url: "http://behind.invalid/",
        request: "proxy: \"http://127.0.0.1:\(try freePort())\"")
      let unknown = WatchedLink(
        service: "unknown", url: "http://127.0.0.1/",
        request: "proxy: \"http://proxy.invalid:3128\"")
      let daemon = try Daemon.running([refusing, absent, waiting, unknown])
      #expect(try daemon.attempt(refusing).outcome == "connect.proxy")
      #expect(try daemon.attempt(absent).outcome == "connect.proxy")
      #expect(try daemon.attempt(waiting).outcome == "connect.timedOut")
      #expect(try daemon.attempt(unknown).outcome == "connect.proxy")
    }

    @Test("proxies of the environment are not looked at")
    func environmentProxy() throws {
      let server = try listening(on: "127.0.0.1", Recorder())
      defer { server.stop() }
      let link = WatchedLink(url: "\(server.url)/")
      let nowhere = "http://127.0.0.1:\(try freePort())"
      let daemon = try Daemon.running([link]) { daemon in
        daemon.environment = [("http_proxy", nowhere), ("ALL_PROXY", nowhere)]
      }
      #expect(try daemon.attempt(link).outcome == "ok")
    }
  }
}
