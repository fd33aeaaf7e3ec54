import Base
import History
import Model
import Testing

@testable import Engine
@testable import Judgement

@Suite("What an earlier run recorded") struct EarlierRunTests {
  @Test("fills the judges, without what was seen blindly or before the link was connected")
  func filled() throws {
    let rules = AlertRules(
      failures: FailureRule(failures: 3, of: 5),
      errorRate: ErrorRateRule(
        raisePermille: 200, clearPermille: 100, window: .minutes(15), minimumSamples: 10),
      burnRate: BurnRateRule(objectiveMillionths: 995_000))
    let links = [link("land/hue", rules: rules), link("land/ha-noi", rules: rules)]
    let bench = Bench(links)
    let start = bench.now.wall - .minutes(10)
    var earlier = EarlierRun(links, connections: [links[0].id: start + .minutes(2)])
    for id in links.map(\.id) {
      earlier.add(
        ProbeKey(link: id, probe: "http"),
        [AttemptCounts(time: start - .minutes(30), total: 30, failed: 4)])
      for minute in 0..<5 as Range<Int64> {
        earlier.add(
          ProbeKey(link: id, probe: "http"),
          Sample(
            time: start + .minutes(minute), outcome: minute == 4 ? .ok : .connect(.refused),
            flags: minute == 3 ? .blind : []))
      }
    }
    let stranger = ProbeKey(link: links[0].id, probe: "gone")
    earlier.add(stranger, Sample(time: start, outcome: .ok))
    bench.engine.restore(earlier)
    #expect(bench.engine.probes.map(\.judge.bits.text) == ["xo", "xxxo"])
    #expect(bench.engine.probes.map(\.judge.rates?.total) == [2, 4])
    #expect(bench.engine.probes.map(\.judge.rates?.failed) == [1, 3])
    #expect(bench.engine.probes.map { $0.judge.burn?.counted(0).long.failed } == [1, 7])
    #expect(bench.engine.probes.map { $0.judge.burn?.counted(0).long.total } == [2, 34])
    #expect(bench.engine.probes.map { $0.judge.burn?.counted(0).short.total } == [2, 4])
    #expect(bench.engine.probes[1].judge.newest?.time == start + .minutes(4))
  }
}
