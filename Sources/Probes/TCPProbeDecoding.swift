import Base
import Model
import Wire

extension TCPProbe {
  package static func target(of options: TCPOptions) -> String? { options.target.text }

  package static func settings(of options: TCPOptions) -> [(key: String, value: String)] {
    [
      ("target", options.target.text),
      ("family", options.family.rawValue),
      ("sourceAddress", options.sourceAddress ?? "any"),
      ("limits.body", sizeDescription(options.limitBytes)),
      ("expect.slow", options.slow.map { "\($0)" } ?? "never"),
    ]
  }

  /// Reads `target`, `send`, `expect`, `limits` and the way to the target.
  package static func decode(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> TCPOptions? {
    reader.require("target", &complaints)
    let target = decodeTarget(&reader, context, &complaints)
    let way = decodeWay(&reader, context, &complaints)
    let send = secretText(&reader, "send", context, &complaints)
    if send?.text.bytes.count ?? 0 > Limits.requestBodyBytes {
      reader.complain("send", "expected at most \(Limits.requestBodyBytes) bytes", &complaints)
    }
    var limit = Limits.tcpAnswerBytes
    if var limits = reader.object("limits", &complaints) {
      limit = limits.size("body", range: 1...Limits.tcpAnswerBytes, &complaints) ?? limit
      limits.finish(&complaints)
    }
    var text: String?
    var pattern: Pattern?
    var slow: TimeAmount?
    if var expect = reader.object("expect", &complaints) {
      text = expandedString(&expect, "text", context, &complaints)
      if let text, !(1...Limits.tcpAnswerText).contains(text.utf8.count) {
        expect.complain("text", "expected 1 to \(Limits.tcpAnswerText) bytes", &complaints)
      }
      pattern = decodePattern(&expect, "pattern", &complaints)
      slow = decodeSlow(&expect, &complaints)
      expect.finish(&complaints)
    }
    guard let target else { return nil }
    return TCPOptions(
      target: target, family: way.family, sourceAddress: way.sourceAddress, send: send, text: text,
      pattern: pattern, limitBytes: limit, slow: slow)
  }

  /// `"host:port"` or `{ host: "...", port: 25 }`.
  private static func decodeTarget(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> HostPort? {
    guard let node = reader.node("target") else { return nil }
    guard node.object != nil else {
      return decodeHostPort(&reader, "target", nil, context, &complaints)
    }
    guard var object = reader.object("target", &complaints) else { return nil }
    object.require("port", &complaints)
    let port = object.int("port", range: 1...65_535, &complaints)
    object.require("host", &complaints)
    let host = decodeHostPort(
      &object, "host", port.map(UInt16.init) ?? 1, isHostAlone: true, context, &complaints)
    object.finish(&complaints)
    return port == nil ? nil : host
  }
}

func decodeSlow(_ reader: inout FieldReader, _ complaints: inout Complaints) -> TimeAmount? {
  reader.duration("slow", range: .milliseconds(1)...Limits.probeIntervalMaximum, &complaints)
}

/// A host, with a port where it has one.
func decodeHostPort(
  _ reader: inout FieldReader, _ key: String, _ defaultPort: UInt16?, isHostAlone: Bool = false,
  _ context: ProbeContext, _ complaints: inout Complaints
) -> HostPort? {
  guard let text = expandedString(&reader, key, context, &complaints) else { return nil }
  do throws(URLError) {
    let found = try HostPort(text, defaultPort: defaultPort)
    // With two default ports it shows whether the text has one of its own.
    if isHostAlone, let defaultPort, try HostPort(text, defaultPort: defaultPort ^ 1) == found {
      reader.complain(key, "expected a host without a port", &complaints)
      return nil
    }
    return found
  } catch {
    let expected = isHostAlone || defaultPort != nil ? "a host" : "host:port"
    reader.complain(key, "expected \(expected): \(error.message)", &complaints)
    return nil
  }
}

/// Which addresses may be used, and from which of ours.
struct DecodedWay {
  var family: AddressFamily
  var sourceAddress: String?
}

func decodeWay(
  _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
) -> DecodedWay {
  let family = reader.choice("family", of: AddressFamily.allCases.map(\.rawValue), &complaints)
  let source = reader.string("sourceAddress", &complaints)
  if let source, !isIPAddress(source) {
    reader.complain("sourceAddress", sourceAddressExpected, &complaints)
  }
  return DecodedWay(
    family: family.flatMap(AddressFamily.init(rawValue:)) ?? context.defaults.family,
    sourceAddress: source ?? context.defaults.sourceAddress)
}
