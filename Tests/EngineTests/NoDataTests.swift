import Base
import Model
import Probes
import Testing
import Wire

@testable import Engine

@Suite("Nothing recorded") struct NoDataTests {
  /// Two links of hosts of their own; the second is always answered, so that the engine has something
  /// to do.
  private static func links() -> [Link] {
    [
      link("silent/consumer", [probe(url: "http://127.0.0.1/silent")]),
      link("other/consumer", [probe(every: .seconds(30), url: "http://127.0.0.2/")]),
    ]
  }

  private static func bench(
    _ links: [Link] = links(), connections: [LinkID: WallTime] = [:]
  ) -> Bench {
    let bench = Bench(links, connections: connections)
    bench.network = { _ in right }
    bench.advance(by: .minutes(3))
    return bench
  }

  /// From now on every run of the link is skipped: it is too busy for the time of day.
  private static func silence(_ bench: Bench) {
    bench.engine.probes[0].backsOffUntil = nil
    bench.network = {
      $0.url.target == "/silent" ? TransferResult(failure: .skipped(.workersBusy)) : right
    }
  }

  private static func raised(_ bench: Bench) -> [Incident] {
    bench.told.filter { $0.conditions.contains { $0.rule == .noData } }
  }

  @Test("a link whose runs are all skipped is told once, as a warning, and stays unknown")
  func skipped() throws {
    let bench = Self.bench()
    Self.silence(bench)
    bench.advance(by: .minutes(4))
    #expect(bench.told.isEmpty, "it is not five intervals yet")
    bench.advance(by: .minutes(30))
    let incident = try #require(Self.raised(bench).first)
    #expect(Self.raised(bench).count == 1)
    #expect(
      incident.severity == .warning && incident.links.map(\.description) == ["silent/consumer"])
    let condition = try #require(incident.conditions.first)
    #expect(condition.cause == "noData" && condition.causeDetail == "workersBusy")
    #expect(condition.evidence.hasPrefix("nothing was recorded for 5m"))
    #expect(condition.evidence.contains("it runs every 1m; runs that told nothing: "))
    #expect(incident.summary.contains("silent/consumer is not measured: nothing was recorded"))
    #expect(incident.suspicion?.side == "us", "nobody else can be blamed")
    #expect(incident.suspicion?.reasons == ["our own runs told nothing"])
    #expect(bench.state == .unknown)
  }

  @Test("the next attempt that ends resolves it, and a failing one is a failure of its own")
  func ends() {
    let bench = Self.bench()
    Self.silence(bench)
    bench.advance(by: .minutes(10))
    #expect(Self.raised(bench).count == 1)
    bench.network = { _ in right }
    bench.advance(by: .minutes(2))
    #expect(bench.told.last?.status == .resolved)
    #expect(bench.state == .up)
  }

  @Test("a paused link is not missed, nor is one just after its pause")
  func paused() {
    let bench = Self.bench()
    let id = LinkID(service: "silent", consumer: "consumer")
    bench.engine.pause(
      Pause(link: id, by: "lan", reason: "work", since: bench.now.wall), at: bench.now)
    bench.advance(by: .minutes(60))
    #expect(bench.told.isEmpty)
    Self.silence(bench)
    bench.engine.resume(id, at: bench.now)
    bench.advance(by: .minutes(4))
    #expect(bench.told.isEmpty)
    bench.advance(by: .minutes(6))
    #expect(Self.raised(bench).count == 1)
  }

  @Test("a planned link is not missed")
  func planned() {
    var links = Self.links()
    links[0].planned = PlannedConnection(
      date: "2030-12-31", endsAt: WallTime(milliseconds: 1_924_900_000_000))
    let bench = Bench(links)
    bench.network = {
      $0.url.target == "/silent" ? TransferResult(failure: .skipped(.workersBusy)) : right
    }
    bench.advance(by: .minutes(60))
    #expect(Self.raised(bench).isEmpty)
  }

  @Test("just after a start nothing is missed yet")
  func start() {
    let bench = Bench(Self.links())
    Self.silence(bench)
    bench.advance(by: .minutes(5))
    #expect(bench.told.isEmpty)
    bench.advance(by: .minutes(5))
    #expect(Self.raised(bench).count == 1)
  }

  @Test("what a token's own link tells is not told of those that wait for the token")
  func token() {
    let bench = Self.bench()
    bench.network = {
      $0.url.target == "/silent" ? TransferResult(failure: .skipped(.noToken)) : right
    }
    bench.advance(by: .minutes(60))
    #expect(Self.raised(bench).isEmpty)
  }

  @Test("it survives a restart and is not told anew")
  func restart() throws {
    let bench = Self.bench()
    Self.silence(bench)
    bench.advance(by: .minutes(10))
    let incident = try #require(Self.raised(bench).last)
    let again = Bench(Self.links(), at: bench.now)
    again.engine.restore([incident], at: again.now)
    Self.silence(again)
    again.advance(by: .minutes(20))
    #expect(again.told.isEmpty)
    again.network = { _ in right }
    again.advance(by: .minutes(2))
    #expect(again.told.map(\.status) == [.resolved])
    #expect(again.told.first?.id == incident.id)
  }
}

@Suite("Our own certificates") struct ClientCertificateWarningTests {
  @Test("a right attempt warns of the certificate that it showed, by the steps of its link")
  func warns() throws {
    let rules = AlertRules(
      failures: FailureRule(failures: 3, of: 5),
      warnings: WarningRule(criticalDays: 3, expiryDays: [20, 3]))
    let bench = Bench([link(rules: rules)])
    bench.network = { _ in right }
    bench.engine.probes[0].definition.expiringSecret = ExpiringSecret(
      name: "cert-pem",
      expiry: SecretExpiry(end: bench.now.wall + .hours(24 * 21), isCertificate: true))
    bench.advance(by: .minutes(5))
    #expect(bench.told.isEmpty && bench.state == .up)
    bench.engine.probes[0].definition.expiringSecret?.expiry.end = bench.now.wall + .hours(24 * 10)
    bench.advance(by: .minutes(2))
    let incident = try #require(bench.told.first)
    #expect(incident.severity == .warning && bench.state == .degraded)
    #expect(
      incident.summary.contains(
        "degraded: our client certificate expires within 20 days (secret cert-pem, valid until"))
    bench.engine.probes[0].definition.expiringSecret?.expiry.end = bench.now.wall + .hours(24 * 2)
    bench.advance(by: .minutes(2))
    #expect(bench.told.last?.severity == .critical, "within the critical step")
    #expect(bench.told.last?.summary.contains("degraded") == true, "and not down")
    bench.engine.probes[0].definition.expiringSecret?.expiry.end = bench.now.wall
    bench.advance(by: .minutes(2))
    #expect(
      bench.told.last?.summary.contains("our client certificate has expired") == true,
      "\(bench.told.last?.summary ?? "")")
    bench.network = { _ in wrong }
    bench.advance(by: .minutes(1))
    #expect(bench.outcomes("service/consumer http").last == .http(.status(503)))
  }
}
