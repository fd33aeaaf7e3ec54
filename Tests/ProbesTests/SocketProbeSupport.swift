import Base
import Model
import Testing
import Wire

@testable import Probes

/// Walks a machine through events, and takes apart what it wants.
struct Walk<Kind: Probe> {
  private(set) var probe: Kind
  private(set) var now = Instant(nanoseconds: 1_000_000_000)
  private(set) var action: ProbeAction

  init(_ options: Kind.Options, timeout: TimeAmount = .seconds(4), entropy: UInt64 = 7) {
    probe = Kind(options, timeout: timeout, tracing: true)
    probe.seed(entropy)
    action = probe.step(.start, at: now)
  }

  mutating func step(_ event: ProbeEvent, after: TimeAmount = .zero) {
    now = now + after
    action = probe.step(event, at: now)
  }

  /// Bytes that come so much later.
  mutating func receive(_ bytes: [UInt8], after: TimeAmount = .milliseconds(1)) {
    now = now + after
    action = probe.step(.received(bytes, at: now), at: now)
  }

  mutating func receive(_ text: String, after: TimeAmount = .milliseconds(1)) {
    receive(Array(text.utf8), after: after)
  }

  var target: SocketTarget? { if case .connect(let target) = action { target } else { nil } }
  var sent: [UInt8]? { if case .send(let bytes) = action { bytes } else { nil } }
  var result: ProbeResult? { if case .finish(let result) = action { result } else { nil } }
  var outcome: Outcome? { result?.outcome }
  var within: TimeAmount? {
    if case .receive(_, let within) = action { within } else { nil }
  }
}

/// Reads a probe's own settings as the catalogue does.
func decodeKind<Kind: Probe>(
  _ kind: Kind.Type, _ json5: String, placeholders: [String: String] = [:],
  nameServers: [String] = ["127.0.0.1"]
) throws -> (options: Kind.Options?, complaints: [String]) {
  var complaints = Complaints()
  let node = try #require(parseJSON(Array(json5.utf8), dialect: .json5).node)
  var reader = try #require(
    FieldReader(node, file: "test.json5", path: "", complaints: &complaints))
  let context = ProbeContext(
    placeholders: placeholders, defaults: ProbeDefaults(nameServers: nameServers))
  let options = kind.decode(&reader, context, &complaints)
  reader.finish(&complaints)
  return (options, complaints.list.map(\.message))
}
