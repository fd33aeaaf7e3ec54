import Testing

@testable import Wire

@Suite("DNS messages")
struct DNSMessageTests {
  private func name(_ text: String) -> DNSName { DNSName(text)! }

  /// A header with these counts (RFC 1035 section 4.1.1).
  private func header(
    id: UInt16 = 0x1234, flags: UInt16 = 0x8180, questions: UInt8 = 1, answers: UInt8 = 0,
    others: UInt8 = 0
  ) -> [UInt8] {
    [
      UInt8(id >> 8), UInt8(id & 0xFF), UInt8(flags >> 8), UInt8(flags & 0xFF), 0, questions, 0,
      answers, 0, 0, 0, others,
    ]
  }

  private func question(_ text: String, _ type: UInt8) -> [UInt8] {
    name(text).wire + [0, type, 0, 1]
  }

  /// A record of the name at offset 12, where the question's stands.
  private func record(_ type: UInt16, _ data: [UInt8], name: [UInt8] = [0xC0, 12]) -> [UInt8] {
    name + [UInt8(type >> 8), UInt8(type & 0xFF), 0, 1, 0, 0, 1, 44, 0, UInt8(data.count)] + data
  }

  private func text(_ type: UInt16, _ data: [UInt8]) throws -> String? {
    let bytes = header(answers: 1) + question("a.example", 1) + record(type, data)
    return try DNSMessage(bytes, recordLimit: 10).answers.first?.text
  }

  @Test("a question is written as RFC 1035 section 4.1 draws it")
  func query() {
    let bytes = DNSQuestion(name("F.ISI.arpa"), .a).query(id: 0x0102)
    let names: [UInt8] = [1, 0x66, 3, 0x69, 0x73, 0x69, 4, 0x61, 0x72, 0x70, 0x61, 0]
    #expect(bytes == [1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + names + [0, 1, 0, 1])
    let extended = DNSQuestion(name("."), .ns).query(
      id: 1, recursionDesired: false, udpBytes: 1_232)
    #expect(
      extended == [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 1]
        + [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0], "the OPT record of RFC 6891 section 6.1.2")
  }

  @Test("compressed names are read as in the example of RFC 1035 section 4.1.4")
  func compression() throws {
    var bytes = [UInt8](repeating: 0, count: 93)
    bytes.replaceSubrange(20..<32, with: name("F.ISI.ARPA").wire)
    bytes.replaceSubrange(40..<46, with: [3, 0x46, 0x4F, 0x4F, 0xC0, 20])
    bytes.replaceSubrange(64..<66, with: [0xC0, 26])
    for (place, text, end) in [
      (20, "f.isi.arpa", 32), (40, "foo.f.isi.arpa", 46), (64, "arpa", 66), (92, ".", 93),
    ] {
      var reader = DNSReader(bytes)
      reader.index = place
      #expect(try reader.name() == name(text))
      #expect(reader.index == end)
    }
  }

  @Test("contents are told in one form")
  func contents() throws {
    #expect(try text(1, [192, 0, 2, 7]) == "192.0.2.7")
    let address: [UInt8] = [0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]
    #expect(try text(28, address) == "2001:db8::7", "RFC 3596 section 2.2, RFC 5952")
    #expect(try text(15, [0, 10, 1, 0x6D, 0xC0, 12]) == "10 m.a.example")
    #expect(try text(33, [0, 0, 0, 5, 1, 187, 1, 0x68, 0]) == "0 5 443 h", "RFC 2782")
    #expect(try text(16, [2, 0x61, 0x20, 1, 0x62]) == "a b", "strings one behind the other")
    #expect(try text(16, [3, 0x1B, 0x5C, 0xFF]) == #"\027\\\255"#)
    let tagged = [0, 5] + Array("issueca.example".utf8)
    #expect(try text(257, tagged) == "0 issue ca.example", "RFC 8659 section 4.1.1")
    let numbers: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5]
    #expect(try text(6, [0xC0, 12, 1, 0x72, 0] + numbers) == "a.example r 1 2 3 4 5")
    #expect(try text(99, [1]) == nil, "a type that is not read here")
  }

  private static let broken: [(data: [UInt8], type: UInt16, why: String)] = [
    ([0xC0, 39], 5, "a pointer to itself"),
    ([0xC0, 50], 5, "a pointer forward"),
    ([1, 0x61, 0xC0, 39], 5, "a loop over a label"),
    ([0x80, 1], 5, "a label of an unknown kind"),
    ([192, 0, 2], 1, "an address too short"),
    ([192, 0, 2, 1, 1], 1, "an address too long"),
    ([9, 0x61], 16, "a string longer than its record"),
    ([0, 9, 0x61], 257, "a tag longer than its record"),
    ([1, 0x61, 0, 7], 5, "bytes behind the name"),
    ([63, 0x61], 5, "a label longer than the message"),
  ]

  @Test("what breaks the rules is refused", arguments: broken)
  func refusals(_ row: (data: [UInt8], type: UInt16, why: String)) {
    // The header has 12 bytes, the question 15, and the record 12 before its data, which begin at 39.
    #expect(throws: DNSError.self, "\(row.why)") { try text(row.type, row.data) }
  }

  @Test("two pointers that lead to each other are a loop")
  func mutualLoop() {
    let data: [UInt8] = [0xC0, 41, 0xC0, 39]
    #expect(throws: DNSError("a name's pointer leads forward or in a loop")) {
      try text(5, data)
    }
  }

  @Test("a name that grows over 255 bytes by its pointers is refused")
  func longName() {
    var bytes = header(answers: 1)
    let label = [UInt8(60)] + [UInt8](repeating: 0x61, count: 60)
    bytes += label + label + label + label + [0, 0, 1, 0, 1]
    bytes += record(5, [60] + [UInt8](repeating: 0x62, count: 60) + [0xC0, 12])
    #expect(throws: DNSError("a name of over 255 bytes")) {
      try DNSMessage(bytes, recordLimit: 10)
    }
  }

  @Test("every beginning of a message is refused, and nothing behind its end is taken")
  func cuts() throws {
    let bytes =
      header(answers: 2) + question("a.example", 1) + record(1, [192, 0, 2, 7])
      + record(16, [1, 0x61])
    #expect(try DNSMessage(bytes, recordLimit: 10).answers.count == 2)
    for count in 0..<bytes.count {
      #expect(throws: DNSError.self) { try DNSMessage(Array(bytes[..<count]), recordLimit: 10) }
    }
    #expect(throws: DNSError.self) { try DNSMessage(bytes + [0], recordLimit: 10) }
    #expect(throws: DNSError("too many records")) { try DNSMessage(bytes, recordLimit: 1) }
  }

  /// Records whose names each point to the one before, with a label before the pointer or without.
  private func chain(records: Int, label: [UInt8]) -> [UInt8] {
    var bytes = header() + question("a", 5)
    var last = 12
    for _ in 0..<records {
      let place = bytes.count + 12
      let name = label + [UInt8(0xC0 | last >> 8), UInt8(last & 0xFF)]
      bytes += record(5, name)
      if place < 0x4000, label.isEmpty || last < 2_000 { last = place }
    }
    bytes[6] = UInt8(records >> 8)
    bytes[7] = UInt8(records & 0xFF)
    return bytes
  }

  @Test("the work that pointers can make of few bytes is bounded")
  func chains() throws {
    for label: [UInt8] in [[], [1, 0x61]] {
      #expect(
        try DNSMessage(chain(records: 90, label: label), recordLimit: 1_024).answers.count == 90)
      #expect(throws: DNSError("more than 12288 labels and pointers")) {
        try DNSMessage(chain(records: 1_000, label: label), recordLimit: 1_024)
      }
    }
  }

  @Test("flags, and the upper bits of the response code that EDNS adds")
  func flags() throws {
    let option: [UInt8] = [0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0]
    let message = try DNSMessage(
      header(flags: 0x8400, others: 1) + question("a.example", 1) + option, recordLimit: 10)
    #expect(message.isResponse && message.isAuthoritative && !message.isTruncated)
    #expect(DNSMessage.word(responseCode: message.responseCode) == "BADVERS")
    let cut = try DNSMessage(
      header(flags: 0x8380, answers: 9) + question("a.example", 1), recordLimit: 10)
    #expect(cut.isTruncated && cut.answers.isEmpty)
    #expect(DNSMessage.word(responseCode: 3) == "NXDOMAIN")
    #expect(DNSMessage.word(responseCode: 23) == "RCODE23")
  }

  @Test(
    "names are read and told as zone files write them",
    arguments: [
      ("Portal.EXAMPLE.", "portal.example"), (".", "."), (#"a\.b.example"#, #"a\.b.example"#),
      (#"a\007b.example"#, #"a\007b.example"#), (#"\065.example"#, "a.example"),
    ])
  func names(text: String, told: String) {
    #expect(DNSName(text)?.description == told)
    #expect(DNSName(told) == DNSName(text))
  }

  @Test(
    "what is no name is refused",
    arguments: [
      "", "..", "a..b", "a b", "é.example", #"a\256"#, #"a\"#, String(repeating: "a", count: 64),
      String(repeating: "abcdefgh.", count: 30),
    ])
  func noNames(text: String) { #expect(DNSName(text) == nil) }

  private static let canonical: [(type: DNSType, text: String, told: String?)] = [
    (.a, "192.0.2.7", "192.0.2.7"), (.a, "192.0.2.07", nil), (.a, "x.example", nil),
    (.aaaa, "2001:DB8:0:0:0:0:0:7", "2001:db8::7"), (.aaaa, "::", "::"), (.aaaa, "::1", "::1"),
    (.aaaa, "1:0:0:2:0:0:0:3", "1:0:0:2::3"), (.aaaa, "1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
    (.aaaa, "::ffff:192.0.2.1", "::ffff:c000:201"), (.aaaa, "fe80::", "fe80::"),
    (.cname, "Host.Example.", "host.example"), (.mx, "010 Mail.example", "10 mail.example"),
    (.mx, "mail.example", nil), (.mx, "70000 mail.example", nil),
    (.srv, "0 5 443 h.example.", "0 5 443 h.example"),
    (.soa, "a. b. 1 2 3 4 4294967295", "a b 1 2 3 4 4294967295"),
    (.txt, "v=spf1 -all", "v=spf1 -all"), (.caa, "0 ISSUE \"ca.example\"", "0 issue ca.example"),
  ]

  @Test("an expected record is brought into the same form", arguments: canonical)
  func expected(_ row: (type: DNSType, text: String, told: String?)) {
    #expect(row.type.canonical(row.text) == row.told)
    if let told = row.told { #expect(row.type.canonical(told) == told) }
  }

  @Test("the machine's name servers are those that resolv.conf names")
  func resolverConfiguration() {
    func servers(_ text: String) -> [String] {
      nameServers(resolverConfiguration: Array(text.utf8))
    }
    #expect(
      servers("# a\nnameserver 192.0.2.1\nsearch x\n nameserver\t2001:db8::1 \noptions a")
        == ["192.0.2.1", "2001:db8::1"])
    #expect(servers("nameserver fe80::1%eth0\nnameserver x\n") == ["127.0.0.1"])
    #expect(servers((1...5).map { "nameserver 192.0.2.\($0)\n" }.joined()).count == 3)
  }
}
