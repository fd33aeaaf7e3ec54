import Wire

/// A message that is accepted has names that can be read again from their own text, and contents in
/// printable ASCII in the form in which they are compared.
func dnsMessageViolation(_ bytes: [UInt8]) -> String? {
  guard let message = try? DNSMessage(bytes, recordLimit: 4_096) else { return nil }
  if message.answers.count > 4_096 { return "more records than allowed" }
  for record in message.answers {
    if DNSName(record.name.description) != record.name {
      return "its own text is another name: \(record.name)"
    }
    guard let text = record.text else { continue }
    if !text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return "not printable: \(text)" }
    guard let type = DNSType(rawValue: record.type) else { return "a text of an unknown type" }
    // Of these the text is escaped, which what somebody writes is not.
    if type == .txt || type == .caa { continue }
    if type.canonical(text) != text { return "another form: \(text)" }
  }
  return nil
}

/// An echo reply that is accepted is the same when it is written again.
func icmpEchoViolation(_ bytes: [UInt8]) -> String? {
  if let echo = ICMPEcho(reply: bytes, isIPv6: false) {
    let changed = ICMPEcho.replacingIdentifier(of: bytes, with: echo.identifier ^ 0x5A5A)
    guard ICMPEcho(reply: changed, isIPv6: false)?.data == echo.data else {
      return "another identifier makes it invalid"
    }
    if ICMPEcho(reply: echo.reply(isIPv6: false), isIPv6: false) != echo {
      return "written again it is another"
    }
  }
  guard let echo = ICMPEcho(reply: bytes, isIPv6: true) else { return nil }
  return ICMPEcho(reply: echo.reply(isIPv6: true), isIPv6: true) == echo
    ? nil : "written again it is another"
}
