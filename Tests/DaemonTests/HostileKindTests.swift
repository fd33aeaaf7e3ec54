import Base
import Glibc
import Host
import Testing
import Wire

/// An answer made to do harm, and what an attempt there must come to.
private struct HostileAnswer: Sendable, CustomTestStringConvertible {
  var reason: String
  /// Further lines of the head.
  var head = ""
  var body: @Sendable () throws -> [UInt8]
  var request = ""
  var expect = ""
  var limits = ""
  var outcome: String

  var testDescription: String { reason }
}

/// An answer of a name server over TCP: so many records, whose bytes are made from where they begin.
private struct HostileMessage: Sendable, CustomTestStringConvertible {
  var reason: String
  var records: Int
  var bytes: @Sendable (_ start: Int) -> [UInt8]
  var outcome: String

  var testDescription: String { reason }
}

extension DaemonTests {
  /// How long each of them holds the loop is measured by `linkhealth-bench hostile`.
  @Suite("Servers and programs that mean harm, by kind") struct HostileKinds {
    private func attempt(_ keys: String) throws -> Attempt {
      var link = WatchedLink(url: "http://127.0.0.1:1/")
      link.other = "{ every: \"24h\", timeout: \"5s\", \(keys) }"
      return try tryOnce(link)
    }

    // MARK: - HTTP

    /// What a command writes, packed so many times over.
    private static func packed(
      _ times: Int, _ command: String = "head -c 64M /dev/zero"
    ) throws -> [UInt8] {
      let place = try Workplace()
      let pack = String(repeating: " | gzip -9", count: times)
      let made = try ChildProcess.run(
        ["sh", "-c", "\(command)\(pack) >\(place.path)/packed"])
      guard made.end == .exited(0) else { throw HarnessError("gzip: \(made.output)") }
      return try readFile("\(place.path)/packed", limitBytes: 1 << 20)
    }

    private static func bytes(
      _ start: String, _ item: String, _ count: Int, _ end: String
    ) -> [UInt8] {
      Array((start + String(repeating: item, count: count) + end).utf8)
    }

    private static let answers = [
      HostileAnswer(
        reason: "a decompression bomb", head: "Content-Encoding: gzip\r\n", body: { try packed(1) },
        request: "compressed: true", expect: "text: [\"x\"]", outcome: "body.tooLarge"),
      HostileAnswer(
        reason: "a bomb within the limit of the body", head: "Content-Encoding: gzip\r\n",
        body: { try packed(1, "head -c 1000000 /dev/zero") }, request: "compressed: true",
        outcome: "body.tooLarge"),
      HostileAnswer(
        reason: "a long honest text", head: "Content-Encoding: gzip\r\n",
        body: { try packed(1, "seq 150000 | head -c 1000000") }, request: "compressed: true",
        expect: "text: [\"149000\"]", outcome: "ok"),
      HostileAnswer(
        reason: "a bomb within bombs", head: "Content-Encoding: gzip, gzip, gzip\r\n",
        body: { try packed(3) }, request: "compressed: true", outcome: "body.badEncoding"),
      HostileAnswer(
        reason: "a bomb that nobody has asked for", head: "Content-Encoding: gzip\r\n",
        body: { try packed(1) }, expect: "text: [\"x\"]", outcome: "body.badEncoding"),
      HostileAnswer(
        reason: "a packed transfer", head: "Transfer-Encoding: gzip\r\n", body: { try packed(1) },
        outcome: "http.malformed"),
      HostileAnswer(
        reason: "very many headers", head: String(repeating: "a:b\r\n", count: 100_000),
        body: { [] }, limits: "headers: \"256KiB\"", outcome: "http.headerTooLarge"),
      HostileAnswer(
        reason: "a header longer than libcurl takes",
        head: "a: \(String(repeating: "b", count: 400_000))\r\n", body: { [] },
        limits: "headers: \"256KiB\"", outcome: "http.headerTooLarge"),
      HostileAnswer(
        reason: "very many values in JSON", body: { bytes("[", "1,", 600_000, "1]") },
        expect: "json: [{ path: \"[0]\" }]", limits: "body: \"2MiB\"", outcome: "body.tooComplex"),
      HostileAnswer(
        reason: "very many elements in XML", body: { bytes("<a>", "<b/>", 200_000, "</a>") },
        expect: "xml: [{ path: \"/a/b\" }], body: \"xml\"", outcome: "body.tooComplex"),
      HostileAnswer(
        reason: "very deep XML", body: { bytes("", "<a>", 1_000, "") },
        expect: "xml: [{ path: \"/a/a\" }], body: \"xml\"", outcome: "body.tooComplex"),
      HostileAnswer(
        reason: "entities of entities",
        body: {
          bytes(
            "<!DOCTYPE a [<!ENTITY x \"", "lol", 100,
            "\"><!ENTITY y \"&x;&x;&x;&x;\">]><a>&y;</a>")
        },
        expect: "xml: [{ path: \"/a\" }], body: \"xml\"", outcome: "body.notXML"),
    ]

    @Test("an answer is bounded and named", arguments: answers)
    private func answer(_ row: HostileAnswer) throws {
      let body = try row.body()
      let server = try TestServer { connection in
        while connection.request() != nil {
          connection.send("HTTP/1.1 200 OK\r\n\(row.head)Content-Length: \(body.count)\r\n\r\n")
          connection.send(body)
        }
      }
      defer { server.stop() }
      let tried = try attempt(
        """
        kind: "http", request: { url: "\(server.url)/", \(row.request) },
            expect: { \(row.expect) }, limits: { \(row.limits) }
        """)
      #expect(tried.outcome == row.outcome, "\(tried.sample.sentence)")
    }

    // MARK: - DNS

    /// A pointer to a place in the message (RFC 1035 section 4.1.4).
    private static func pointer(_ place: Int) -> [UInt8] {
      [0xC0 | UInt8(place >> 8), UInt8(place & 0xFF)]
    }

    private static let messages = [
      HostileMessage(
        reason: "a name that points to itself", records: 1, bytes: { pointer($0) },
        outcome: "dns.malformed"),
      HostileMessage(
        reason: "two names that point to each other", records: 1,
        bytes: { pointer($0 + 2) + pointer($0) }, outcome: "dns.malformed"),
      HostileMessage(
        reason: "names that point each to the one before", records: 1_000,
        bytes: { start in
          var all: [UInt8] = []
          var last = 12
          for _ in 0..<1_000 {
            let place = start + all.count
            all += pointer(last) + [0, 16, 0, 1, 0, 0, 0, 60, 0, 2, 1, 0x61]
            last = place
          }
          return all
        }, outcome: "dns.malformed"),
      HostileMessage(
        reason: "records that are told and not there", records: 65_535, bytes: { _ in [] },
        outcome: "dns.malformed"),
      HostileMessage(
        reason: "as many right records as a message holds", records: 1_000,
        bytes: { _ in
          (0..<1_000).flatMap { number in
            [0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, 3, 2, UInt8(number >> 8), UInt8(number & 0xFF)]
          }
        }, outcome: "ok"),
    ]

    @Test("a name server's answer is bounded and named", arguments: messages)
    private func message(_ row: HostileMessage) throws {
      let server = try TestServer { connection in
        // Two bytes of length, twelve of the head; the one question goes on to the end.
        guard let query = connection.receive(), query.count > 14 else { return }
        let question = Array(query[14...].prefix(16 + 4))
        let count = [UInt8(row.records >> 8), UInt8(row.records & 0xFF)]
        var answer = Array(query[2..<4]) + [0x81, 0x80, 0, 1] + count + [0, 0, 0, 0] + question
        answer += row.bytes(answer.count)
        connection.send([UInt8(answer.count >> 8), UInt8(answer.count & 0xFF)] + answer)
        connection.hold()
      }
      defer { server.stop() }
      let tried = try attempt(
        """
        kind: "dns", query: "portal.example", type: "TXT", server: "127.0.0.1:\(server.port)",
            transport: "tcp"
        """)
      #expect(tried.outcome == row.outcome, "\(tried.sample.sentence) \(tried.steps)")
    }

    // MARK: - TLS

    @Test(
      "a chain of very many certificates is bounded and named",
      arguments: [
        (20, "ok", "warning.untidyChain"), (150, "ok", "warning.untidyChain"),
        // More than OpenSSL takes of one message.
        (400, "tls.handshake", "tls.handshake"),
      ])
    func chain(copies: Int, http: String, tls: String) throws {
      let files = try Chains.shared.get()
      let place = try Workplace()
      let between = try readFile(files.file("between.pem"), limitBytes: 1 << 20)
      try place.write(
        "chain.pem",
        String(repeating: String(decoding: between, as: UTF8.self), count: copies))
      let server = try OpenSSLServer(
        certificate: "below", key: "ec", ["-cert_chain", "\(place.path)/chain.pem"])
      defer { server.stop() }
      let trust = "tls: { caFile: \"\(files.file("ca.pem"))\" }"
      let seen = try attempt(
        "kind: \"tls\", target: \"127.0.0.1:\(server.port)\", warn: [], \(trust)")
      #expect(seen.outcome == tls, "\(seen.sample.sentence) \(seen.steps)")
      let asked = try attempt(
        "kind: \"http\", request: { url: \"https://127.0.0.1:\(server.port)/\" }, \(trust)")
      #expect(asked.outcome == http, "\(asked.sample.sentence) \(asked.steps)")
    }
  }
}
