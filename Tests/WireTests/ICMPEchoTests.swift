import Testing

@testable import Wire

@Suite("ICMP echoes")
struct ICMPEchoTests {
  @Test("the checksum is that of the example in RFC 1071 section 3")
  func checksum() {
    let bytes: [UInt8] = [0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7]
    #expect(internetChecksum(bytes) == ~0xDDF2)
    #expect(internetChecksum([0xFF]) == ~0xFF00, "an odd byte stands before a zero")
  }

  @Test("a request is written as RFC 792 draws it, and its reply is read")
  func request() {
    let echo = ICMPEcho(identifier: 0x1234, sequence: 2, data: [1, 2, 3])
    let bytes = echo.request(isIPv6: false)
    #expect(bytes[0] == 8 && bytes[1] == 0)
    #expect(Array(bytes[4...]) == [0x12, 0x34, 0, 2, 1, 2, 3])
    #expect(internetChecksum(bytes) == 0)
    #expect(ICMPEcho(reply: bytes, isIPv6: false) == nil, "a request is no reply")
    #expect(ICMPEcho(reply: echo.reply(isIPv6: false), isIPv6: false) == echo)
    #expect(ICMPEcho(reply: echo.reply(isIPv6: true), isIPv6: true) == echo)
    #expect(echo.request(isIPv6: true)[0] == 128, "RFC 4443 section 4.1")
  }

  @Test("a reply that is too short, of the other protocol or damaged is none")
  func noReplies() {
    let reply = ICMPEcho(identifier: 1, sequence: 2, data: [9]).reply(isIPv6: false)
    #expect(ICMPEcho(reply: Array(reply.prefix(7)), isIPv6: false) == nil)
    #expect(ICMPEcho(reply: reply, isIPv6: true) == nil)
    var damaged = reply
    damaged[8] ^= 1
    #expect(ICMPEcho(reply: damaged, isIPv6: false) == nil)
  }

  @Test("another identifier keeps a right checksum right and a wrong one wrong")
  func identifiers() {
    let reply = ICMPEcho(identifier: 1, sequence: 2, data: [9]).reply(isIPv6: false)
    let changed = ICMPEcho.replacingIdentifier(of: reply, with: 0xABCD)
    #expect(ICMPEcho(reply: changed, isIPv6: false)?.identifier == 0xABCD)
    var damaged = reply
    damaged[8] ^= 1
    let still = ICMPEcho.replacingIdentifier(of: damaged, with: 7)
    #expect(ICMPEcho(reply: still, isIPv6: false) == nil)
  }
}
