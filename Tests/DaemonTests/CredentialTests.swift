import Base
import Glibc
import Host
import Testing
import Wire

extension DaemonTests {
  @Suite("Credentials") struct Credentials {
    struct Seen: Sendable {
      var authorization: String
      var key: String
      var body: String
    }

    private func recording(_ seen: Recorder<Seen>) throws -> TestServer {
      try TestServer { connection in
        while let (head, body) = connection.request() {
          seen.append(
            Seen(
              authorization: head.header("authorization") ?? "",
              key: head.header("x-api-key") ?? "", body: String(decoding: body, as: UTF8.self)))
          connection.answer(200)
        }
      }
    }

    private func daemon(
      _ links: [WatchedLink], secrets: [String: String], settings: String = ""
    ) throws -> Daemon {
      try Daemon.running(links, settings: settings) { daemon in
        for (name, text) in secrets {
          try daemon.place.write("secrets/\(name)", text, mode: 0o600)
        }
      }
    }

    @Test("bearer, basic, headers and bodies arrive with the secrets of the files")
    func arrive() throws {
      let seen = Recorder<Seen>()
      let server = try recording(seen)
      defer { server.stop() }
      let links = [
        WatchedLink(
          service: "bearer", url: "\(server.url)/", probe: #"auth: { bearer: "{secret:one}" },"#),
        WatchedLink(
          service: "basic", url: "\(server.url)/",
          probe: #"auth: { basic: { user: "Aladdin", password: "{secret:two}" } },"#),
        WatchedLink(
          service: "texts", url: "\(server.url)/",
          request: #"headers: { "X-Api-Key": "k-{secret:one}" }, body: "pw={secret:two}""#),
      ]
      let daemon = try daemon(links, secrets: ["one": "first\n", "two": "open sesame"])
      for link in links { #expect(try daemon.attempt(link).outcome == "ok") }
      #expect(
        seen.all.map(\.authorization) == [
          "Bearer first", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "",
        ])
      #expect(seen.all.map(\.key) == ["", "", "k-first"])
      #expect(seen.all.map(\.body) == ["", "", "pw=open sesame"])
    }

    @Test("nginx takes the right password and refuses the wrong one, which slows the probe down")
    func nginxBasic() throws {
      let place = try Workplace()
      let users = try place.write("users", "linkhealth:{PLAIN}right-password\n")
      let nginx = try Nginx(
        "auth_basic \"here\"; auth_basic_user_file \(users); location / { return 204; }"
          + " location /page { root \(place.path); try_files /users =404; }")
      defer { nginx.stop() }
      func link(_ service: String, _ secret: String) -> WatchedLink {
        WatchedLink(
          service: service, url: "http://127.0.0.1:\(nginx.port)/page",
          probe: "auth: { basic: { user: \"linkhealth\", password: \"{secret:\(secret)}\" } },")
      }
      let daemon = try daemon(
        [link("right", "right"), link("wrong", "wrong")],
        secrets: ["right": "right-password", "wrong": "wrong-password"])
      #expect(try daemon.attempt(link("right", "right")).outcome == "ok")
      let refused = try daemon.attempt(link("wrong", "wrong"))
      #expect(refused.outcome == "http.status")
      #expect(refused.sample.httpStatus == 401)
    }

    @Test("a digest is computed as RFC 7616 says, anew for each server's nonce")
    func digest() throws {
      let right = Recorder<Bool>()
      let nonces = Shared(0)
      let server = try TestServer { connection in
        while let (head, _) = connection.request() {
          guard let given = head.header("authorization") else {
            nonces.current += 1
            connection.answer(
              401,
              headers: [
                (
                  "WWW-Authenticate",
                  "Digest realm=\"r\", qop=\"auth\", algorithm=SHA-256, nonce=\"n\(nonces.current)\""
                )
              ])
            continue
          }
          let isRight = Self.isRight(given, nonce: "n\(nonces.current)")
          right.append(isRight)
          connection.answer(isRight ? 200 : 401)
        }
      }
      defer { server.stop() }
      let link = WatchedLink(
        url: "\(server.url)/a",
        probe: #"auth: { digest: { user: "Mufasa", password: "{secret:life}" } },"#)
      let daemon = try daemon([link], secrets: ["life": "Circle of Life"])
      for _ in 0..<3 {
        let attempt = try daemon.attempt(link)
        #expect(attempt.outcome == "ok", "\(attempt.sample.sentence)")
      }
      #expect(right.all == [true, true, true])
    }

    private static func isRight(_ given: String, nonce: String) -> Bool {
      func field(_ name: String) -> String {
        for part in given.dropFirst("Digest ".count).split(separator: ",") {
          let pair = part.split(separator: "=", maxSplits: 1)
          let key = pair.first?.drop { $0 == " " } ?? ""
          if key == name, pair.count == 2 {
            return String(pair[1].filter { $0 != "\"" })
          }
        }
        return ""
      }
      func hash(_ text: String) -> String { hexadecimal(sha256(Array(text.utf8))) }
      let user = hash("Mufasa:r:Circle of Life")
      let expected = hash(
        "\(user):\(nonce):\(field("nc")):\(field("cnonce")):auth:\(hash("GET:/a"))")
      return field("response") == expected && field("nonce") == nonce
    }

    // MARK: Client certificates

    private func certificates() throws -> (files: Certificates, secrets: [String: String]) {
      let files = try Certificates.shared.get()
      return (
        files,
        [
          "cert": try #require(fileText(files.certificate(.good))),
          "stranger": try #require(fileText(files.certificate(.unknownIssuer))),
          "key": try #require(fileText(files.key)),
        ]
      )
    }

    private func secured(_ service: String, _ port: UInt16, _ ca: String, _ cert: String?)
      -> WatchedLink
    {
      WatchedLink(
        service: service, url: "https://127.0.0.1:\(port)/",
        tls: "caFile: \"\(ca)\""
          + (cert.map { ", clientCertificate: \"{secret:\($0)}\", clientKey: \"{secret:key}\"" }
            ?? ""))
    }

    @Test("nginx takes a client certificate of its authority, and no other and none")
    func nginxClientCertificate() throws {
      let (files, secrets) = try certificates()
      let nginx = try Nginx.https(
        .good, "ssl_client_certificate \(files.authority); ssl_verify_client on;")
      defer { nginx.stop() }
      let good = secured("good", nginx.port, files.authority, "cert")
      let stranger = secured("stranger", nginx.port, files.authority, "stranger")
      let none = secured("none", nginx.port, files.authority, nil)
      let daemon = try daemon([good, stranger, none], secrets: secrets)
      #expect(try daemon.attempt(good).outcome == "ok")
      // nginx ends the handshake and tells by a status of its own.
      for link in [stranger, none] {
        let attempt = try daemon.attempt(link)
        #expect(attempt.outcome == "http.status")
        #expect(attempt.sample.httpStatus == 400)
      }
      #expect(try daemon.attempt(good).outcome == "ok")
    }

    @Test("connections that are kept do not lend one link's certificate to another")
    func keptConnections() throws {
      let (files, secrets) = try certificates()
      let nginx = try Nginx.https(
        .good, "ssl_client_certificate \(files.authority); ssl_verify_client on;")
      defer { nginx.stop() }
      var good = secured("good", nginx.port, files.authority, "cert")
      var none = secured("none", nginx.port, files.authority, nil)
      good.request = "reuse: true"
      none.request = "reuse: true"
      let daemon = try daemon([good, none], secrets: secrets)
      for _ in 0..<3 {
        #expect(try daemon.attempt(good).outcome == "ok")
        #expect(try daemon.attempt(none).sample.httpStatus == 400)
      }
    }

    @Test("a server that ends the handshake for want of a certificate is told as such")
    func required() throws {
      let (files, secrets) = try certificates()
      let port = try freePort()
      let server = try ChildProcess(
        [
          "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-cert",
          files.certificate(.good), "-key", files.key, "-CAfile", files.authority, "-Verify", "1",
          "-verify_return_error", "-www", "-quiet",
        ], output: "/dev/null")
      defer { server.kill() }
      let none = secured("none", port, files.authority, nil)
      let good = secured("good", port, files.authority, "cert")
      let daemon = try daemon([none, good], secrets: secrets)
      try eventually("the server listens") {
        try daemon.attempt(good).outcome == "ok"
      }
      #expect(try daemon.attempt(none).outcome == "tls.clientCertificate")
    }

    // MARK: What the daemon says of secrets

    @Test(
      "a daemon whose secrets are missing or readable does not start, and says which link needs them"
    )
    func refusesToStart() throws {
      let link = WatchedLink(
        url: "http://127.0.0.1:1/", probe: #"auth: { bearer: "{secret:one}" },"#)
      let missing = try Daemon([link])
      #expect(try missing.startInVain() == .exited(78))
      #expect(missing.log.contains("no secret one"))
      #expect(missing.log.contains("needed by subject/national"))
      #expect(missing.log.contains("/services/subject.json5:2:"))
      let readable = try Daemon([link])
      try readable.place.write("secrets/one", "planted-secret", mode: 0o640)
      #expect(try readable.startInVain() == .exited(78))
      #expect(readable.log.contains("may be read by others (mode 0640)"))
      #expect(!readable.log.contains("planted-secret"))
    }

    @Test("a reload takes a changed secret and keeps the link's state; one without it is refused")
    func reload() throws {
      let seen = Recorder<Seen>()
      let server = try recording(seen)
      defer { server.stop() }
      let link = WatchedLink(
        url: "\(server.url)/", every: "100ms", probe: #"auth: { bearer: "{secret:one}" },"#)
      let daemon = try daemon([link], secrets: ["one": "before"])
      try daemon.waitForState("up", of: link)
      try daemon.place.write("secrets/one", "after", mode: 0o600)
      let answer = try daemon.post("/v1/reload")
      #expect(answer.status == 200, "\(answer.text)")
      #expect(answer.json?["changed"]?.int == 1)
      #expect(try daemon.linkState(link) == "up", "at once, without new attempts")
      try eventually("the new secret is sent") {
        seen.all.last?.authorization == "Bearer after"
      }
      #expect(Set(seen.all.map(\.authorization)) == ["Bearer before", "Bearer after"])
      unlink("\(daemon.place.path)/secrets/one")
      let refused = try daemon.post("/v1/reload")
      #expect(refused.status == 422)
      #expect(refused.text.contains("needed by subject/national"))
      let count = seen.count
      try eventually("the link is watched as before") { seen.count > count }
      #expect(seen.all.last?.authorization == "Bearer after")
    }

    @Test(
      "linkhealthctl check notes a secret that is not here, and complains of it when told --secrets"
    )
    func check() throws {
      let daemon = try Daemon([
        WatchedLink(url: "http://127.0.0.1:1/", probe: #"auth: { bearer: "{secret:one}" },"#)
      ])
      try daemon.writeConfiguration()
      let lenient = try ChildProcess.run([Programs.control, "check", daemon.configurationFile])
      #expect(lenient.end == .exited(0), "\(lenient.output)")
      #expect(lenient.output.contains("no secret one"))
      let strict = try ChildProcess.run([
        Programs.control, "check", "--secrets", daemon.configurationFile,
      ])
      #expect(strict.end == .exited(1))
    }

    // MARK: Tokens

    @Test("links that share a token cause one fetch, and send what it brought")
    func tokens() throws {
      let seen = Recorder<Seen>()
      let server = try recording(seen)
      defer { server.stop() }
      let issuer = try TokenServer(token: "issued-1")
      defer { issuer.stop() }
      let links = (1...5).map {
        WatchedLink(
          service: "s\($0)", url: "\(server.url)/", every: "200ms",
          probe: #"auth: { token: "lgsp" },"#)
      }
      let daemon = try daemon(
        links, secrets: ["client": "s3cret"], settings: issuer.settings(#"scope: "read""#))
      for link in links { try daemon.waitForState("up", of: link) }
      #expect(issuer.asked.count == 1)
      #expect(
        issuer.asked.all.first?.authorization
          == "Basic \(base64Encode(Array("linkhealth:s3cret".utf8)))")
      #expect(issuer.asked.all.first?.body == "grant_type=client_credentials&scope=read")
      #expect(Set(seen.all.map(\.authorization)) == ["Bearer issued-1"])
      #expect(try daemon.get("/v1/links/token/lgsp").json?["link"]?["state"]?.string == "up")
    }

    @Test("a client that is refused makes its token's link fail, not those that need it")
    func refusedClient() throws {
      let seen = Recorder<Seen>()
      let server = try recording(seen)
      defer { server.stop() }
      let issuer = try TokenServer(token: nil)
      defer { issuer.stop() }
      let link = WatchedLink(
        url: "\(server.url)/", every: "100ms", probe: #"auth: { token: "lgsp" },"#)
      let daemon = try daemon(
        [link], secrets: ["client": "s3cret"], settings: issuer.settings(#"every: "200ms""#))
      try eventually("runs are skipped") {
        try daemon.samples(link).count { $0.outcome == "skipped.noToken" } > 10
      }
      #expect(try daemon.samples(link).allSatisfy(\.isSkipped))
      #expect(try daemon.linkState(link) == "unknown")
      #expect(seen.count == 0, "no request goes without the token")
      #expect(issuer.asked.count < 12, "\(issuer.asked.count)")
      let samples = try daemon.get("/v1/links/token/lgsp/samples").json?["samples"]?.array ?? []
      let told = samples.filter { $0["skipped"]?.bool != true }.map { $0["detail"]?.string }
      #expect(Set(told) == ["invalid_client"])
    }
  }
}
