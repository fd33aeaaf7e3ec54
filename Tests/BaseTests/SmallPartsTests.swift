import Testing

@testable import Base

struct BoundedQueueTests {
  @Test("first in, first out, around the end of the ring, refusing what is too much")
  func ring() {
    var queue = BoundedQueue<Int>(capacity: 3)
    #expect(queue.isEmpty && queue.popFirst() == nil && queue.first == nil)
    for round in 0..<5 {
      let base = round * 10
      #expect(queue.append(base) && queue.append(base + 1) && queue.append(base + 2))
      #expect(queue.isFull)
      #expect(queue.append(99) == false)
      #expect(queue.count == 3)
      #expect((0..<3).map { queue[$0] } == [base, base + 1, base + 2])
      #expect(queue.first == base)
      #expect(queue.popFirst() == base)
      #expect(queue.append(base + 3) == true)
      #expect((0..<3).map { _ in queue.popFirst() } == [base + 1, base + 2, base + 3])
    }
  }
}

struct RandomTests {
  @Test("the generator gives the published numbers of SplitMix64")
  func published() {
    var random = SeededGenerator(seed: 1_234_567)
    #expect(
      (0..<5).map { _ in random.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
  }

  @Test("numbers below a bound stay below it and reach all of it")
  func below() {
    var random = SeededGenerator(seed: 3)
    #expect(random.below(0) == 0)
    #expect(random.below(1) == 0)
    var seen = [Int](repeating: 0, count: 10)
    for _ in 0..<10_000 { seen[Int(random.below(10))] += 1 }
    #expect(seen.allSatisfy { (850...1_150).contains($0) }, "\(seen)")
    for _ in 0..<1_000 { #expect((0..<1).contains(random.unit())) }
  }
}

struct HashTests {
  @Test("CRC-32C gives the published values")
  func crc() {
    #expect(crc32c(Array("123456789".utf8)) == 0xE306_9283)
    // RFC 3720, appendix B.4.
    #expect(crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(crc32c([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(crc32c((0..<32).map { UInt8($0) }) == 0x46DD_794E)
    #expect(crc32c([]) == 0)
  }

  @Test("a checksum goes on from part to part, over arrays, slices and ranges alike")
  func crcParts() {
    let bytes = Array("123456789".utf8)
    for cut in 0...bytes.count {
      let first = crc32c(Array(bytes[..<cut]))
      #expect(crc32c(Array(bytes[cut...]), seed: first) == 0xE306_9283)
      #expect(crc32c(bytes[cut...], seed: first) == 0xE306_9283)
      #expect(crc32c(bytes, in: cut..<bytes.count, seed: first) == 0xE306_9283)
    }
  }

  @Test("the hash of an id never changes, since phases hang on it")
  func stable() {
    // FNV-1a of the text, and one step of the generator from there.
    func expected(_ fnv: UInt64) -> UInt64 {
      var random = SeededGenerator(seed: fnv)
      return random.next()
    }
    // draft-eastlake-fnv, appendix C: the 64-bit values of "", "a" and "foobar".
    #expect(stableHash("") == expected(0xCBF2_9CE4_8422_2325))
    #expect(stableHash("a") == expected(0xAF63_DC4C_8601_EC8C))
    #expect(stableHash("foobar") == expected(0x8594_4171_F739_67E8))
  }
}

struct PrintableTests {
  @Test(
    "what could act on a terminal or disguise itself is written out",
    arguments: [
      ("Hà Nội 省 🙂", "Hà Nội 省 🙂", "words of any language stay"),
      ("a\tb\nc\rd", "a\\tb\\nc\\rd", "blanks that move"),
      ("\u{1B}[2J", "\\u{1b}[2J", "an escape sequence"),
      ("\u{0}\u{7F}", "\\u{0}\\u{7f}", "NUL and DEL"),
      ("\u{9B}31m", "\\u{9b}31m", "the C1 range begins sequences too"),
      ("a\u{2028}b\u{2029}", "a\\u{2028}b\\u{2029}", "separators of lines"),
      ("\u{202E}gpj.exe", "\\u{202e}gpj.exe", "text shown backwards"),
      ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}", "isolates"),
      ("a\u{200B}b\u{FEFF}", "a\\u{200b}b\\u{feff}", "what is there and not seen"),
      ("\u{200E}\u{200F}\u{61C}", "\\u{200e}\\u{200f}\\u{61c}", "marks of direction"),
      ("\u{E0041}", "\\u{e0041}", "tags"),
      ("", "", "nothing"),
    ])
  func table(text: String, shown: String, reason: String) {
    #expect(printable(text) == shown, "\(reason)")
  }

  @Test("long text is cut and says so")
  func cut() {
    #expect(printable("abcdef", limit: 6) == "abcdef")
    #expect(printable("abcdefg", limit: 6) == "abcdef…")
    #expect(printable("abc", limit: 0) == "…")
    #expect(printable("\n\n\n", limit: 2) == "\\n\\n…", "a character written out counts once")
    let endless = String(repeating: "e\u{301}", count: 1_000_000)
    #expect(printable(endless).unicodeScalars.count == 201, "marks are not free")
  }

  @Test("bytes that are no text show as such")
  func bytes() {
    #expect(printable([0x61, 0xFF, 0x62]) == "a\u{FFFD}b")
    #expect(printable([UInt8](repeating: 0x61, count: 1_000), limit: 3) == "aaa…")
    #expect(printable([0x1B]) == "\\u{1b}")
  }
}

struct LogEntryTests {
  @Test("a line is the message and its fields, quoted where they hold blanks")
  func text() {
    let entry = LogEntry(
      .warning, "link changed\nstate",
      [("link", "a/b"), ("why", "two words"), ("empty", ""), ("quote", "a\"b\\"), ("eq", "a=b")])
    #expect(
      entry.text
        == "link changed\\nstate link=a/b why=\"two words\" empty=\"\" quote=\"a\\\"b\\\\\" eq=\"a=b\""
    )
  }

  @Test("levels are syslog's and the most urgent is the least")
  func levels() {
    #expect(LogLevel.allCases.map(\.rawValue) == [3, 4, 5, 6, 7])
    #expect(LogLevel.allCases.sorted() == [.error, .warning, .notice, .info, .debug])
  }
}
