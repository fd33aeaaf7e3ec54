/// The types of records that can be asked for, by their numbers: RFC 1035 section 3.2.2, RFC 3596 (AAAA),
/// RFC 2782 (SRV), RFC 8659 (CAA).
package enum DNSType: UInt16, Sendable, Hashable, CaseIterable {
  case a = 1
  case ns = 2
  case cname = 5
  case soa = 6
  case ptr = 12
  case mx = 15
  case txt = 16
  case aaaa = 28
  case srv = 33
  case caa = 257

  package init?(word: String) {
    guard let found = Self.allCases.first(where: { $0.word == word }) else { return nil }
    self = found
  }

  package var word: String { "\(self)".uppercased() }

  /// A record's data in the form that ``canonical(_:)`` gives, and the name in it if it has one.
  func read(_ reader: inout DNSReader, to end: Int) throws(DNSError) -> (String, DNSName?) {
    switch self {
    case .a:
      return (ipv4Text(try fixed(4, &reader, end)), nil)
    case .aaaa:
      return (ipv6Text(try fixed(16, &reader, end)), nil)
    case .ns, .cname, .ptr:
      let name = try reader.name()
      return (name.description, name)
    case .mx:
      let preference = try reader.number()
      return ("\(preference) \(try reader.name())", nil)
    case .srv:
      let numbers = [try reader.number(), try reader.number(), try reader.number()]
      return (numbers.map { "\($0) " }.joined() + "\(try reader.name())", nil)
    case .soa:
      var text = "\(try reader.name()) \(try reader.name())"
      for _ in 0..<5 { text += " \(try reader.longNumber())" }
      return (text, nil)
    case .txt: return (try Self.strings(&reader, to: end), nil)
    case .caa:
      let flags = try reader.byte()
      let tag = try reader.take(Int(try reader.byte()))
      guard reader.index <= end else { throw DNSError("a CAA record of a wrong length") }
      let value = try reader.take(end - reader.index)
      return ("\(flags) \(escapedText(tag).lowercased()) \(escapedText(value, spaces: true))", nil)
    }
  }

  private func fixed(_ count: Int, _ reader: inout DNSReader, _ end: Int) throws(DNSError)
    -> [UInt8]
  {
    guard end - reader.index == count else { throw DNSError("a \(word) record of a wrong length") }
    return try reader.take(count)
  }

  /// The strings of a TXT record, one behind the other as most of its users take them.
  private static func strings(_ reader: inout DNSReader, to end: Int) throws(DNSError) -> String {
    var text = ""
    while reader.index < end {
      let length = Int(try reader.byte())
      guard length <= end - reader.index else { throw DNSError("a TXT record of a wrong length") }
      text += escapedText(try reader.take(length), spaces: true)
    }
    return text
  }

  /// A record's content as somebody wrote it in the form in which contents are compared; nil where it
  /// cannot be the content of such a record.
  package func canonical(_ text: String) -> String? {
    switch self {
    case .a: return isIPv4Address(Array(text.utf8)[...]) ? text : nil
    case .aaaa: return ipv6Bytes(text).map(ipv6Text)
    case .ns, .cname, .ptr: return DNSName(text)?.description
    case .mx: return Self.fields(text, numbers: 1, names: 1)
    case .srv: return Self.fields(text, numbers: 3, names: 1)
    case .soa: return Self.fields(text, numbers: 0, names: 2, numbersBehind: 5)
    case .txt: return escapedText(Array(text.utf8), spaces: true)
    case .caa:
      let parts = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
      guard parts.count == 3, let flags = UInt8(parts[0]) else { return nil }
      var value = parts[2]
      if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") {
        value = value.dropFirst().dropLast()
      }
      return
        "\(flags) \(parts[1].lowercased()) \(escapedText(Array(value.utf8), spaces: true))"
    }
  }

  /// What an expected record looks like, for a complaint.
  package var example: String {
    switch self {
    case .a: "192.0.2.7"
    case .aaaa: "2001:db8::7"
    case .ns, .cname, .ptr: "host.example"
    case .mx: "10 mail.example"
    case .srv: "0 5 443 host.example"
    case .soa: "ns.example admin.example 1 3600 600 86400 300"
    case .txt: "v=spf1 -all"
    case .caa: "0 issue ca.example"
    }
  }

  private static func fields(
    _ text: String, numbers: Int, names: Int, numbersBehind: Int = 0
  ) -> String? {
    let parts = text.split(separator: " ").map(String.init)
    guard parts.count == numbers + names + numbersBehind else { return nil }
    var fields: [String] = []
    for (index, part) in parts.enumerated() {
      if index >= numbers, index < numbers + names {
        guard let name = DNSName(part) else { return nil }
        fields.append(name.description)
      } else {
        let limit: UInt64 = numbersBehind > 0 ? UInt64(UInt32.max) : UInt64(UInt16.max)
        guard let number = UInt64(part), number <= limit else { return nil }
        fields.append("\(number)")
      }
    }
    return fields.joined(separator: " ")
  }
}

func ipv4Text(_ bytes: [UInt8]) -> String { bytes.map { "\($0)" }.joined(separator: ".") }

/// The form of RFC 5952 section 4: lower case, no leading zeros, the first longest run of zero groups
/// as `::`.
func ipv6Text(_ bytes: [UInt8]) -> String {
  let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
  var best = 0..<0
  var start = 0
  while start < 8 {
    var end = start
    while end < 8, groups[end] == 0 { end += 1 }
    if end - start > max(1, best.count) { best = start..<end }
    start = max(end, start + 1)
  }
  func text(_ part: ArraySlice<UInt16>) -> String {
    part.map { String($0, radix: 16) }.joined(separator: ":")
  }
  if best.isEmpty { return text(groups[...]) }
  return text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
}

/// The bytes of an IPv6 address in text; nil where it is none.
func ipv6Bytes(_ text: String) -> [UInt8]? {
  guard isIPv6Address(Array(text.utf8)[...]) else { return nil }
  func groups(_ part: Substring) -> [UInt8] {
    part.split(separator: ":").flatMap { group -> [UInt8] in
      if group.contains(".") { return group.split(separator: ".").compactMap { UInt8($0) } }
      let value = UInt16(group, radix: 16) ?? 0
      return [UInt8(value >> 8), UInt8(value & 0xFF)]
    }
  }
  guard let gap = text.gap else {
    return groups(text[...])
  }
  let (head, tail) = (groups(text[..<gap]), groups(text[gap...].dropFirst(2)))
  return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
}

extension String {
  /// Where the first `::` begins.
  fileprivate var gap: Index? {
    indices.first { self[$0...].hasPrefix("::") }
  }
}

/// The name servers of `/etc/resolv.conf` (resolv.conf(5)): numeric addresses, at most three; this
/// machine where it names none. Addresses with a zone are left out.
package func nameServers(resolverConfiguration bytes: [UInt8]) -> [String] {
  var servers: [String] = []
  for line in bytes.split(separator: 0x0A) where servers.count < 3 {
    let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
      .map { String(decoding: $0, as: UTF8.self) }
    if words.count >= 2, words[0] == "nameserver", isIPAddress(words[1]) {
      servers.append(words[1])
    }
  }
  return servers.isEmpty ? ["127.0.0.1"] : servers
}
