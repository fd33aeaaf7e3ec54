import Base
import Host
import Testing
import Wire

/// An answer of a SOAP service, as nginx sends it from a file, and what an attempt must come to.
private struct SOAPAnswer: Sendable, CustomTestStringConvertible {
  var reason: String
  var status = 200
  /// Within the envelope's body; nil: the file is no envelope.
  var content: String?
  var outcome: String
  var detail = ""

  var testDescription: String { reason }

  var text: String {
    guard let content else { return "<html><body>login</body></html>" }
    return """
      <?xml version="1.0" encoding="utf-8"?>
      <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">
        <s:Header/><s:Body>\(content)</s:Body>
      </s:Envelope>

      """
  }
}

extension DaemonTests {
  /// What the shipped sample `soap` expects, of nginx over TLS.
  @Suite("SOAP, and HTTP/2 as it is demanded") struct SOAP {
    private static func status(_ code: String, unit: String = "H26") -> String {
      "<r:getStatusResponse xmlns:r=\"urn:status\"><r:code>\(code)</r:code>"
        + "<r:unit code=\"\(unit)\">Hà Nội</r:unit></r:getStatusResponse>"
    }

    private static func fault(_ code: String) -> String {
      "<s:Fault><faultcode>\(code)</faultcode><faultstring>no</faultstring></s:Fault>"
    }

    private static let answers = [
      SOAPAnswer(reason: "all is well", content: status("00"), outcome: "ok"),
      SOAPAnswer(
        reason: "the service's own code says that it failed", content: status("17"),
        outcome: "body.applicationCode", detail: "17"),
      SOAPAnswer(
        reason: "the answer is another unit's", content: status("00", unit: "H29"),
        outcome: "body.elementMismatch", detail: "Envelope/Body/getStatusResponse/unit/@code"),
      SOAPAnswer(
        reason: "the element is missing",
        content: "<r:getStatusResponse xmlns:r=\"urn:status\"><r:code>00</r:code>"
          + "</r:getStatusResponse>",
        outcome: "body.elementMissing", detail: "Envelope/Body/getStatusResponse/unit/@code"),
      SOAPAnswer(
        reason: "a fault, with the status that HTTP has for it", status: 500,
        content: fault("s:Server"),
        outcome: "body.fault", detail: "Server"),
      SOAPAnswer(
        reason: "a fault within a 200",
        content: fault("s:Client"),
        outcome: "body.fault", detail: "Client"),
      SOAPAnswer(reason: "a page to log in", content: nil, outcome: "body.notXML"),
      SOAPAnswer(reason: "no fault behind a 503", status: 503, content: "", outcome: "http.status"),
    ]

    private func link(_ url: String, _ number: Int, _ request: String = "") throws -> WatchedLink {
      let authority = try Certificates.shared.get().authority
      var link = WatchedLink(
        service: "soap-\(number)", url: url, tls: "caFile: \"\(authority)\"")
      link.request = """
        headers: { "Content-Type": "text/xml; charset=utf-8", SOAPAction: '"urn:getStatus"' },
          body: '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
          method: "POST", \(request)
        """
      link.expect = """
        body: "soap", code: { path: "Envelope/Body/getStatusResponse/code", ok: ["00"] },
          xml: [{ path: "Envelope/Body/getStatusResponse/unit/@code", equals: "H26" }]
        """
      return link
    }

    /// Answers each number's file to those who ask for it as SOAP does.
    private func server(_ files: Workplace, listen: String) throws -> Nginx {
      let certificates = try Certificates.shared.get()
      var places = ""
      for (number, answer) in Self.answers.enumerated() {
        try files.write("\(number).xml", answer.text)
        places += """
          location = /\(number) {
            if ($request_method != POST) { return 405; }
            if ($http_soapaction != '"urn:getStatus"') { return 400; }
            error_page 418 =\(answer.status) /\(number).xml;
            return 418;
          }

          """
      }
      return try Nginx(
        listen: listen,
        """
        ssl_certificate \(certificates.certificate(.good));
        ssl_certificate_key \(certificates.key);
        root \(files.path);
        types { text/xml xml; }
        \(places)
        location = /spoken { return 200 "spoken: $server_protocol\\n"; }
        """)
    }

    @Test("an answer from a file, over TLS, is told for what it is")
    func answers() throws {
      let files = try Workplace()
      let nginx = try server(files, listen: "ssl")
      defer { nginx.stop() }
      let links = try Self.answers.indices.map {
        try link("https://127.0.0.1:\(nginx.port)/\($0)", $0)
      }
      let daemon = try Daemon.running(links)
      defer { daemon.kill() }
      for (answer, link) in zip(Self.answers, links) {
        let tried = try daemon.attempt(link)
        #expect(tried.outcome == answer.outcome, "\(answer): \(tried.sample.sentence)")
        if !answer.detail.isEmpty {
          #expect(tried.sample.detail == answer.detail, "\(answer): \(tried.sample.sentence)")
        }
      }
    }

    @Test("HTTP/2 that is demanded over TLS is spoken, and a server without it is told")
    func demanded() throws {
      let files = try Workplace()
      let both = try server(files, listen: "ssl http2")
      defer { both.stop() }
      let old = try server(files, listen: "ssl")
      defer { old.stop() }
      let authority = try Certificates.shared.get().authority
      func plain(_ name: String, _ port: UInt16, _ version: String) -> WatchedLink {
        WatchedLink(
          service: name, url: "https://127.0.0.1:\(port)/spoken", request: "version: \"2\"",
          tls: "caFile: \"\(authority)\"", expect: "text: [\"spoken: HTTP/\(version)\"]")
      }
      let rows = [
        (plain("two", both.port, "2.0"), "ok", "the server offers it"),
        (plain("one", old.port, "1.1"), "http.otherVersion", "the server has HTTP/1.1 alone"),
        (
          try link("https://127.0.0.1:\(both.port)/0", 0, "version: \"2\""), "ok",
          "SOAP goes over it as well"
        ),
      ]
      let daemon = try Daemon.running(rows.map(\.0))
      defer { daemon.kill() }
      for (link, outcome, reason) in rows {
        let tried = try daemon.attempt(link)
        #expect(tried.outcome == outcome, "\(reason): \(tried.sample.sentence) \(tried.steps)")
      }
    }
  }
}
