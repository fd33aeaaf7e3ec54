import Base
import Glibc
import Host
import Testing
import Wire

/// A server, and how both kinds are to name what they see of it.
private struct ServerRow: CustomTestStringConvertible {
  var reason: String
  var certificate: String
  var key = "ec"
  var chain: String?
  var more: [String] = []
  var http: String
  /// The same as `http` where it is not given.
  var tls: String?
  /// What the steps of both must tell; nothing for `http` where it has nothing to tell.
  var says = ""
  var saysOnlyTLS = false

  var testDescription: String { reason }

  func server() throws -> OpenSSLServer {
    try OpenSSLServer(certificate: certificate, key: key, chain: chain, more)
  }
}

extension DaemonTests {
  @Suite("Chains of certificates") struct CertificateChains {
    private static let clients = ["-Verify", "3", "-verify_return_error", "-verifyCAfile"]

    private static let rows: [ServerRow] = [
      ServerRow(reason: "good, RSA", certificate: "rsa", key: "rsa", http: "ok"),
      ServerRow(reason: "good, ECDSA", certificate: "ec", http: "ok"),
      ServerRow(
        reason: "good, by an intermediate", certificate: "below", chain: "between", http: "ok"),
      ServerRow(
        reason: "expired", certificate: "expired", http: "tls.expired",
        says: "server, issued by Test root, expired on 2021-01-01"),
      ServerRow(
        reason: "not valid yet", certificate: "early", http: "tls.notYetValid",
        says: "server, issued by Test root, not valid before 2090-01-01"),
      ServerRow(
        reason: "wrong name", certificate: "other", http: "tls.wrongName",
        says: "the certificate is for other.example, not for 127.0.0.1"),
      ServerRow(
        reason: "self-signed", certificate: "self", http: "tls.selfSigned",
        says: "server is signed by itself"),
      ServerRow(
        reason: "unknown issuer, which is not sent", certificate: "stranger",
        http: "tls.unknownIssuer", says: "nobody whom we believe has signed server"),
      ServerRow(
        reason: "unknown issuer, which is sent", certificate: "stranger", chain: "other-ca",
        http: "tls.unknownIssuer", says: "nobody whom we believe has signed Another root"),
      ServerRow(
        reason: "missing intermediate", certificate: "below", http: "tls.incompleteChain",
        says: "the certificate of Between, the issuer of server, is not sent"),
      ServerRow(
        reason: "missing intermediate, the root sent", certificate: "below", chain: "ca",
        http: "tls.incompleteChain", says: "the certificate of Between"),
      ServerRow(
        reason: "expired intermediate", certificate: "below-old", chain: "old-between",
        http: "tls.intermediateExpired",
        says: "Old between, issued by Test root, expired on 2021-01-01"),
      ServerRow(
        reason: "intermediate not valid yet", certificate: "below-early", chain: "early-between",
        http: "tls.intermediateNotYetValid", says: "not valid before 2090-01-01"),
      ServerRow(
        reason: "weak key", certificate: "weak", key: "weak",
        more: ["-cipher", "DEFAULT@SECLEVEL=0"], http: "tls.weakKey",
        says: "server, issued by Test root: RSA 1024 bits"),
      ServerRow(
        reason: "old protocol", certificate: "rsa", key: "rsa",
        more: ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], http: "tls.protocolVersion"),
      ServerRow(
        reason: "client certificate required, TLS 1.3", certificate: "ec",
        more: ["-tls1_3"] + clients, http: "tls.clientCertificate",
        says: "the server asks for one; we have none"),
      ServerRow(
        reason: "client certificate required, TLS 1.2", certificate: "ec",
        more: ["-tls1_2"] + clients, http: "tls.clientCertificate",
        says: "the server asks for one; we have none"),
      ServerRow(
        reason: "client certificate asked for and not required", certificate: "ec",
        more: ["-verify", "3"], http: "ok", says: "the server asks for a client certificate",
        saysOnlyTLS: true),
      ServerRow(
        reason: "needless root", certificate: "below", chain: "between-and-root", http: "ok",
        tls: "warning.untidyChain", says: "the chain is untidy: the root is sent",
        saysOnlyTLS: true),
      ServerRow(
        reason: "wrong order", certificate: "below", chain: "root-and-between", http: "ok",
        tls: "warning.untidyChain", says: "wrong order", saysOnlyTLS: true),
      ServerRow(
        reason: "one that does not belong", certificate: "ec", chain: "between", http: "ok",
        tls: "warning.untidyChain", says: "one does not belong", saysOnlyTLS: true),
      ServerRow(
        reason: "expires soon", certificate: "soon", http: "ok",
        tls: "warning.certificateExpires", says: "server, issued by Test root, valid until",
        saysOnlyTLS: true),
      ServerRow(
        reason: "an intermediate expires soon", certificate: "below-soon", chain: "soon-between",
        http: "ok", tls: "warning.intermediateExpires", says: "Soon between", saysOnlyTLS: true),
    ]

    private func links(
      _ port: UInt16, tls: String = "", timeout: String = "5s"
    ) throws -> (http: WatchedLink, tls: WatchedLink) {
      let settings = "caFile: \"\(try Chains.shared.get().file("ca.pem"))\", \(tls)"
      let address = "127.0.0.1:\(port)"
      let http = WatchedLink(
        service: "http", url: "https://\(address)/", timeout: timeout, tls: settings)
      var tls = WatchedLink(service: "tls", url: "")
      tls.other = """
        { kind: "tls", every: "24h", timeout: "\(timeout)", target: "\(address)",
          tls: { \(settings) } }
        """
      return (http, tls)
    }

    @Test("a server is named rightly by both kinds", arguments: rows)
    private func named(_ row: ServerRow) throws {
      var row = row
      // The server takes certificates of the other authority alone.
      if row.more.last == "-verifyCAfile" {
        row.more.append(try Chains.shared.get().file("other-ca.pem"))
      }
      let server = try row.server()
      defer { server.stop() }
      let links = try links(server.port)
      let daemon = try Daemon.running([links.http, links.tls])
      let http = try daemon.attempt(links.http)
      #expect(http.outcome == row.http, "\(http.steps)")
      let tls = try daemon.attempt(links.tls)
      #expect(tls.outcome == row.tls ?? row.http, "\(tls.steps)")
      let said = { (attempt: Attempt) in attempt.steps.contains { $0.contains(row.says) } }
      if !row.says.isEmpty {
        if !row.saysOnlyTLS { #expect(said(http), "\(http.steps)") }
        #expect(said(tls), "\(tls.steps)")
      }
    }

    @Test("the step that a certificate's end has reached is the detail")
    func detail() throws {
      let server = try OpenSSLServer(certificate: "soon", key: "ec")
      defer { server.stop() }
      let link = try links(server.port).tls
      let attempt = try tryOnce(link)
      #expect(attempt.sample.detail == "14")
      let note = attempt.sample.node["note"]?.string ?? ""
      #expect(note.hasPrefix("server, issued by Test root, valid until"), "\(note)")
      #expect(!attempt.steps.isEmpty)
    }

    @Test(
      "a client certificate of the right authority is taken, another refused",
      arguments: ["-tls1_2", "-tls1_3"])
    func clientCertificate(version: String) throws {
      let files = try Chains.shared.get()
      let server = try OpenSSLServer(
        certificate: "ec", key: "ec",
        [version] + Self.clients + [files.file("other-ca.pem")])
      defer { server.stop() }
      var rows: [(outcome: String, http: WatchedLink, tls: WatchedLink)] = []
      for (name, outcome) in [("stranger", "ok"), ("rsa", "tls.clientCertificate")] {
        let keys =
          "clientCertificate: \"{secret:\(name)}\", clientKey: \"{secret:\(name)-key}\""
        var pair = try links(server.port, tls: keys)
        pair.http.service += "-\(name)"
        pair.tls.service += "-\(name)"
        rows.append((outcome, pair.http, pair.tls))
      }
      let daemon = try Daemon.running(rows.flatMap { [$0.http, $0.tls] }) { daemon in
        for (name, key) in [("stranger", "ec"), ("rsa", "rsa")] {
          for (secret, file) in [(name, "\(name).pem"), ("\(name)-key", "\(key).key")] {
            let text = fileText(files.file(file)) ?? ""
            try daemon.place.write("secrets/\(secret)", text, mode: 0o600)
          }
        }
      }
      for row in rows {
        for link in [row.http, row.tls] {
          let attempt = try daemon.attempt(link)
          #expect(attempt.outcome == row.outcome, "\(link.service): \(attempt.steps)")
        }
      }
    }

    @Test("what does not speak TLS is named as such by both kinds")
    func notTLS() throws {
      let server = try TestServer { connection in
        connection.send("220 not TLS at all, and not HTTP either\r\n")
        connection.hold()
      }
      defer { server.stop() }
      try expect("tls.notTLS", server.port)
    }

    @Test("a server that goes or is silent within the handshake is told apart")
    func broken() throws {
      let closing = try TestServer { _ in }
      defer { closing.stop() }
      let silent = try TestServer { $0.hold() }
      defer { silent.stop() }
      try expect("tls.timedOut", silent.port, timeout: "400ms")
      let links = try links(closing.port)
      let daemon = try Daemon.running([links.http, links.tls])
      for link in [links.http, links.tls] {
        let outcome = try daemon.attempt(link).outcome
        // Whether it is closed or reset depends on what the server had read.
        #expect(["tls.handshake", "tls.reset"].contains(outcome), "\(link.service)")
      }
    }

    private func expect(_ outcome: String, _ port: UInt16, timeout: String = "5s") throws {
      let links = try links(port, timeout: timeout)
      let daemon = try Daemon.running([links.http, links.tls])
      for link in [links.http, links.tls] {
        #expect(try daemon.attempt(link).outcome == outcome, "\(link.service)")
      }
    }

    @Test("a good server is not told to have a bad authority where we have too few descriptors")
    func fewDescriptors() throws {
      let server = try OpenSSLServer(certificate: "ec", key: "ec", [])
      defer { server.stop() }
      let links = try links(server.port)
      let daemon = try Daemon.running([links.http, links.tls])
      let pid = try #require(daemon.process?.pid)
      var limit = DescriptorLimit()
      for left in 0...8 {
        // The authorities are read anew with the first handshake after it.
        #expect(try daemon.post("/v1/reload?yes=true").status == 200)
        let caller = try daemon.connect()
        _ = try caller.request("GET", "/v1/status")
        for link in [links.http, links.tls] {
          try limit.leave(left, to: pid)
          let answer = try caller.request("POST", "/v1/links/\(link.id)/try")
          let found = try #require(answer.json?["attempts"]?.array?.first?["sample"])
          let outcome = found["outcome"]?.string ?? ""
          let sentence = found["sentence"]?.string ?? ""
          let words = "\(link.service), \(left) left: \(outcome), \(sentence)"
          #expect(outcome.hasPrefix("skipped.") || outcome == "ok" && left > 0, "\(words)")
          if left == 8 { #expect(outcome == "ok", "\(words)") }
        }
        try limit.leave(nil, to: pid)
      }
    }

    @Test("a handshake leaves no connection behind")
    func descriptors() throws {
      let server = try OpenSSLServer(
        certificate: "ec", key: "ec", ["-Verify", "3", "-verify_return_error"])
      defer { server.stop() }
      let link = try links(server.port).tls
      let daemon = try Daemon.running([link])
      let pid = try #require(daemon.process?.pid)
      #expect(try daemon.attempt(link).outcome == "tls.clientCertificate")
      let before = fileNames("/proc/\(pid)/fd").count
      for _ in 0..<20 { _ = try daemon.attempt(link) }
      // The ring's file may have been opened since, and the last question's own connection may be closed
      // a moment later: a few more are no leak, one for each handshake would be twenty.
      try eventually("no descriptor is left over") {
        fileNames("/proc/\(pid)/fd").count < before + 5
      }
    }

    @Test(
      "a certificate is read as openssl reads it",
      arguments: ["rsa", "ec", "expired", "weak", "below", "between", "stranger", "self", "ed"])
    func sameAsOpenSSL(name: String) throws {
      let file = try Chains.shared.get().file("\(name).pem")
      let pem = try #require(fileText(file))
      let lines = pem.split(separator: "\n")
      let start = try #require(lines.firstIndex { $0.contains("BEGIN CERTIFICATE") })
      let end = try #require(lines.firstIndex { $0.contains("END CERTIFICATE") })
      let certificate = try Certificate(
        try #require(base64Decode(lines[(start + 1)..<end].joined())))
      let told = try ChildProcess.run([
        "openssl", "x509", "-in", file, "-noout", "-subject", "-issuer", "-serial", "-startdate",
        "-enddate", "-dateopt", "iso_8601", "-text", "-nameopt", "RFC2253",
      ]).output
      let flat = told.filter { $0 != " " }
      func date(_ seconds: Int64) -> String {
        let text = WallTime(milliseconds: seconds * 1_000).description
        return "\(text.prefix(10))\(text.dropFirst(11).prefix(8))Z"
      }
      #expect(flat.contains("subject=\(certificate.subject.text.filter { $0 != " " })\n"))
      #expect(flat.contains("issuer=\(certificate.issuer.text.filter { $0 != " " })\n"))
      let serial = certificate.serial.drop { $0 == 0 }
      #expect(flat.lowercased().contains("serial=\(hexadecimal(Array(serial)))\n"), "\(flat)")
      #expect(flat.contains("notBefore=\(date(certificate.notBefore))"), "\(flat)")
      #expect(flat.contains("notAfter=\(date(certificate.notAfter))"))
      if certificate.key.algorithm != "Ed25519" {
        #expect(flat.contains("Public-Key:(\(certificate.key.bits)bit)"))
      }
      #expect(flat.contains("CA:TRUE") == certificate.isAuthority)
      for id in [certificate.subjectKeyID, certificate.authorityKeyID].compactMap({ $0 }) {
        #expect(flat.filter { $0 != ":" }.lowercased().contains(hexadecimal(id)))
      }
      #expect(flat.contains("DirName:") == (certificate.authorityIssuer != nil))
      for dns in certificate.dnsNames { #expect(flat.contains("DNS:\(dns)")) }
      for address in certificate.addresses { #expect(flat.contains("IPAddress:\(address)")) }
    }
  }
}
