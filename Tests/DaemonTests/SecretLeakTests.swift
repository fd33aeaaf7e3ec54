import Base
import Glibc
import Host
import Testing
import Wire

extension DaemonTests {
  /// Every kind of secret against a server that repeats whatever it can, and a search through
  /// everything that the daemon says and writes.
  @Suite("Secrets that servers repeat") struct SecretLeaks {
    private static let planted = [
      "bearer": "leak-bearer-7f3a9c", "basic": "leak-basic-11b2d8", "digest": "leak-digest-c04e71",
      "header": "leak-header-93aa5f", "body": "leak-body-5d6e2b", "client": "leak-client-e8217c",
    ]
    private static let issued = "leak-token-40f6b3"

    /// What must be found nowhere.
    private func forbidden(_ key: String) -> [String] {
      let line = key.split(separator: "\n").first { !$0.hasPrefix("-----") } ?? ""
      return Self.planted.values.sorted() + [
        Self.issued, String(line),
        base64Encode(Array("user:\(Self.planted["basic"] ?? "")".utf8)),
        base64Encode(Array("linkhealth:\(Self.planted["client"] ?? "")".utf8)),
      ]
    }

    /// Answers with all that it was sent, in the body's code and where a redirect leads.
    private func echoing(_ key: String) throws -> TestServer {
      let known = Self.planted
      return try TestServer { connection in
        while let (head, body) = connection.request() {
          let authorization = head.header("authorization") ?? ""
          var echo = String(decoding: body, as: UTF8.self) + (head.header("x-extra") ?? "")
          if head.path.hasPrefix("/basic") { echo = "\(known["basic"] ?? "") \(authorization)" }
          if head.path.hasPrefix("/digest") {
            if authorization.isEmpty {
              connection.answer(
                401,
                headers: [
                  ("WWW-Authenticate", "Digest realm=\"r\", qop=\"auth\", nonce=\"n\"")
                ])
              continue
            }
            echo = known["digest"] ?? ""
          }
          if head.path.hasPrefix("/bearer") || head.path.hasPrefix("/token") {
            echo = authorization
          }
          if head.path.hasPrefix("/key") {
            echo = String(key.split(separator: "\n").first { !$0.hasPrefix("-----") } ?? "")
          }
          if head.path.hasSuffix("/redirect") {
            let name = echo.split(separator: " ").last ?? ""
            connection.answer(302, headers: [("Location", "http://\(name).example/")])
          } else {
            connection.answer(200, "{\"code\":\"\(echo)\"}")
          }
        }
      }
    }

    private func links(_ url: String) -> [WatchedLink] {
      func link(
        _ service: String, _ path: String, _ probe: String, request: String = "",
        tls: String = ""
      ) -> WatchedLink {
        WatchedLink(
          service: service, url: "\(url)/\(path)", every: "200ms", request: request, tls: tls,
          expect: #"code: { path: "code", ok: ["0"] }"#, probe: probe, alert: "failures: \"1 of 1\""
        )
      }
      let bearer = #"auth: { bearer: "{secret:bearer}" },"#
      return [
        link("bearer", "bearer", bearer), link("away", "bearer/redirect", bearer),
        link("basic", "basic", #"auth: { basic: { user: "user", password: "{secret:basic}" } },"#),
        link(
          "digest", "digest", #"auth: { digest: { user: "user", password: "{secret:digest}" } },"#),
        link("header", "header", "", request: #"headers: { "X-Extra": "{secret:header}" }"#),
        link("body", "body", "", request: #"body: "{secret:body}""#),
        link(
          "key", "key", "",
          tls: #"clientCertificate: "{secret:cert}", clientKey: "{secret:key}""#),
        link("token-user", "token", #"auth: { token: "lgsp" },"#),
      ]
    }

    @Test("no secret is found in anything that is shown, told, logged or written")
    func search() throws {
      let files = try Certificates.shared.get()
      let key = try #require(fileText(files.key))
      let server = try echoing(key)
      defer { server.stop() }
      let issuer = try TokenServer(token: Self.issued)
      defer { issuer.stop() }
      let receiver = try WebhookReceiver()
      defer { receiver.stop() }
      let links = links(server.url)
      let daemon = try Daemon(
        links,
        settings: WebhookReceiver.settings(port: receiver.port) + issuer.settings(#"every: "1s""#))
      try WebhookReceiver.writeSecret(daemon)
      for (name, text) in Self.planted {
        try daemon.place.write("secrets/\(name)", text + "\n", mode: 0o600)
      }
      try daemon.place.write("secrets/key", key, mode: 0o600)
      try daemon.place.write(
        "secrets/cert", try #require(fileText(files.certificate(.good))), mode: 0o600)
      try daemon.start()

      for link in links {
        try eventually("\(link.id) has a sample whose detail was masked") {
          try daemon.samples(link).last?.detail.contains("{secret:") ?? false
        }
      }
      // The issuer repeats the secret in its error's name.
      issuer.error.current = "no \(Self.planted["client"] ?? "")"
      issuer.token.current = nil
      try eventually("the token's link fails") {
        try daemon.get("/v1/links/token/lgsp/samples?limit=5").text.contains("no {secret:client}")
      }
      _ = try receiver.waitForAccepted(links.count)

      var shown = [daemon.log]
      for target in [
        "/v1/status", "/v1/links", "/v1/incidents?status=open", "/v1/incidents?status=resolved",
        "/v1/links/token/lgsp", "/v1/links/token/lgsp/samples", "/v1/matrix",
        "/v1/links/token/lgsp/explain",
      ] {
        shown.append(try daemon.get(target).text)
      }
      shown.append(try daemon.post("/v1/links/token/lgsp/try").text)
      for link in links {
        shown.append(try daemon.get("/v1/links/\(link.id)").text)
        shown.append(try daemon.get("/v1/links/\(link.id)/samples").text)
        shown.append(try daemon.get("/v1/links/\(link.id)/explain").text)
        shown.append(try daemon.post("/v1/links/\(link.id)/try").text)
      }
      shown += receiver.received.all.map { String(decoding: $0.body, as: UTF8.self) }
      for words in [["status"], ["links"], ["incidents"], ["try", links[0].id]] {
        shown.append(
          try ChildProcess.run([Programs.control, "--socket", daemon.socket] + words).output)
      }
      try daemon.stop()
      shown.append(daemon.log)

      for text in forbidden(key) {
        for page in shown { #expect(!page.contains(text), "\(text) is shown: \(page.prefix(400))") }
        let found = try ChildProcess.run(["grep", "-raFl", "-e", text, daemon.state])
        #expect(found.end == .exited(1), "\(text) is written in \(found.output)")
      }
      #expect(fileNames("\(daemon.state)/history").count > 0, "there was something to search")
    }
  }
}
