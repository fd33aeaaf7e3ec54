import Incidents
import Model
import Testing

/// A drawn matrix and what is suspected of its first pattern.
struct Suspected: Sendable, CustomTestStringConvertible {
  var reason: String
  var picture: String
  var options = ""
  /// The sign that failing links are given instead of their own; nil for their own.
  var sign: FailureSign?
  var side: Side
  var confidence: Confidence = .low

  var testDescription: String { reason }
}

private let column = "  a b c\np X . .\nq X . .\nr X . .\nt X . ."
private let row = "  g a b c\np ? X X X\nq . . . .\nr . . . .\nt . . . ."
private let rowBehindWorkingHop = "  g a b c\np . X X X\nq . . . .\nr . . . .\nt . . . ."
private let rowBehindSlowHop = "  g a b c\np s X X X\nq . . . .\nr . . . .\nt . . . ."
private let rowBehindFailingHop = "  g a b c\np X X X X\nq . . . .\nr . . . .\nt . . . ."
private let point = "  a b c\np X . .\nq . . .\nr . . .\nt . . ."
private let all = "  a b c\np X X X\nq X X X\nr X X X"
private let gateway = LinkID(service: "g", consumer: "p")

private let table: [Suspected] = [
  Suspected(
    reason: "a column that answers with codes, while the provinces' other services work",
    picture: column, sign: .applicationCode, side: .provider, confidence: .high),
  Suspected(
    reason: "a column that refuses connections", picture: column, sign: .refused,
    side: .provider, confidence: .high),
  Suspected(
    reason: "a column that is silent: the provider or the way to it", picture: column,
    sign: .connectTimedOut, side: .provider, confidence: .low),
  Suspected(
    reason: "a column to which there is no way", picture: column, sign: .unreachable,
    side: .cannotTell),
  Suspected(
    reason: "a column whose certificate expired", picture: column, sign: .certificateExpired,
    side: .provider, confidence: .high),
  Suspected(
    reason: "links behind a failing exchange that answer with errors of their own",
    picture: "  n a b\nx X - -\np - X .\nq - X .\nr - X .",
    options: "exchange n/x;national x;direct b",
    sign: .serverError, side: .hop(LinkID(service: "n", consumer: "x"))),
  Suspected(
    reason: "a province behind a hop that answers", picture: rowBehindWorkingHop,
    options: "gateway g", sign: .connectTimedOut, side: .consumer, confidence: .medium),
  Suspected(
    reason: "a province behind a hop that is slow, and answers", picture: rowBehindSlowHop,
    options: "gateway g", sign: .connectTimedOut, side: .consumer, confidence: .medium),
  Suspected(
    reason: "a province behind a slow hop that says it cannot go on", picture: rowBehindSlowHop,
    options: "gateway g", sign: .gatewayError, side: .consumer, confidence: .medium),
  Suspected(
    reason: "a silent province of whose hop nothing is known", picture: row, options: "gateway g",
    sign: .connectTimedOut, side: .consumer, confidence: .low),
  Suspected(
    reason: "a province to which there is no way", picture: row, options: "gateway g",
    sign: .unreachable, side: .cannotTell),
  Suspected(
    reason: "a province whose hop fails", picture: rowBehindFailingHop, options: "gateway g",
    sign: .gatewayError, side: .hop(gateway), confidence: .medium),
  Suspected(
    reason: "a silent province whose hop fails", picture: rowBehindFailingHop,
    options: "gateway g", sign: .connectTimedOut, side: .hop(gateway), confidence: .low),
  Suspected(
    reason: "a single link with a server's error", picture: point, sign: .serverError,
    side: .cannotTell),
  Suspected(
    reason: "a single silent link", picture: point, sign: .connectTimedOut, side: .cannotTell),
  Suspected(
    reason: "a single link whose certificate expired", picture: point, sign: .certificateExpired,
    side: .cannotTell),
  Suspected(
    reason: "a single link whose credential is refused", picture: point, sign: .credentialRefused,
    side: .cannotTell),
  Suspected(
    reason: "a single link that this machine does not permit", picture: point, sign: .deniedHere,
    side: .us, confidence: .medium),
  Suspected(
    reason: "a single link whose runs were skipped", picture: point, sign: .notMeasured,
    side: .us, confidence: .medium),
  Suspected(
    reason: "a proxy of ours that fails", picture: point, sign: .proxy, side: .us),
  Suspected(
    reason: "names are not looked up, and canaries answer", picture: all,
    options: "canaries see", sign: .resolverSilent, side: .cannotTell),
  Suspected(
    reason: "everything is silent and no canary is configured", picture: all,
    sign: .connectTimedOut, side: .cannotTell),
  Suspected(
    reason: "everything is silent and canaries are dark", picture: all, options: "canaries blind",
    sign: .connectTimedOut, side: .us, confidence: .high),
  Suspected(
    reason: "everything fails with answers, and nothing explains it", picture: all,
    sign: .serverError, side: .cannotTell),
  Suspected(
    reason: "everything answers wrongly, and the link that must fail does not", picture: all,
    options: "canaries deceived", sign: .wrongAnswer, side: .us, confidence: .high),
  Suspected(
    reason: "a column of slow links is sure to no more than the middle",
    picture: "  a b c\np s . .\nq s . .\nr s . .", side: .provider, confidence: .medium),
  Suspected(
    reason: "overdue links are nobody's failure",
    picture: "  a b c\np o . .\nq o . .\nr o . .", side: .cannotTell),
  Suspected(
    reason: "an answer about somebody else: a stale list of codes on either side", picture: point,
    sign: .wrongIdentity, side: .cannotTell),
  Suspected(
    reason: "an issuer's certificate that expired in many owners' chains at once",
    picture: all, sign: .intermediateExpired, side: .certificateAuthority),
]

@Suite("The suspected side")
struct SuspicionTests {
  private func suspicion(_ row: Suspected) -> Suspicion? {
    let sketch = Sketch(row.picture, row.options)
    var matrix = sketch.matrix
    if let sign = row.sign {
      for link in matrix.links(in: .failing) { matrix.set(link, .failing, sign: sign) }
    }
    return explain(matrix, canaries: sketch.canaries).first.map {
      suspect($0, in: matrix, canaries: sketch.canaries)
    }
  }

  @Test("The side and its confidence are those of the row", arguments: table)
  func sides(_ row: Suspected) {
    let found = suspicion(row)
    #expect(found?.side == row.side && found?.confidence == row.confidence, "\(found as Any)")
  }

  @Test("There is always a reason", arguments: table)
  func reasons(_ row: Suspected) { #expect(suspicion(row)?.reasons.isEmpty == false) }

  @Test(
    "What is plainly our own is not blamed on others, whomever it hits, and whether canaries answer",
    arguments: [column, row, point], ["", "canaries see"])
  func ours(picture: String, canaries: String) throws {
    let options = (picture == row ? "gateway g;" : "") + canaries
    for sign in [FailureSign.deniedHere, .notMeasured, .proxy, .ourSecret] {
      let found = try #require(
        suspicion(Suspected(reason: "", picture: picture, options: options, sign: sign, side: .us)))
      #expect(found.side == .us, "\(sign): \(found)")
    }
    for sign in [FailureSign.credentialRefused, .ourCertificate] {
      let found = try #require(
        suspicion(Suspected(reason: "", picture: picture, options: options, sign: sign, side: .us)))
      #expect([.us, .cannotTell].contains(found.side), "\(sign): \(found)")
      #expect(found.reasons.contains { $0.contains("our credential") }, "\(sign): \(found)")
    }
  }

  @Test("A failing canary takes certainty away from every other side")
  func conflict() {
    let clear = suspicion(Suspected(reason: "", picture: column, sign: .refused, side: .provider))
    #expect(clear?.confidence == .high)
    let dark = suspicion(
      Suspected(
        reason: "", picture: column, options: "canaries blind", sign: .refused, side: .us))
    #expect(dark?.side == .us)
  }
}
