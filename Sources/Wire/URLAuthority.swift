/// The host and port of a URL (RFC 3986 section 3.2). Hosts are names as DNS knows them and addresses
/// in their one usual form; what a resolver could read as another address is refused.
struct URLAuthority {
  /// In lower case, without brackets.
  let host: String
  let isIPLiteral: Bool
  /// Nil when not given.
  let port: Int?

  init(_ bytes: [UInt8]) throws(URLError) {
    if bytes.contains(UInt8(ascii: "@")) {
      throw URLError("the URL holds user information before the host; credentials go elsewhere")
    }
    var end = bytes.lastIndex(of: UInt8(ascii: ":")) ?? bytes.count
    if bytes.first == UInt8(ascii: "[") {
      guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else {
        throw URLError("the bracket before the IPv6 address is not closed")
      }
      end = close + 1
      guard end == bytes.count || bytes[end] == UInt8(ascii: ":") else {
        throw URLError("only a port may follow the IPv6 address")
      }
      guard isIPv6Address(bytes[1..<close]) else {
        throw URLError("the brackets do not hold an IPv6 address")
      }
      host = String(decoding: bytes[1..<close], as: UTF8.self).lowercased()
      isIPLiteral = true
    } else {
      isIPLiteral = try Self.checkName(bytes[..<end])
      host = String(decoding: bytes[..<end], as: UTF8.self).lowercased()
    }
    port = try Self.port(bytes[end...].dropFirst())
  }

  /// An empty port is none (RFC 3986 section 3.2.3).
  private static func port(_ digits: ArraySlice<UInt8>) throws(URLError) -> Int? {
    if digits.isEmpty { return nil }
    guard digits.count <= 5, digits.allSatisfy(isDigit),
      let port = Int(String(decoding: digits, as: UTF8.self)), (1...65_535).contains(port)
    else { throw URLError("the port is not a number from 1 to 65535") }
    return port
  }

  /// Refuses what is no host name; true for an IPv4 address.
  private static func checkName(_ name: ArraySlice<UInt8>) throws(URLError) -> Bool {
    if name.isEmpty { throw URLError("the host is empty") }
    for byte in name {
      if byte >= 0x80 {
        throw URLError("the host holds letters outside ASCII; write its xn-- form")
      }
      if byte == UInt8(ascii: ":") {
        throw URLError("an IPv6 address needs brackets; a port needs a host without colons")
      }
      guard isLetter(byte) || isDigit(byte) || "-._".utf8.contains(byte) else {
        throw URLError("the host holds a character that no host name has")
      }
    }
    var labels = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
    guard labels.reduce(labels.count - 1, { $0 + $1.count }) <= 253,
      labels.allSatisfy({ (1...63).contains($0.count) })
    else {
      throw URLError("the host's labels must be 1 to 63 bytes long, the host at most 253")
    }
    guard let last = labels.last, isNumber(last) else { return false }
    guard isIPv4Address(name) else {
      throw URLError("the host ends in a number but is not an IPv4 address in four decimal parts")
    }
    return true
  }

  /// Whether a resolver may take the label for a part of an address: decimal, octal or hexadecimal.
  private static func isNumber(_ label: ArraySlice<UInt8>) -> Bool {
    if label.allSatisfy(isDigit) { return true }
    guard label.count >= 2, label.first == UInt8(ascii: "0") else { return false }
    let rest = label.dropFirst()
    return rest.first.map { $0 | 0x20 } == UInt8(ascii: "x")
      && rest.dropFirst().allSatisfy { hexValue($0) != nil }
  }
}

/// Whether the text is a numeric IPv4 or IPv6 address, without brackets or a zone.
package func isIPAddress(_ text: String) -> Bool {
  let bytes = Array(text.utf8)
  return isIPv4Address(bytes[...]) || isIPv6Address(bytes[...])
}

/// Whether the text is an IPv4 address: four decimal parts without leading zeros
/// (`IPv4address`, RFC 3986 section 3.2.2).
func isIPv4Address(_ text: ArraySlice<UInt8>) -> Bool {
  let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
  return parts.count == 4
    && parts.allSatisfy { part in
      guard (1...3).contains(part.count), part.allSatisfy(isDigit) else { return false }
      if part.count > 1, part.first == UInt8(ascii: "0") { return false }
      return part.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 255
    }
}

/// Whether the text is an IPv6 address without a zone (`IPv6address`, RFC 3986 section 3.2.2).
func isIPv6Address(_ text: ArraySlice<UInt8>) -> Bool {
  let colon = UInt8(ascii: ":")
  guard text.count <= 45 else { return false }
  var groups = 0
  var hasGap = false
  var rest = text
  if rest.starts(with: "::".utf8) {
    hasGap = true
    rest = rest.dropFirst(2)
    if rest.isEmpty { return true }
  }
  while true {
    let group = rest.prefix { $0 != colon }
    rest = rest[group.endIndex...]
    if group.contains(UInt8(ascii: ".")) {
      guard rest.isEmpty, isIPv4Address(group) else { return false }
      groups += 2
      break
    }
    guard (1...4).contains(group.count), group.allSatisfy({ hexValue($0) != nil }) else {
      return false
    }
    groups += 1
    if rest.isEmpty { break }
    rest = rest.dropFirst()
    if rest.first == colon {
      if hasGap { return false }
      hasGap = true
      rest = rest.dropFirst()
      if rest.isEmpty { break }
    }
  }
  return hasGap ? groups <= 7 : groups == 8
}
