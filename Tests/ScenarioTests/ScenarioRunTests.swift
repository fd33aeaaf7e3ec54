import Base
import Model
import Testing

@testable import Scenario

@Suite struct ScenarioRunTests {
  private let hue = LinkID(service: "land-database", consumer: "hue")
  private let hanoi = LinkID(service: "land-database", consumer: "ha-noi")

  private func statuses(
    _ run: inout ScenarioRun, _ link: LinkID, _ count: Int, at now: Instant = seconds(100)
  ) -> [Int] {
    (0..<count).map { _ in status(run.reply(to: request("/x"), for: link, at: now)) }
  }

  @Test("each link fails at its own pace, the same in every run")
  func ownPace() throws {
    var first = try run("fault: { status: 500, rate: 0.3 }")
    var second = try run("fault: { status: 500, rate: 0.3 }", seed: 99)
    let alone = statuses(&first, hue, 10)
    _ = statuses(&second, hanoi, 7)
    #expect(statuses(&second, hue, 10) == alone, "neither other links nor the seed matter")
    #expect(alone.count { $0 == 500 } == 3)
  }

  @Test("a random spread depends on the seed and the link, not on other links' requests")
  func randomSpread() throws {
    let keys = "fault: { status: 500, rate: 0.5, spread: 'random' }"
    var first = try run(keys, seed: 4)
    var second = try run(keys, seed: 4)
    _ = statuses(&second, hanoi, 13)
    let expected = statuses(&first, hue, 64)
    #expect(statuses(&second, hue, 64) == expected)
    #expect(statuses(&first, hanoi, 64) != expected)
    var third = try run(keys, seed: 5)
    #expect(statuses(&third, hue, 64) != expected)
  }

  @Test("answers that the rate does not pick may be late")
  func otherwise() throws {
    var run = try run("fault: { status: 500, rate: 0.6, otherwise: { delay: '4s' } }")
    for _ in 0..<10 {
      let reply = run.reply(to: request("/x"), for: hue, at: seconds(100))
      #expect(reply?.delay == (status(reply) == 500 ? .zero : .seconds(4)))
    }
  }

  @Test("the first rule that strikes a link holds, the others are not asked")
  func firstRule() throws {
    var run = try run("fault: [{ provinces: ['hue'], status: 501 }, { status: 502 }]")
    #expect(statuses(&run, hue, 1) == [501])
    #expect(statuses(&run, hanoi, 1) == [502])
  }

  @Test("changes come at their times")
  func changes() throws {
    var run = try run(
      """
      state: { "ha-noi": "notConnected" },
      changes: [
        { at: "30s", fault: { status: 503 } }, { at: "40s", connect: "all" },
        { at: "60s", fault: null },
      ]
      """)
    #expect(statuses(&run, hue, 1, at: seconds(129)) == [200])
    #expect(statuses(&run, hanoi, 1, at: seconds(129)) == [404])
    #expect(statuses(&run, hue, 1, at: seconds(130)) == [503])
    #expect(statuses(&run, hanoi, 1, at: seconds(130)) == [404])
    #expect(statuses(&run, hanoi, 1, at: seconds(140)) == [503])
    #expect(statuses(&run, hue, 1, at: seconds(160)) == [200])
    #expect(statuses(&run, hanoi, 1, at: seconds(999)) == [200])
  }

  @Test("at ten times the speed changes come ten times sooner and delays are a tenth")
  func speed() throws {
    var run = try run("delay: '1s', changes: [{ at: '30s', fault: { hang: true } }]", speed: 10)
    let before = run.reply(to: request("/x"), for: hue, at: seconds(102))
    #expect(before?.delay == .milliseconds(100))
    #expect(run.reply(to: request("/x"), for: hue, at: seconds(103))?.ending == .hang)
  }

  @Test("a fault that is set at run time holds until it is cleared")
  func setAndClear() throws {
    var run = try run("state: { 'ha-noi': 'notConnected' }")
    #expect(run.set([], service: "land-database", consumer: "ha-noi") == 1)
    #expect(statuses(&run, hanoi, 1) == [200], "no rules connect the link")
    let broken = [FaultRule(turn: Turn(fault: .status(500)))]
    #expect(run.set(broken, service: "land-database", consumer: nil) == 3)
    #expect(statuses(&run, hanoi, 1) == [500])
    #expect(statuses(&run, hue, 1) == [500])
    #expect(run.clear(consumer: "hue") == 1)
    #expect(statuses(&run, hue, 1) == [200])
    #expect(run.clear() == 3)
    #expect(statuses(&run, hanoi, 1) == [404])
  }

  @Test("requests and faults are counted; a delay alone is no fault")
  func counts() throws {
    var run = try run("fault: [{ provinces: ['hue'], status: 500 }, { delay: '1s' }]")
    _ = statuses(&run, hue, 3)
    _ = statuses(&run, hanoi, 2)
    #expect(run.counts.map(\.link.consumer) == threeProvinces)
    #expect(run.counts.map(\.requests) == [0, 2, 3])
    #expect(run.counts.map(\.faults) == [0, 0, 3])
  }

  @Test("a link that is not in the scenario has no reply")
  func unknown() throws {
    var run = try run("")
    let other = LinkID(service: "land-database", consumer: "ha-nam")
    #expect(run.reply(to: request("/x"), for: other, at: seconds(100)) == nil)
  }

  @Test("the answer made once is given again only where it fits")
  func cachedAnswer() throws {
    var run = try run("")
    let usual = run.reply(to: request("/x"), for: hue, at: seconds(100))
    #expect(run.reply(to: request("/x"), for: hue, at: seconds(100)) == usual)
    let head = run.reply(to: request("/x", method: "HEAD"), for: hue, at: seconds(100))
    #expect(body(head).isEmpty && status(head) == 200)
    let last = run.reply(to: request("/x", keepAlive: false), for: hue, at: seconds(100))
    #expect(last?.ending == .close)
    #expect(body(last) == body(usual))
  }
}
