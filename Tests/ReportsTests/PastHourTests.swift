import Base
import History
import Judgement
import Model
import Testing

@testable import Reports

@Suite("An hour of the weeks before") struct PastHourTests {
  private let key = ProbeKey(link: LinkID(service: "land", consumer: "hue"), probe: "http")
  private let hour = midnight + .hours(24 * 7 + 9)

  private func history(_ milliseconds: [UInt32]) -> MadeHistory {
    var history = MadeHistory()
    var samples: [Sample] = []
    for (day, latency) in milliseconds.enumerated() {
      for minute in stride(from: Int64(0), to: 24 * 60, by: 5) {
        let time = midnight + .hours(24 * Int64(day)) + .minutes(minute)
        let isNine = minute / 60 == 9
        samples.append(sample(time, milliseconds: isNine ? latency : 5_000))
      }
    }
    history.record(key, every: .minutes(5), samples)
    return history
  }

  @Test("it is the percentile of all answers in that hour of the days that are asked for")
  func percentile() throws {
    var history = history([100, 100, 100, 900, 900, 900, 900])
    let days: [Int64] = [1, 2, 3, 4]
    let question = PastQuestion(
      number: 7, hour: hour,
      probes: [
        .init(
          link: key.link, probe: "http", percentilePermille: 500,
          hours: days.map { hour - .hours(24 * $0) }),
        .init(
          link: key.link, probe: "http", percentilePermille: 500, hours: [hour - .hours(24 * 7)]),
        .init(
          link: key.link, probe: "other", percentilePermille: 500, hours: [hour]),
      ])
    let answer = try pastHours(question, &history)
    #expect(answer.number == 7)
    #expect(answer.found.count == 2, "of a probe without a past there is none")
    let values = answer.found.map { Double($0.hour.percentileMicroseconds) / 1_000 }
    #expect(abs(values[0] - 900) < 40 && abs(values[1] - 100) < 5, "\(values)")
    #expect(answer.found.map(\.hour.samples) == [48, 12], "twelve an hour")
    #expect(answer.found.allSatisfy { $0.hour.start == hour })
  }
}
