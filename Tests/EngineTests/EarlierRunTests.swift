import Base
import History
import Judgement
import Model
import Testing

@testable import Engine

@Suite("What an earlier run recorded") struct EarlierRunTests {
  @Test("fills the judges, without what was seen blindly or before the link was connected")
  func filled() throws {
    let links = [link("land/hue"), link("land/ha-noi")]
    let bench = Bench(links)
    let start = bench.now.wall - .minutes(10)
    var earlier = EarlierRun(links, connections: [links[0].id: start + .minutes(2)])
    for id in links.map(\.id) {
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
    #expect(bench.engine.probes[1].judge.newest?.time == start + .minutes(4))
  }
}
