/// The echo messages of ICMP (RFC 792, "Echo or Echo Reply Message") and ICMPv6 (RFC 4443 section 4).
package struct ICMPEcho: Sendable, Hashable {
  package var identifier: UInt16
  package var sequence: UInt16
  package var data: [UInt8]

  package init(identifier: UInt16, sequence: UInt16, data: [UInt8]) {
    self.identifier = identifier
    self.sequence = sequence
    self.data = data
  }

  private static let headerBytes = 8

  /// The request as bytes. The checksum of ICMPv6 covers addresses and is left to the kernel.
  package func request(isIPv6: Bool) -> [UInt8] { message(type: isIPv6 ? 128 : 8, isIPv6: isIPv6) }

  /// The reply as bytes, as a host gives it.
  package func reply(isIPv6: Bool) -> [UInt8] { message(type: isIPv6 ? 129 : 0, isIPv6: isIPv6) }

  private func message(type: UInt8, isIPv6: Bool) -> [UInt8] {
    var bytes: [UInt8] = [
      type, 0, 0, 0, UInt8(identifier >> 8), UInt8(identifier & 0xFF), UInt8(sequence >> 8),
      UInt8(sequence & 0xFF),
    ]
    bytes += data
    if !isIPv6 { Self.putChecksum(&bytes) }
    return bytes
  }

  /// An echo reply; nil for anything else, and for one of ICMP whose checksum is wrong.
  package init?(reply bytes: [UInt8], isIPv6: Bool) {
    guard bytes.count >= Self.headerBytes, bytes[0] == (isIPv6 ? 129 : 0), bytes[1] == 0,
      isIPv6 || internetChecksum(bytes) == 0
    else { return nil }
    identifier = UInt16(bytes[4]) << 8 | UInt16(bytes[5])
    sequence = UInt16(bytes[6]) << 8 | UInt16(bytes[7])
    data = Array(bytes[Self.headerBytes...])
  }

  /// The identifier of an echo message; nil where the bytes are too few.
  package static func identifier(of bytes: [UInt8]) -> UInt16? {
    bytes.count >= headerBytes ? UInt16(bytes[4]) << 8 | UInt16(bytes[5]) : nil
  }

  /// The same message with another identifier. Its checksum is made anew if it was right.
  package static func replacingIdentifier(of bytes: [UInt8], with identifier: UInt16) -> [UInt8] {
    guard bytes.count >= headerBytes else { return bytes }
    var changed = bytes
    changed[4] = UInt8(identifier >> 8)
    changed[5] = UInt8(identifier & 0xFF)
    if internetChecksum(bytes) == 0 { putChecksum(&changed) }
    return changed
  }

  private static func putChecksum(_ bytes: inout [UInt8]) {
    bytes[2] = 0
    bytes[3] = 0
    let sum = internetChecksum(bytes)
    bytes[2] = UInt8(sum >> 8)
    bytes[3] = UInt8(sum & 0xFF)
  }
}

/// The checksum of RFC 1071 section 1; 0 over bytes that hold their own, right one.
package func internetChecksum(_ bytes: [UInt8]) -> UInt16 {
  var sum: UInt32 = 0
  var index = 0
  while index + 1 < bytes.count {
    sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
    sum = (sum & 0xFFFF) + (sum >> 16)
    index += 2
  }
  if index < bytes.count { sum += UInt32(bytes[index]) << 8 }
  while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
  return ~UInt16(sum)
}
