import Base
import CLibcurl
import CLinux
import Glibc
import Model
import Probes
import Testing
import Wire

@testable import Host

@Suite("Transfers by libcurl", .serialized)
struct TransferTests {
  private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private static let rows: [(says: String, outcome: Outcome)] = [
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nZZ\r\n",
      .http(.malformed)
    ),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", .body(.truncated)),
    ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", .body(.truncated)),
    (String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 4_000), .http(.headerTooLarge)),
    (
      String(repeating: "HTTP/1.1 103 Early\r\nLink: <a>\r\n\r\n", count: 40) + answer,
      .ok
    ),
  ]

  @Test("an answer is told by what is wrong with it", arguments: rows)
  func answers(_ row: (says: String, outcome: Outcome)) throws {
    let server = try RawServer.saying(row.says)
    defer { server.stop() }
    let result = try TransferBench().get(server.url)
    #expect((result.failure ?? .ok) == row.outcome)
  }

  /// Frames of HTTP/2 (RFC 9113 section 4.1).
  private static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt8, _ payload: [UInt8])
    -> [UInt8]
  {
    [0, 0, UInt8(payload.count), type, flags, 0, 0, 0, stream] + payload
  }

  private static let settings = frame(4, stream: 0, [])
  /// INTERNAL_ERROR
  private static let reset = frame(3, stream: 1, [0, 0, 0, 2])
  /// `:status: 200`, the head's end
  private static let head = frame(1, flags: 4, stream: 1, [0x88])
  private static let part = frame(0, stream: 1, [0x61])
  private static let end = frame(0, flags: 1, stream: 1, [0x61])
  private static let streams: [(first: [UInt8], then: [UInt8], outcome: Outcome)] = [
    (settings, reset, .http(.reset)),
    (settings + head + part, reset, .body(.reset)),
    (settings + head + part, end, .ok),
  ]

  @Test("a stream of HTTP/2 that is reset is told like a connection", arguments: streams)
  func http2(_ row: (first: [UInt8], then: [UInt8], outcome: Outcome)) throws {
    let server = try RawServer { connection in
      _ = RawServer.write(connection, row.first)
      // Frames that come together are looked at together, the last of them first.
      usleep(100_000)
      _ = RawServer.write(connection, row.then)
      // Closed at once, what the client still sends would be answered by a reset of TCP.
      usleep(100_000)
      var bytes = [UInt8](repeating: 0, count: 4_096)
      while recv(connection, &bytes, bytes.count, 0) > 0 {}
    }
    defer { server.stop() }
    let result = try TransferBench().get(server.url, TransferSettings(version: .http2))
    #expect((result.failure ?? .ok) == row.outcome)
  }

  @Test("the cause of one transfer's end does not reach the next that uses the same handle")
  func staleCause() throws {
    let resetting = try RawServer { _ = lh_reset_on_close($0) }
    defer { resetting.stop() }
    let noise = try RawServer.saying("this is no TLS at all\r\n\r\n")
    defer { noise.stop() }
    let bench = try TransferBench()
    #expect(try bench.get(resetting.url).failure == .http(.reset))
    let tls = TransferSettings(tls: TLSOptions(verify: false))
    let next = try bench.get("https://127.0.0.1:\(noise.port)/", tls)
    #expect(next.failure == .tls(.notTLS))
  }

  @Test("a handle that has made a handshake makes a request next, and the other way round")
  func handshakeAndRequest() throws {
    let server = try RawServer.saying(Self.answer)
    defer { server.stop() }
    let noise = try RawServer.saying("this is no TLS at all\r\n\r\n")
    defer { noise.stop() }
    let bench = try TransferBench()
    let settings = TransferSettings(headers: [("X-Key", "hidden")])
    for _ in 0..<2 {
      #expect(try bench.get(server.url, settings).status == 200)
      var handshake = Transfer(
        settings: settings, method: "GET", url: try URLParts("https://127.0.0.1:\(noise.port)/"),
        address: "127.0.0.1", timeLimit: .seconds(10))
      handshake.purpose = .handshake
      let result = try bench.run(handshake)
      #expect(result.failure == .tls(.notTLS))
      #expect(result.handshake?.certificates.isEmpty == true)
      #expect(result.timings.firstByteMicroseconds == 0)
    }
    #expect(server.heard.count == 2)
    #expect(!noise.heard.contains { $0.contains("hidden") || $0.contains("GET") })
  }

  @Test("a tunnel is asked for the URL's host, whatever name TLS asks for")
  func tunnel() throws {
    let proxy = try RawServer.saying("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
    defer { proxy.stop() }
    let settings = TransferSettings(
      headers: [("X-Key", "hidden")], tls: TLSOptions(serverName: "inner.example"),
      proxy: "http://127.0.0.1:\(proxy.port)")
    for url in ["https://outer.example/", "https://[2001:db8::7]:444/"] {
      let result = try TransferBench().get(url, settings, address: "127.0.0.1")
      #expect(result.failure == .connect(.proxy))
    }
    let heads = proxy.heard
    #expect(heads.count == 2)
    #expect(heads.first?.hasPrefix("CONNECT outer.example:443 HTTP/1.1\r\n") == true, "\(heads)")
    #expect(heads.last?.hasPrefix("CONNECT [2001:db8::7]:444 HTTP/1.1\r\n") == true, "\(heads)")
    for head in heads {
      #expect(!head.contains("inner.example"))
      #expect(!head.contains("hidden"))
    }
  }

  @Test("a proxy that cannot be reached says nothing of the server", arguments: ["http", "https"])
  func absentProxy(scheme: String) throws {
    let gone = try RawServer.saying("")
    gone.stop()
    let refused = TransferSettings(proxy: "http://127.0.0.1:\(gone.port)")
    let url = "\(scheme)://outer.example/"
    #expect(
      try TransferBench().get(url, refused, address: "127.0.0.1").failure == .connect(.proxy))
    let silent = try SilentPort()
    let late = TransferSettings(proxy: "http://127.0.0.1:\(silent.port)")
    let result = try TransferBench().get(
      url, late, address: "127.0.0.1", timeLimit: .milliseconds(300))
    #expect(result.failure == .connect(.proxy))
  }

  @Test("a connection that has less time than the rest ends with its share")
  func connectLimit() throws {
    let silent = try SilentPort()
    let result = try TransferBench().get(
      "http://127.0.0.1:\(silent.port)/", connectLimit: .milliseconds(200))
    #expect(result.failure == .connect(.timedOut))
    #expect(result.timings.totalMicroseconds < 5_000_000)
  }

  @Test("a handle that is used again takes the new limit of the connection")
  func newConnectLimit() throws {
    let silent = try SilentPort()
    let bench = try TransferBench()
    let url = "http://127.0.0.1:\(silent.port)/"
    let settings = TransferSettings()
    let first = try bench.get(url, settings, timeLimit: .milliseconds(300))
    #expect(first.timings.totalMicroseconds >= 290_000)
    let second = try bench.get(
      url, settings, timeLimit: .milliseconds(300), connectLimit: .milliseconds(60))
    #expect(second.timings.totalMicroseconds < 290_000)
  }

  @Test("a source address is taken for an address")
  func sourceAddress() throws {
    let server = try RawServer.saying(Self.answer)
    defer { server.stop() }
    let own = TransferSettings(sourceAddress: "127.0.0.5")
    #expect(try TransferBench().get(server.url, own).failure == nil)
    let foreign = TransferSettings(sourceAddress: "192.0.2.77")
    #expect(try TransferBench().get(server.url, foreign).failure == .connect(.noLocalAddress))
  }

  @Test(
    "why a connection did not come about is told by its errno, and what is our fault as ours",
    arguments: [
      (ECONNREFUSED, .connect(.refused), .connect(.proxy)),
      (ETIMEDOUT, .connect(.timedOut), .connect(.proxy)),
      (EHOSTUNREACH, .connect(.hostUnreachable), .connect(.proxy)),
      (EAFNOSUPPORT, .connect(.networkUnreachable), .connect(.proxy)),
      (EPERM, .connect(.denied), .connect(.denied)),
      (EADDRNOTAVAIL, .skipped(.tableFull), .skipped(.tableFull)),
      (EADDRINUSE, .skipped(.tableFull), .skipped(.tableFull)),
      (EMFILE, .skipped(.tableFull), .skipped(.tableFull)),
      (ENFILE, .skipped(.tableFull), .skipped(.tableFull)),
      (ENOBUFS, .skipped(.tableFull), .skipped(.tableFull)),
      (0, .connect(.other), .connect(.proxy)),
    ] as [(Int32, Outcome, Outcome)])
  func causes(code: Int32, direct: Outcome, throughProxy: Outcome) {
    #expect(connectOutcome(errno: code, usesProxy: false) == direct)
    #expect(connectOutcome(errno: code, usesProxy: true) == throughProxy)
  }

  @Test("of a socket that has failed libcurl is told to read, so that it learns how")
  func failedSockets() {
    #expect(selectBits(.failed) & Int32(CURL_CSELECT_IN) != 0)
    #expect(selectBits(.failed) & Int32(CURL_CSELECT_ERR) != 0)
    #expect(selectBits(.readable) == Int32(CURL_CSELECT_IN))
    #expect(selectBits([.readable, .writable]) == Int32(CURL_CSELECT_IN | CURL_CSELECT_OUT))
  }

  @Test("by IPv6 there may be no address of our own, and a router's no is not ours")
  func causesOfIPv6() {
    #expect(
      connectOutcome(errno: EADDRNOTAVAIL, usesProxy: false, isIPv6: true)
        == .connect(.noLocalAddress))
    #expect(errnoOfRouter(EACCES) == EHOSTUNREACH)
    #expect(errnoOfRouter(EPERM) == EPERM)
  }

  @Test("a file of authorities that can be read is not what libcurl could not use")
  func authorities() throws {
    #expect(caFileOutcome("/nowhere/ca.pem") == .tls(.caFile))
    #expect(caFileOutcome("/etc/hostname") == .tls(.caFile))
    #expect(caFileOutcome(CurlTransfers.debianBundle) == .skipped(.tableFull))
  }
}
