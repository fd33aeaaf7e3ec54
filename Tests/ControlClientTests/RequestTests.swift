import Model
import Testing

@testable import ControlClient

@Suite struct RequestTests {
  static let link = LinkID(service: "land-database", consumer: "ha-noi")

  static var narrowed: IncidentFilter {
    var filter = IncidentFilter(all: false)
    filter.services = ["lgsp"]
    filter.consumers = ["hue"]
    filter.systems = ["x"]
    filter.owners = ["moj"]
    filter.severities = [.warning]
    return filter
  }

  static var overdue: LinkFilter {
    var filter = LinkFilter()
    filter.states = [.down]
    filter.marks = [.overdue]
    return filter
  }

  static let requests: [(Action, String, String)] = [
    (.status, "GET", "/v1/status"),
    (.version, "GET", "/v1/status"),
    (.links(LinkFilter()), "GET", "/v1/links?limit=10000"),
    (.show(link), "GET", "/v1/links/land-database/ha-noi"),
    (.samples(link, SampleFilter()), "GET", "/v1/links/land-database/ha-noi/samples"),
    (.incidents(IncidentFilter(all: false)), "GET", "/v1/incidents?status=open"),
    (.incidents(IncidentFilter(all: true)), "GET", "/v1/incidents?status=all"),
    (
      .incidents(narrowed), "GET",
      "/v1/incidents?status=open&service=lgsp&consumer=hue&system=x&owner=moj&severity=warning"
    ),
    (
      .links(overdue), "GET", "/v1/links?state=down,overdue&limit=10000"
    ),
    (.attempt(link), "POST", "/v1/links/land-database/ha-noi/try"),
    (.pause(link, reason: nil), "POST", "/v1/links/land-database/ha-noi/pause"),
    (.resume(link), "POST", "/v1/links/land-database/ha-noi/resume"),
    (.quiet(QuietQuestion(.maintenance, .list())), "GET", "/v1/maintenance"),
    (
      .quiet(QuietQuestion(.maintenance, .list(all: true, late: true))), "GET",
      "/v1/maintenance?status=all&late=true"
    ),
    (.quiet(QuietQuestion(.silence, .show("s-1"))), "GET", "/v1/silences/s-1"),
    (.quiet(QuietQuestion(.silence, .end("../x"))), "POST", "/v1/silences/..%2Fx/end"),
    (.reload(), "POST", "/v1/reload"),
    (.reload(plan: true), "POST", "/v1/reload?plan=true"),
    (.reload(plan: true, yes: true), "POST", "/v1/reload?plan=true&yes=true"),
    (
      .past(PastQuestion(.history, link: link, [("step", ["15m"])])), "GET",
      "/v1/links/land-database/ha-noi/history?step=15m"
    ),
    (.past(PastQuestion(.compare, link: link)), "GET", "/v1/links/land-database/ha-noi/compare"),
    (
      .past(PastQuestion(.availability, [("by", ["province"]), ("owner", ["moj", "mps"])])), "GET",
      "/v1/availability?by=province&owner=moj,mps"
    ),
    (.past(PastQuestion(.worst)), "GET", "/v1/worst"),
    (.past(PastQuestion(.export)), "GET", "/v1/export"),
    (.explain(link), "GET", "/v1/links/land-database/ha-noi/explain"),
  ]

  @Test("each action asks for its resource", arguments: requests)
  func resource(_ action: Action, _ method: String, _ target: String) {
    let step = Conversation(Invocation(action), Display()).begin()
    #expect(step == .send(ControlRequest(method: method, target: target)))
  }

  @Test("values of a query are encoded, commas between them are not")
  func query() {
    var filter = LinkFilter()
    filter.services = ["a&b=c", "d/e", "bảo trì"]
    filter.states = [.notConnected, .up]
    filter.routes = ["lgsp", "ndxp"]
    filter.vendors = ["vnpt-igate"]
    filter.roles = [.hop]
    filter.limit = 5
    #expect(
      ControlRequest.links(filter).target
        == "/v1/links?service=a%26b%3Dc,d%2Fe,b%E1%BA%A3o%20tr%C3%AC&state=notConnected,up"
        + "&route=lgsp,ndxp&vendor=vnpt-igate&role=hop&limit=5")
    var samples = SampleFilter()
    samples.probe = "x\r\nHost: y"
    samples.from = "2025-11-07T01:02:03.004+07:00"
    #expect(
      ControlRequest.samples(Self.link, samples).target
        == "/v1/links/land-database/ha-noi/samples?probe=x%0D%0AHost%3A%20y"
        + "&from=2025-11-07T01%3A02%3A03.004%2B07%3A00")
  }

  @Test("a request without a body and one with it, as they are sent")
  func bytes() {
    #expect(
      text(.status)
        == "GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        + "Accept: application/json\r\n\r\n")
    #expect(
      text(.pause(Self.link, reason: "bảo \"trì\""))
        == "POST /v1/links/land-database/ha-noi/pause HTTP/1.1\r\nHost: localhost\r\n"
        + "Connection: close\r\nAccept: application/json\r\nContent-Type: application/json\r\n"
        + "Content-Length: 27\r\n\r\n{\"reason\":\"bảo \\\"trì\\\"\"}")
    #expect(text(.reload(plan: false, yes: false)).hasSuffix("\r\nContent-Length: 0\r\n\r\n"))
  }

  private func text(_ request: ControlRequest) -> String {
    String(decoding: request.bytes, as: UTF8.self)
  }
}
