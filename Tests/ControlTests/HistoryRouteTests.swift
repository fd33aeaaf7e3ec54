import Base
import Control
import Engine
import History
import Model
import Reports
import Testing

@Suite struct HistoryRouteTests {
  static func request(_ target: String) throws -> HistoryRequest {
    guard case .history(let request) = try Country.desk().reply("GET", target) else {
      throw Desk.Unexpected()
    }
    return request
  }

  static func availability(_ query: String) throws -> AvailabilityQuestion {
    guard case .availability(let question) = try request("/v1/availability" + query).question
    else { throw Desk.Unexpected() }
    return question
  }

  static func chosen(_ question: AvailabilityQuestion) -> [String] {
    question.choice.links.filter { question.choice.passes($0) }.map { "\($0.id)" }
  }

  static let steps: [(hours: Int64, step: TimeAmount)] = [
    (1, .minutes(5)), (10, .minutes(5)), (24, .minutes(15)), (48, .minutes(30)),
    (24 * 7, .minutes(120)), (24 * 30, .hours(6)), (24 * 400, .hours(24 * 7)),
  ]

  @Test("without a step some 60 to 120 points come", arguments: steps)
  func step(_ hours: Int64, _ step: TimeAmount) throws {
    let desk = Country.desk()
    let from = desk.now.wall - .hours(hours)
    guard
      case .history(let request) = try desk.reply(
        "GET", "/v1/links/civil-registry/ha-noi/history?from=\(from)"),
      case .series(let question) = request.question
    else { throw Desk.Unexpected() }
    #expect(question.step == step)
    #expect(question.period.to == desk.now.wall)
  }

  @Test("a report is of services unless a role is asked for, and of what the filters let through")
  func filters() throws {
    let all = Self.chosen(try Self.availability(""))
    #expect(!all.contains("token/moj"))
    #expect(!all.contains("lgsp/ha-noi"))
    #expect(all.count == 7)
    #expect(Self.chosen(try Self.availability("?role=hop")) == ["lgsp/ha-noi", "lgsp/an-giang"])
    #expect(
      Self.chosen(try Self.availability("?owner=moj&province=ha-noi")) == ["civil-registry/ha-noi"])
  }

  @Test("a planned link that has not connected does not count")
  func planned() throws {
    let choice = try Self.availability("").choice
    #expect(choice.starts.count == 1)
    #expect(choice.starts.first?.time == nil)
    #expect(choice.starts.first.map { "\(choice.links[$0.place].id)" } == "health-licences/ha-noi")
  }

  @Test("the words of a report are read")
  func words() throws {
    let question = try Self.availability(
      "?by=owner&objective=99.5&maintenance=include&latency=exclude&order=name&limit=3")
    #expect(question.grouping == .ministry)
    #expect(question.objectivePercent == 99.5)
    #expect(question.withMaintenance)
    #expect(!question.withLatencies)
    #expect(question.order == .name)
    #expect(question.limit == 3)
    #expect(question.period.length == .hours(24 * 30))
  }

  @Test("a comparison is of the last hour that is over")
  func comparison() throws {
    let request = try Self.request("/v1/links/civil-registry/ha-noi/compare?format=csv")
    guard case .comparison(let question) = request.question else { throw Desk.Unexpected() }
    #expect(question.period.length == .hours(1))
    #expect(question.period.to <= request.now)
    #expect(question.period.to.nanoseconds % TimeAmount.hours(1).nanoseconds == 0)
    #expect(question.weeks == 4)
    #expect(request.contentType == "text/csv; charset=utf-8")
  }

  @Test("an export of one link takes its role as it is")
  func export() throws {
    let request = try Self.request("/v1/export?link=token/moj&rows=hours&format=jsonl")
    guard case .export(let question) = request.question else { throw Desk.Unexpected() }
    #expect(question.choice.links.filter { question.choice.passes($0) }.count == 1)
    #expect(question.rows == .hours)
    #expect(question.format == .jsonl)
  }

  @Test("cells of five minutes go by the name of the configuration, and by that of before")
  func fiveMinutes() throws {
    for word in ["fiveMinutes", "minutes"] {
      let request = try Self.request("/v1/export?rows=\(word)")
      guard case .export(let question) = request.question else { throw Desk.Unexpected() }
      #expect(question.rows == .fiveMinutes)
    }
  }
}
