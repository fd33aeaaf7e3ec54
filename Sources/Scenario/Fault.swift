import Base

/// What goes wrong with one answer. A scenario names it by one key of a `fault` object.
package enum Fault: Sendable, Hashable {
  /// `absent: true`: the endpoint is not there; 404 with `{"error":"no such endpoint"}`.
  case absent
  /// `status: 502`: this HTTP status.
  case status(Int)
  /// `code: "108"`: status 200 with this application code in the body.
  case code(String)
  /// `hang: true`: nothing is ever answered.
  case hang
  /// `close: true`: the connection ends in order, without an answer.
  case close
  /// `reset: "start"`: the connection ends with a TCP reset.
  case reset(ResetPlace)
  /// `drip: "50ms"`: the healthy answer, its body one byte at a time.
  case drip(every: TimeAmount)
  /// `endless: "body"`: a part of the answer has no end.
  case endless(EndlessPart)
  /// `wrongLength: "short"`: the body does not have the length that the head promised.
  case wrongLength(LengthLie)
  /// `garbage: true`: bytes that are no HTTP, then an orderly end.
  case garbage
  /// `redirect: "loop"`: 302 to somewhere else.
  case redirect(RedirectTarget)
  /// `body: "escapes"`: status 200 with a hostile body.
  case body(HostileBody)
}

/// Where in the answer the reset comes. The link is known only once the request has been read, so
/// the earliest place is before the first byte of the answer.
package enum ResetPlace: String, Sendable, Hashable, CaseIterable {
  case start
  case head
  case body
}

/// The part of an answer that never ends.
package enum EndlessPart: String, Sendable, Hashable, CaseIterable {
  /// One header field whose value goes on and on.
  case header
  /// Header fields, one after the other.
  case headers
  case body
}

/// How a body differs from its `Content-Length`.
package enum LengthLie: String, Sendable, Hashable, CaseIterable {
  /// The body stops short of the promise and the connection ends.
  case short
  /// More bytes follow than were promised, and the connection stays open.
  case long
}

package enum RedirectTarget: Sendable, Hashable {
  /// Back to the same target, for ever.
  case loop
  /// To another host name.
  case host
  /// To another protocol.
  case `protocol`
  /// To this reference, sent as written.
  case reference(String)
}

/// Bodies that a reader must survive.
package enum HostileBody: String, Sendable, Hashable, CaseIterable {
  /// Terminal escapes, C1 controls, marks that reorder text, line breaks.
  case escapes
  /// Arrays 200,000 levels deep.
  case deepJSON = "deep-json"
  /// A number of 100,000 digits, and exponents beyond every floating-point range.
  case bigNumber = "big-number"
  /// Bytes that are not UTF-8 within a JSON string.
  case brokenUTF8 = "broken-utf8"
}

/// What one answer does: how late it comes and what is wrong with it; without either it is healthy.
package struct Turn: Sendable, Hashable {
  package var fault: Fault?
  package var delay: Delay?

  package init(fault: Fault? = nil, delay: Delay? = nil) {
    self.fault = fault
    self.delay = delay
  }
}

/// A rule of a scenario: which links of a service it strikes, how often, and what their answers do.
package struct FaultRule: Sendable, Hashable {
  /// The consumers it strikes; nil for all of the service's.
  package var consumers: [String]?
  package var rate: FaultRate
  package var spread: Spread
  /// The answers that the rate picks.
  package var turn: Turn
  /// The answers that it does not pick.
  package var otherwise: Turn

  package init(
    consumers: [String]? = nil, rate: FaultRate = .always, spread: Spread = .even, turn: Turn,
    otherwise: Turn = Turn()
  ) {
    self.consumers = consumers
    self.rate = rate
    self.spread = spread
    self.turn = turn
    self.otherwise = otherwise
  }

  package func strikes(_ consumer: String) -> Bool { consumers?.contains(consumer) ?? true }

  /// The rule of a link that has never been connected.
  package static let absent = FaultRule(turn: Turn(fault: .absent))
}
