import Base
import History
import Judgement
import Model

/// Answers what the latencies of probes were at an hour in the weeks before: a percentile of all of
/// them, of cells of an hour.
package func pastHours(
  _ question: PastQuestion, _ source: inout some HistorySource
) throws -> PastAnswer {
  var found = [LatencyDistribution](repeating: .init(), count: question.probes.count)
  let hours = Set(question.probes.flatMap(\.hours)).sorted()
  for hour in hours {
    let places = question.probes.indices.filter { question.probes[$0].hours.contains(hour) }
    let keys = places.map { place in
      ProbeKey(link: question.probes[place].link, probe: question.probes[place].probe)
    }
    try source.cells(
      ofEach: keys, in: hour..<hour + .hours(1), span: .hour, withLatencies: true
    ) { index, cell in
      found[places[index]].merge(cell.tally.latencies)
    }
  }
  var answer = PastAnswer(number: question.number)
  for (place, distribution) in found.enumerated() {
    let probe = question.probes[place]
    guard let value = distribution.percentile(permille: probe.percentilePermille) else { continue }
    answer.found.append(
      PastAnswer.Found(
        link: probe.link, probe: probe.probe,
        hour: PastHour(
          start: question.hour, percentileMicroseconds: value,
          samples: Int(clamping: distribution.total))))
  }
  return answer
}
