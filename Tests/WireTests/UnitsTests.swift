import Base
import Testing

@testable import Wire

struct UnitsTests {
  @Test(
    "a duration needs whole numbers with units, the larger first",
    arguments: [
      ("250ms", .milliseconds(250)), ("3s", .seconds(3)), ("15m", .minutes(15)),
      ("2h", .hours(2)), ("1d", .hours(24)), ("7us", .microseconds(7)), ("9ns", .nanoseconds(9)),
      ("1h30m", .minutes(90)), ("1d2h3m4s5ms", .milliseconds(93_784_005)), ("0s", .zero),
      ("90s", .seconds(90)), ("007s", .seconds(7)),
      ("9223372036854775807ns", TimeAmount(nanoseconds: .max)),
      ("", nil), ("5", nil), ("s", nil), ("5 s", nil), (" 5s", nil), ("5s ", nil), ("-5s", nil),
      ("+5s", nil), ("1.5s", nil), ("5S", nil), ("5sec", nil), ("5M", nil), ("30m1h", nil),
      ("5s5s", nil), ("5s5", nil), ("1h30", nil), ("٣s", nil), ("1e3s", nil),
      ("9223372036854775808ns", nil), ("106752d", nil), ("106751d24h", nil),
      ("99999999999999999999d", nil),
    ] as [(String, TimeAmount?)])
  func durations(_ text: String, _ expected: TimeAmount?) {
    #expect(parseDuration(text) == expected)
  }

  @Test("a duration as it is shown reads back as itself")
  func durationRoundTrip() {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<1_000 {
      let scale: Int64 = [1, 1_000, 1_000_000, 1_000_000_000, 60_000_000_000][
        Int(random.below(5))]
      let amount = TimeAmount(nanoseconds: Int64(random.below(100_000)) * scale)
      #expect(parseDuration(amount.description) == amount)
    }
  }

  @Test(
    "a size needs a whole number and a unit",
    arguments: [
      ("512B", 512), ("10kB", 10_000), ("3MB", 3_000_000), ("2GB", 2_000_000_000),
      ("64KiB", 65_536), ("1MiB", 1 << 20), ("4GiB", 4 << 30), ("0B", 0),
      ("", nil), ("64", nil), ("KiB", nil), ("64 KiB", nil), ("64K", nil), ("64kib", nil),
      ("64KB", nil), ("1.5MiB", nil), ("-1B", nil), ("1KiB1B", nil),
      ("9223372036854775807B", .max), ("9223372036854775808B", nil), ("8589934592GiB", nil),
    ] as [(String, Int?)])
  func sizes(_ text: String, _ expected: Int?) {
    #expect(parseSize(text) == expected)
  }

  @Test(
    "a percentage goes down to tenths",
    arguments: [
      ("20%", 200), ("0.5%", 5), ("0%", 0), ("100%", 1_000), ("150.1%", 1_501), ("99.9%", 999),
      ("", nil), ("20", nil), ("%", nil), ("20 %", nil), ("-1%", nil), (".5%", nil), ("5.%", nil),
      ("0.25%", nil), ("20%%", nil), ("0,5%", nil), ("922337203685477581%", nil),
    ] as [(String, Int?)])
  func percentages(_ text: String, _ expected: Int?) {
    #expect(parsePercent(text) == expected)
  }

  @Test("sizes and percentages as they are shown read back as themselves")
  func descriptions() {
    for size in [0, 1, 999, 1_000, 1_024, 10_000, 65_536, 1 << 20, 3_000_000, 1 << 30, Int.max] {
      #expect(parseSize(sizeDescription(size)) == size)
    }
    for permille in [0, 5, 10, 200, 999, 1_000] {
      #expect(parsePercent(percentDescription(permille: permille)) == permille)
    }
  }

  @Test(
    "the nearest word is the one a slip of the hand away",
    arguments: [
      ("tiemout", "timeout", "two letters swapped"), ("timeot", "timeout", "a letter dropped"),
      ("timeoutt", "timeout", "a letter doubled"), ("timeour", "timeout", "a letter changed"),
      ("TIMEOUT", "timeout", "case only"), ("id", "id", "the word itself"),
      ("di", "id", "two letters swapped in a short word"),
      ("intervall", "interval", "the nearest of several"),
      ("x", nil, "one letter that is another"), ("colour", nil, "nothing alike"),
      ("", nil, "nothing"), (String(repeating: "t", count: 65), nil, "a word too long"),
    ] as [(String, String?, String)])
  func nearestWord(_ word: String, _ expected: String?, _ reason: String) {
    let known = ["id", "timeout", "interim", "interval", "y"]
    #expect(nearest(word, among: known) == expected, "\(reason)")
  }

  @Test("of equally near words the first is taken")
  func nearestTie() {
    #expect(nearest("bat", among: ["cat", "bar"]) == "cat")
    #expect(nearest("bat", among: ["bar", "cat"]) == "bar")
    #expect(nearest("bat", among: []) == nil)
  }
}
