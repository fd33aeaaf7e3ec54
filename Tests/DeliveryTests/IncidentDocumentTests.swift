import Base
import Model
import Testing
import Wire

@testable import Delivery

struct IncidentDocumentTests {
  @Test("a document has its fields in the order of the page")
  func golden() {
    let text = String(decoding: IncidentDocument.encode(incident("a", 2)), as: UTF8.self)
    #expect(
      text
        == #"{"version":1,"id":"inc-aaaaaaaaaaaaaaaaaaaa","sequence":2,"status":"open","#
        + #""pattern":"point","severity":"critical","summary":"down","linkCount":1,"#
        + #""links":["land-database/ha-noi"],"conditionCount":1,"conditions":[{"#
        + #""link":"land-database/ha-noi","probe":"http","rule":"failures","#
        + #""cause":"http.status","causeDetail":"503","#
        + #""evidence":"3 of the last 5 attempts failed: HTTP status 503","#
        + #""since":"2025-11-07T01:02:03.004Z","hops":[]}],"openedAt":"2025-11-07T01:02:03.004Z","#
        + #""updatedAt":"2025-11-07T01:02:04.004Z","resolvedAt":null,"#
        + #""subject":null,"suspicion":null,"acknowledgement":null,"absorbedBy":null,"#
        + #""firstToldSequence":1,"timeline":[],"reopenedCount":0,"reopenedAt":null,"#
        + #""earlierOpenMilliseconds":0,"durationMilliseconds":null,"held":false,"#
        + #""recovering":null,"memberCount":0,"members":[]}"#)
  }

  @Test("an incident's life comes back, and its end tells for how long it was open in all")
  func life() throws {
    var original = incident("a", 9, resolved: true)
    let start = original.openedAt
    original.reopenedCount = 2
    original.reopenedAt = start + .minutes(10)
    original.earlierOpen = .minutes(3)
    original.resolvedAt = start + .minutes(12)
    original.hasHeldChanges = true
    original.isRecovering = true
    original.members = [
      IncidentMember(
        link: original.links[0], joinedAt: start, leftAt: original.resolvedAt, times: 2),
      IncidentMember(link: LinkID("land-database/hue")!, joinedAt: start + .minutes(1)),
    ]
    original.unlistedMembers = 7
    let bytes = IncidentDocument.encode(original)
    #expect(try IncidentDocument.decode(bytes) == original)
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.contains(#""durationMilliseconds":300000"#), "3 minutes and 2, not 12")
    #expect(text.contains(#""memberCount":9,"members":[{"link":"land-database/ha-noi""#))
  }

  @Test("its length is the same when it is read back, though its times were finer")
  func fineTimes() throws {
    var original = incident("a", 9, resolved: true)
    original.openedAt = original.openedAt + .nanoseconds(900_000)
    original.resolvedAt = original.openedAt + .milliseconds(204) + .nanoseconds(200_000)
    original.earlierOpen = original.openFor(until: original.openedAt + .nanoseconds(5_700_000))
    let bytes = IncidentDocument.encode(original)
    #expect(IncidentDocument.encode(try IncidentDocument.decode(bytes)) == bytes)
  }

  @Test("hops come back; a document of a version that did not know them is read all the same")
  func hops() throws {
    var original = incident("a", 2)
    original.conditions[0].hops = [LinkID("lgsp/an-giang")!, LinkID("ndxp/national")!]
    let text = String(decoding: IncidentDocument.encode(original), as: UTF8.self)
    #expect(text.contains(#""hops":["lgsp/an-giang","ndxp/national"]"#))
    #expect(try IncidentDocument.decode(Array(text.utf8)) == original)
    let parts = text.split(separator: #","hops":["lgsp/an-giang","ndxp/national"]"#)
    original.conditions[0].hops = []
    #expect(try IncidentDocument.decode(Array(parts.joined().utf8)) == original)
  }

  @Test("news that is over when it is told is an event of its own")
  func noted() {
    var news = incident("a", 1, resolved: true)
    #expect(news.changeKind == .resolved)
    news.severity = .notice
    #expect(news.changeKind.eventType == "incident.noted")
  }

  @Test("what is encoded comes back", arguments: [false, true])
  func roundTrip(pretty: Bool) throws {
    for original in [incident(), incident("b", 7), incident("c", 3, resolved: true)] {
      let bytes = IncidentDocument.encode(original, pretty: pretty)
      #expect(try IncidentDocument.decode(bytes) == original)
    }
  }

  @Test("a suspected side comes back, of now or dated")
  func suspicion() throws {
    for asOf in [nil, WallTime(milliseconds: 1_762_477_323_004)] {
      var original = incident()
      original.suspicion = SuspectedSide(
        side: "hop", hop: LinkID(service: "lgsp", consumer: "hue"), confidence: "low",
        reasons: ["it fails"], asOf: asOf)
      #expect(try IncidentDocument.decode(IncidentDocument.encode(original)) == original)
    }
    let former = #"{"side":"us","hop":null,"confidence":"low","reasons":[]}"#
    let text = String(decoding: IncidentDocument.encode(incident()), as: UTF8.self)
      .replacing(#""suspicion":null"#, with: #""suspicion":\#(former)"#)
    let read = try IncidentDocument.decode(Array(text.utf8))
    #expect(read.suspicion?.side == "us" && read.suspicion?.asOf == nil)
  }

  @Test(
    "hostile text comes back as it was",
    arguments: [
      ("quotes", #"" \ / "},{"id":"x"#), ("control characters", "\u{0}\u{1b}[2J\r\n\u{7f}\u{9b}"),
      ("line separators", "a\u{2028}b\u{2029}"), ("marks that reorder", "\u{202e}evil\u{202c}"),
      ("beyond the first plane", "🇻🇳 𝕏"), ("Vietnamese, decomposed", "Đà Nẵng".decomposed),
      ("the journal's mark in text", "\u{ff}LHJ"), ("empty", ""),
    ])
  func hostileText(reason: String, text: String) throws {
    var original = incident("a", 1, summary: text)
    original.conditions[0].evidence = text
    original.conditions[0].cause = text
    original.conditions[0].probe = text
    let read = try IncidentDocument.decode(IncidentDocument.encode(original, pretty: true))
    #expect(read == original, "\(reason)")
    #expect(Array(read.summary.utf8) == Array(text.utf8), "\(reason): to the byte")
  }

  @Test(
    "documents that are not ours are refused",
    arguments: [
      ("another version", #""version":1"#, #""version":2"#),
      ("an id that leaves the directory", "inc-aaaaaaaaaaaaaaaaaaaa", "inc-../../etc/passwd"),
      ("an unknown word", #""status":"open""#, #""status":"asleep""#),
      ("a link that is no link", #""links":["land-database/ha-noi"]"#, #""links":["x"]"#),
      ("a number where text belongs", #""summary":"down""#, #""summary":1"#),
      ("a missing field", #""sequence":1,"#, ""),
      ("a day that does not exist", "2025-11-07T01:02:03.004Z", "2025-02-29T01:02:03.004Z"),
      ("half of it", #"],"openedAt""#, ""),
    ])
  func refused(reason: String, part: String, replacement: String) {
    let text = String(decoding: IncidentDocument.encode(incident()), as: UTF8.self)
    let changed = text.replacing(part, with: replacement)
    #expect(changed != text)
    #expect(throws: DocumentError.self, "\(reason)") {
      try IncidentDocument.decode(Array(changed.utf8))
    }
  }

  @Test("fields of a later version and a note are passed over")
  func laterFields() throws {
    let text = String(decoding: IncidentDocument.encode(incident(), note: "moved"), as: UTF8.self)
    let later = text.replacing(#""status""#, with: #""news":{"x":[1]},"status""#)
    #expect(try IncidentDocument.decode(Array(later.utf8)) == incident())
  }

  @Test("a webhook's body tells its type, when it happened, and the document")
  func webhookBody() throws {
    let cases: [(Incident, String)] = [
      (incident("a", 1), "incident.opened"), (incident("a", 2), "incident.updated"),
      (incident("a", 3, resolved: true), "incident.resolved"),
    ]
    for (incident, type) in cases {
      let body = IncidentDocument.webhookBody(incident)
      let (node, errors) = parseJSON(body, dialect: .json, limits: .body)
      #expect(errors.isEmpty)
      #expect(node?["type"]?.string == type)
      #expect(node?["timestamp"]?.string == incident.updatedAt.description)
      #expect(node?["data"].map { try? IncidentDocument.decode($0) } == incident)
    }
  }

  @Test("a webhook's body lists a bounded number of links and conditions, and counts them all")
  func webhookBodyIsBounded() {
    var large = incident()
    large.links = (0..<1_000).map { LinkID(service: "s", consumer: "c\($0)") }
    large.conditions = Array(repeating: large.conditions[0], count: 3_000)
    let (node, _) = parseJSON(
      IncidentDocument.webhookBody(large), dialect: .json, limits: .body)
    let data = node?["data"]
    #expect(data?["links"]?.array?.count == Limits.webhookEntries)
    #expect(data?["conditions"]?.array?.count == Limits.webhookEntries)
    #expect(data?["linkCount"]?.int == 1_000)
    #expect(data?["conditionCount"]?.int == 3_000)
  }

  @Test(
    "an id is one that can name a file",
    arguments: [
      ("inc-0123456789abcdefghjk", true), ("inc-1", true), ("inc-A-z", true), ("inc-", false),
      ("", false), ("inc-a/b", false), ("inc-..", false), ("inc-a.json", false),
      ("inc-\u{0}", false), ("inc-é", false), ("abc-0123", false),
      ("inc-" + String(repeating: "a", count: 61), false),
    ])
  func ids(text: String, isID: Bool) { #expect(isIncidentID(text) == isID) }
}

extension String {
  /// Letters and their marks apart, as some keyboards and file systems write them.
  fileprivate var decomposed: String {
    replacing("à", with: "a\u{300}").replacing("ẵ", with: "a\u{306}\u{303}")
  }
}
