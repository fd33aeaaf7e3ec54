import Base
import Glibc
import Host
import Testing
import Wire

extension DaemonTests {
  @Suite("TLS") struct TLS {
    private func trusted(_ url: String, tls: String = "", expect: String = "") throws -> WatchedLink
    {
      let authority = try Certificates.shared.get().authority
      return WatchedLink(url: url, tls: "caFile: \"\(authority)\", \(tls)", expect: expect)
    }

    @Test("a certificate of a private authority that is configured is accepted")
    func privateAuthority() throws {
      let nginx = try Nginx.https()
      defer { nginx.stop() }
      let attempt = try tryOnce(try trusted("https://127.0.0.1:\(nginx.port)/"))
      #expect(attempt.outcome == "ok", "\(attempt.sample.sentence)")
      #expect(attempt.sample.microseconds("tls") > 0)
      #expect(attempt.sample.microseconds("connect") > 0)
    }

    @Test("the authority can be configured for all probes")
    func authorityForAll() throws {
      let nginx = try Nginx.https()
      defer { nginx.stop() }
      let authority = try Certificates.shared.get().authority
      let attempt = try tryOnce(
        WatchedLink(url: "https://localhost:\(nginx.port)/"),
        settings: "defaults: { caFile: \"\(authority)\" },")
      #expect(attempt.outcome == "ok", "\(attempt.sample.sentence)")
    }

    @Test("HTTP/2 is spoken where the server offers it, HTTP/1.1 where the probe asks for it")
    func http2() throws {
      let nginx = try Nginx.https(listen: "ssl http2")
      defer { nginx.stop() }
      var two = try trusted(
        "https://127.0.0.1:\(nginx.port)/", expect: "text: [\"spoken: HTTP/2.0\"]")
      var one = two
      two.service = "two"
      one.service = "one"
      one.request = "version: \"1.1\""
      one.expect = "text: [\"spoken: HTTP/1.1\"]"
      let daemon = try Daemon.running([one, two])
      #expect(try daemon.attempt(two).outcome == "ok")
      #expect(try daemon.attempt(one).outcome == "ok")
    }

    @Test(
      "a certificate that must not be accepted is refused, and why is told apart",
      arguments: [
        (.expired, "tls.expired"), (.notYetValid, "tls.notYetValid"),
        (.wrongName, "tls.wrongName"), (.selfSigned, "tls.selfSigned"),
        (.unknownIssuer, "tls.unknownIssuer"),
      ] as [(Certificates.Kind, String)])
    func refused(kind: Certificates.Kind, outcome: String) throws {
      let nginx = try Nginx.https(kind)
      defer { nginx.stop() }
      let attempt = try tryOnce(try trusted("https://127.0.0.1:\(nginx.port)/"))
      #expect(attempt.outcome == outcome)
      #expect(attempt.sample.httpStatus == nil, "nothing was asked of a server that is not trusted")
      #expect(attempt.sample.microseconds("tls") > 0)
    }

    @Test("a bad certificate is accepted only where the probe says so")
    func unverified() throws {
      let nginx = try Nginx.https(.expired)
      defer { nginx.stop() }
      let attempt = try tryOnce(
        try trusted("https://127.0.0.1:\(nginx.port)/", tls: "verify: false"))
      #expect(attempt.outcome == "ok")
    }

    @Test("the name that is checked can be another than the address's")
    func serverName() throws {
      let nginx = try Nginx.https(.wrongName)
      defer { nginx.stop() }
      let attempt = try tryOnce(
        try trusted("https://127.0.0.1:\(nginx.port)/", tls: "serverName: \"other.example\""))
      #expect(attempt.outcome == "ok", "\(attempt.sample.sentence)")
    }

    @Test("a port without TLS is told as such")
    func plainPort() throws {
      let server = try TestServer { connection in
        connection.send("220 not TLS at all, and not HTTP either\r\n")
        connection.hold()
      }
      defer { server.stop() }
      let attempt = try tryOnce(try trusted("https://127.0.0.1:\(server.port)/"))
      #expect(attempt.outcome == "tls.notTLS")
    }

    @Test("a handshake that never goes on is ended in time")
    func silentHandshake() throws {
      let server = try TestServer { $0.hold() }
      defer { server.stop() }
      var link = try trusted("https://127.0.0.1:\(server.port)/")
      link.timeout = "400ms"
      let attempt = try tryOnce(link)
      #expect(attempt.outcome == "tls.timedOut")
      #expect(attempt.sample.microseconds("tls") > 300_000)
    }

    @Test("a server that offers only old versions of TLS has none in common")
    func oldVersion() throws {
      let nginx = try Nginx.https(.good, listen: "ssl", "ssl_protocols TLSv1.2;")
      defer { nginx.stop() }
      let attempt = try tryOnce(
        try trusted("https://127.0.0.1:\(nginx.port)/", tls: "minimumVersion: \"1.3\""))
      #expect(attempt.outcome == "tls.protocolVersion")
    }

    @Test("where HTTP/2 is demanded, a server that speaks HTTP/1.1 is not right")
    func demandedHTTP2() throws {
      let nginx = try Nginx.https(listen: "ssl")
      defer { nginx.stop() }
      var link = try trusted("https://127.0.0.1:\(nginx.port)/")
      link.request = "version: \"2\""
      #expect(try tryOnce(link).outcome == "http.otherVersion")
    }

    @Test("an authority's file that holds none is told as such, not as the server's fault")
    func wrongAuthority() throws {
      let nginx = try Nginx.https()
      defer { nginx.stop() }
      let link = WatchedLink(
        url: "https://127.0.0.1:\(nginx.port)/", tls: "caFile: \"/etc/passwd\"")
      #expect(try tryOnce(link).outcome == "tls.caFile")
    }

    @Test("an authority's file that is not there is a mistake of the file that names it")
    func missingAuthority() throws {
      let daemon = try Daemon(
        [WatchedLink(url: "https://127.0.0.1/", tls: "caFile: \"/nowhere/ca.pem\"")])
      #expect(try daemon.startInVain() == .exited(78))
      #expect(daemon.log.contains("cannot read /nowhere/ca.pem"))
    }
  }
}
