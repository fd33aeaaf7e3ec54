import Base
import Model
import Wire

extension DNSProbe {
  private static let port: UInt16 = 53

  package static func target(of options: DNSOptions) -> String? { options.servers.first?.text }

  package static func settings(of options: DNSOptions) -> [(key: String, value: String)] {
    let expectations = options.expectations
    return [
      ("query", options.question.name.description),
      ("type", options.question.type.word),
      ("server", options.servers.map(\.text).joined(separator: ", ")),
      ("transport", options.transport.rawValue),
      ("recursion", options.recursionDesired ? "true" : "false"),
      ("edns", options.udpBytes == nil ? "false" : "true"),
      ("family", options.family.rawValue),
      ("sourceAddress", options.sourceAddress ?? "any"),
      ("expect.code", DNSMessage.word(responseCode: expectations.responseCode)),
      ("expect.authoritative", expectations.authoritative ? "true" : "false"),
      ("expect.slow", expectations.slow.map { "\($0)" } ?? "never"),
    ]
  }

  /// Reads `query`, `type`, `server`, `transport`, `recursion`, `edns` and `expect`.
  package static func decode(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> DNSOptions? {
    // The key "name" is the probe's own, whatever its kind.
    let name = decodeName(&reader, context, &complaints)
    let word = reader.choice("type", of: DNSType.allCases.map(\.word), &complaints)
    let type = word.flatMap(DNSType.init(word:)) ?? .a
    let servers = decodeServers(&reader, context, &complaints)
    let way = decodeWay(&reader, context, &complaints)
    let transport = reader.choice(
      "transport", of: DNSOptions.Transport.allCases.map(\.rawValue), &complaints)
    let recursion = reader.bool("recursion", &complaints) ?? true
    let edns = reader.bool("edns", &complaints) ?? true
    var expectations = DNSExpectations()
    if var expect = reader.object("expect", &complaints) {
      expectations = decodeExpectations(&expect, type, context, &complaints)
      expect.finish(&complaints)
    }
    guard let name, !servers.isEmpty else { return nil }
    return DNSOptions(
      question: DNSQuestion(name, type), servers: servers, family: way.family,
      sourceAddress: way.sourceAddress,
      transport: transport.flatMap(DNSOptions.Transport.init(rawValue:)) ?? .automatic,
      recursionDesired: recursion, udpBytes: edns ? 1_232 : nil, expectations: expectations)
  }

  private static func decodeName(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> DNSName? {
    guard let text = expandedString(&reader, "query", context, &complaints, required: true) else {
      return nil
    }
    if let name = DNSName(text) { return name }
    reader.complain(
      "query", "expected a domain name such as \"portal.example\", its labels of 1 to 63 bytes",
      &complaints)
    return nil
  }

  /// `"192.0.2.53"`, `"ns.example:5353"`, or a list of such; the machine's own where none is given.
  private static func decodeServers(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> [HostPort] {
    guard let node = reader.node("server") else {
      return context.defaults.nameServers.prefix(Limits.dnsServers)
        .compactMap { try? HostPort($0, defaultPort: port) }
    }
    guard let elements = node.array else {
      return decodeHostPort(&reader, "server", port, context, &complaints).map { [$0] } ?? []
    }
    guard (1...Limits.dnsServers).contains(elements.count) else {
      reader.complain("server", "expected 1 to \(Limits.dnsServers) servers", &complaints)
      return []
    }
    var servers: [HostPort] = []
    for text in reader.strings("server", &complaints) ?? [] {
      guard let expanded = expanded(text, &reader, "server", context, &complaints) else {
        continue
      }
      do throws(URLError) {
        servers.append(try HostPort(expanded, defaultPort: port))
      } catch {
        reader.complain("server", "expected a host: \(error.message)", &complaints)
      }
    }
    return servers.count == elements.count ? servers : []
  }

  private static func expanded(
    _ text: String, _ reader: inout FieldReader, _ key: String, _ context: ProbeContext,
    _ complaints: inout Complaints
  ) -> String? {
    do throws(UnknownPlaceholder) {
      return try context.expand(text)
    } catch {
      reader.complain(key, context.problem(error), &complaints)
      return nil
    }
  }

  private static func decodeExpectations(
    _ reader: inout FieldReader, _ type: DNSType, _ context: ProbeContext,
    _ complaints: inout Complaints
  ) -> DNSExpectations {
    var expectations = DNSExpectations()
    let codes = DNSMessage.responseCodes
    if let word = reader.choice("code", of: codes.map(\.word), &complaints) {
      expectations.responseCode = codes.first { $0.word == word }?.code ?? 0
    }
    expectations.answers = decodeRecords(&reader, "answers", type, context, &complaints)
    expectations.anyOf = decodeRecords(&reader, "anyOf", type, context, &complaints)
    for key in ["answers", "anyOf"] where reader.has(key) && expectations.responseCode != 0 {
      reader.complain(key, "an answer with another code than NOERROR has no records", &complaints)
    }
    expectations.authoritative = reader.bool("authoritative", &complaints) ?? false
    expectations.slow = decodeSlow(&reader, &complaints)
    return expectations
  }

  private static func decodeRecords(
    _ reader: inout FieldReader, _ key: String, _ type: DNSType, _ context: ProbeContext,
    _ complaints: inout Complaints
  ) -> [String]? {
    guard let texts = reader.strings(key, &complaints) else { return nil }
    guard (1...Limits.dnsExpectedRecords).contains(texts.count) else {
      reader.complain(key, "expected 1 to \(Limits.dnsExpectedRecords) records", &complaints)
      return nil
    }
    var records: [String] = []
    for text in texts {
      guard let expanded = expanded(text, &reader, key, context, &complaints) else { continue }
      if let record = type.canonical(expanded) {
        records.append(record)
      } else {
        reader.complain(
          key,
          "\"\(printable(expanded, limit: 64))\" is no \(type.word) record; expected such as "
            + "\"\(type.example)\"", &complaints)
      }
    }
    return records
  }
}
