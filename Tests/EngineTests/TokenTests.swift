import Base
import Model
import Probes
import Testing
import Wire

@testable import Engine

@Suite("Tokens that links share")
struct TokenTests {
  private func tokenLink(
    _ name: String = "lgsp", every: TimeAmount = .minutes(10),
    secret text: String = "client-secret",
    refreshBefore: TimeAmount? = nil
  ) throws -> Link {
    let options = OAuth2Options(
      url: try URLParts("http://127.0.0.1:9/token"),
      transfer: TransferSettings(
        authentication: .basic(
          user: "client", password: Secret(name: "s", bytes: Array(text.utf8)))),
      refreshBefore: refreshBefore)
    let definition = ProbeDefinition(
      name: "oauth2", kind: "oauth2", every: every, timeout: .seconds(10), options: options)
    var link = link("token/\(name)", [definition])
    link.role = .token
    link.fingerprint = UInt64(text.utf8.count)
    return link
  }

  private func user(
    _ id: String, every: TimeAmount = .seconds(60), timeout: TimeAmount = .seconds(10),
    token: String = "lgsp"
  ) throws -> Link {
    let options = HTTPOptions(
      url: try URLParts("http://127.0.0.1/"),
      transfer: TransferSettings(authentication: .token(token)))
    return link(
      id,
      [
        ProbeDefinition(
          name: "http", kind: "http", every: every, timeout: timeout, options: options)
      ])
  }

  private func isForToken(_ transfer: Transfer) -> Bool { transfer.url.text.hasSuffix("/token") }

  private func issue(_ token: String, seconds: Int = 3_600) -> TransferResult {
    TransferResult(
      status: 200,
      body: Array(
        "{\"access_token\":\"\(token)\",\"token_type\":\"Bearer\",\"expires_in\":\(seconds)}".utf8))
  }

  private let refusal = TransferResult(
    status: 400, body: Array(#"{"error":"invalid_client"}"#.utf8))

  private func fetches(_ bench: Bench) -> Int {
    bench.transfers.count { isForToken($0.transfer) }
  }

  private func bearers(_ bench: Bench) -> [String] {
    bench.transfers.filter { !isForToken($0.transfer) }.map {
      $0.transfer.bearer.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "-"
    }
  }

  @Test("many links that need a token at once wait for one fetch and use what it brings")
  func oneFetch() throws {
    let users = try (1...20).map { try user("service/c\($0)", every: .seconds(1)) }
    let bench = Bench([try tokenLink()] + users)
    bench.network = { isForToken($0) ? nil : right }
    bench.advance(by: .milliseconds(1_100))
    #expect(fetches(bench) == 1)
    #expect(bearers(bench) == [], "nobody goes without")
    let fetch = try #require(bench.transfers.first)
    bench.answer(fetch.token, issue("first"))
    #expect(bearers(bench).count >= 20)
    #expect(Set(bearers(bench)) == ["first"])
    bench.advance(by: .seconds(30))
    #expect(fetches(bench) == 1, "cached")
    #expect(bench.outcomes("token/lgsp http").isEmpty)
    #expect(bench.outcomes("\(bench.engine.key(of: 0))") == [.ok], "a fetch is a sample")
  }

  @Test("a token is renewed shortly before it ends, when somebody needs it")
  func renewal() throws {
    let bench = Bench([try tokenLink(every: .hours(24)), try user("a/a", every: .seconds(1))])
    var count = 0
    bench.network = { transfer in
      guard isForToken(transfer) else { return right }
      count += 1
      return issue("t\(count)", seconds: 100)
    }
    bench.advance(by: .seconds(85))
    #expect(count == 1)
    bench.advance(by: .seconds(10))
    #expect(count == 2, "a tenth of the lifetime before the end")
    #expect(Set(bearers(bench)) == ["t1", "t2"])
    #expect(!bench.outcomes("\(bench.engine.key(of: 1))").contains(.skipped(.noToken)))
  }

  @Test("while the server fails, links are unknown and never down, and the token's own link is")
  func failing() throws {
    let bench = Bench([
      try tokenLink(every: .seconds(60)), try user("a/a", every: .seconds(10)),
    ])
    var isWell = true
    bench.network = { transfer in
      isForToken(transfer) ? (isWell ? issue("t", seconds: 10) : wrong) : right
    }
    bench.advance(by: .seconds(60))
    #expect(bench.engine.state(of: 1, at: bench.now) == .up)
    isWell = false
    bench.advance(by: .minutes(10))
    #expect(bench.engine.state(of: 1, at: bench.now) == .unknown)
    #expect(bench.engine.state(of: 0, at: bench.now) == .down)
    let outcomes = bench.outcomes("\(bench.engine.key(of: 1))")
    #expect(outcomes.contains(.skipped(.noToken)))
    #expect(outcomes.allSatisfy { !$0.isFailure })
    #expect(Set(bench.told.flatMap(\.links)).map(\.description) == ["token/lgsp"])
    // 10 minutes: 10 regular runs, their confirmations, and at most one on demand in 5 minutes.
    #expect(fetches(bench) < 40)
    isWell = true
    bench.advance(by: .minutes(3))
    #expect(bench.engine.state(of: 1, at: bench.now) == .up)
    #expect(bench.engine.state(of: 0, at: bench.now) == .up)
  }

  @Test("after refusals the client is not tried again soon, and those who wait are told at once")
  func backOff() throws {
    let bench = Bench([
      try tokenLink(every: .seconds(60)), try user("a/a", every: .seconds(1)),
    ])
    bench.network = { isForToken($0) ? refusal : right }
    bench.advance(by: .minutes(60))
    #expect(fetches(bench) < 20, "\(fetches(bench))")
    #expect(bearers(bench) == [])
    let before = bench.recorded.count
    bench.advance(by: .seconds(5))
    #expect(bench.recorded.count >= before + 5, "each run ends when it starts")
    #expect(
      bench.outcomes("\(bench.engine.key(of: 0))").contains(
        .body(.applicationCode("invalid_client"))))
  }

  @Test("a link's own time bounds its wait")
  func bounded() throws {
    let bench = Bench([try tokenLink(), try user("a/a", every: .seconds(60), timeout: .seconds(2))])
    bench.network = { isForToken($0) ? nil : right }
    bench.advance(by: .seconds(61))
    let fetch = try #require(bench.transfers.first { isForToken($0.transfer) })
    _ = fetch
    bench.advance(by: .seconds(3))
    #expect(bench.outcomes("\(bench.engine.key(of: 1))").first == .skipped(.noToken))
  }

  @Test("a token that a server refuses is given up once, not again and again")
  func rejection() throws {
    let users = try (1...10).map { try user("service/c\($0)", every: .seconds(1)) }
    let bench = Bench([try tokenLink(every: .hours(1))] + users)
    var count = 0
    bench.network = { transfer in
      guard isForToken(transfer) else { return unauthorised }
      count += 1
      return issue("t\(count)")
    }
    bench.advance(by: .seconds(50))
    #expect(count == 2, "the first is given up at once, the second only after a minute")
    bench.advance(by: .minutes(30))
    #expect(count <= 8, "\(count)")
  }

  @Test("a single refusal is followed by a new token, and all is well")
  func revoked() throws {
    let bench = Bench([try tokenLink(every: .hours(1)), try user("a/a", every: .seconds(10))])
    var count = 0
    bench.network = { transfer in
      if isForToken(transfer) {
        count += 1
        return issue("t\(count)")
      }
      return transfer.bearer?.bytes == Array("t1".utf8) ? unauthorised : right
    }
    bench.advance(by: .seconds(60))
    #expect(count == 2)
    #expect(bench.outcomes("\(bench.engine.key(of: 1))").count { $0.isFailure } == 1)
    #expect(bench.engine.state(of: 1, at: bench.now) == .up)
  }

  @Test("a reload keeps a token whose settings are the same, and drops it with a changed secret")
  func reload() throws {
    let a = try user("a/a", every: .seconds(10))
    let bench = Bench([try tokenLink(every: .hours(1)), a])
    var count = 0
    bench.network = { transfer in
      guard isForToken(transfer) else { return right }
      count += 1
      return issue("t\(count)")
    }
    bench.advance(by: .seconds(30))
    #expect(count == 1)
    _ = bench.engine.load([try tokenLink(every: .hours(1)), a], at: bench.now)
    bench.advance(by: .seconds(30))
    #expect(count == 1)
    _ = bench.engine.load([try tokenLink(every: .hours(1), secret: "changed"), a], at: bench.now)
    #expect(bench.engine.state(of: 1, at: bench.now) == .up, "the link keeps its state")
    bench.advance(by: .seconds(30))
    #expect(count == 2)
    #expect(bearers(bench).last == "t2")
  }

  @Test("what a fetch under the former settings brings is not used")
  func overtaken() throws {
    let a = try user("a/a", every: .seconds(10))
    let bench = Bench([try tokenLink(every: .hours(1)), a])
    bench.network = { isForToken($0) ? nil : right }
    bench.advance(by: .seconds(11))
    let old = try #require(bench.transfers.first { isForToken($0.transfer) })
    _ = bench.engine.load([try tokenLink(every: .hours(1), secret: "changed"), a], at: bench.now)
    bench.answer(old.token, issue("old"))
    let new = try #require(bench.transfers.last { isForToken($0.transfer) })
    #expect(new.token != old.token)
    bench.answer(new.token, issue("new"))
    bench.advance(by: .seconds(10))
    #expect(Set(bearers(bench)) == ["new"])
  }

  @Test("a token that a reload takes away leaves those who wait without one, at once")
  func removed() throws {
    let a = try user("a/a", every: .seconds(10))
    let bench = Bench([try tokenLink(every: .hours(1)), a])
    bench.network = { isForToken($0) ? nil : right }
    bench.advance(by: .seconds(11))
    _ = bench.engine.load([a], at: bench.now)
    bench.advance(by: .milliseconds(200))
    #expect(bench.outcomes("\(bench.engine.key(of: 0))") == [.skipped(.noToken)])
  }

  @Test("a paused token link is not fetched for others")
  func paused() throws {
    let bench = Bench([try tokenLink(), try user("a/a", every: .seconds(10))])
    bench.network = { isForToken($0) ? issue("t") : right }
    bench.engine.pause(
      Pause(
        link: LinkID(service: "token", consumer: "lgsp"), by: "x", reason: "",
        since: bench.now.wall), at: bench.now)
    bench.advance(by: .seconds(30))
    #expect(fetches(bench) == 0)
    #expect(Set(bench.outcomes("\(bench.engine.key(of: 1))")) == [.skipped(.noToken)])
  }
}
