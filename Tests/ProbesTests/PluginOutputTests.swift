import Base
import Model
import Testing

@testable import Probes

/// Output of a plugin and what is to be read from it.
struct PluginText: Sendable, CustomTestStringConvertible {
  var reason: String
  var text: String
  var line: String
  /// `name=value unit`, as printed below.
  var readings: [String] = []

  var testDescription: String { reason }
}

private func shown(_ readings: [Reading]) -> [String] {
  readings.map { "\($0.name)=\($0.value)\($0.unit)" }
}

@Suite("What plugins write")
struct PluginOutputTests {
  static let cases: [PluginText] = [
    .init(reason: "nothing", text: "", line: ""),
    .init(reason: "a line", text: "OK: all well\n", line: "OK: all well"),
    .init(reason: "a line without its end", text: "OK: all well", line: "OK: all well"),
    .init(
      reason: "figures with thresholds",
      text: "DISK OK | /=2643MB;5948;5958;0;5968 /boot=68MB;88;93;0;98\n", line: "DISK OK",
      readings: ["/=2643.0MB", "/boot=68.0MB"]),
    .init(
      reason: "a label in quotes, with blanks and a doubled quote",
      text: "OK | 'a b'=1s;;;; 'it''s'=2%", line: "OK", readings: ["a b=1.0s", "it's=2.0%"]),
    .init(
      reason: "an equals sign within quotes", text: "OK | 'a=b'=3c", line: "OK",
      readings: ["a=b=3.0c"]),
    .init(
      reason: "a value that is not known is no reading", text: "OK | a=U;1;2 b=4", line: "OK",
      readings: ["b=4.0"]),
    .init(
      reason: "signs, points and exponents",
      text: "OK | a=-1.5 b=+2 c=.25s d=3. e=1e-3s f=2e g=1E2", line: "OK",
      readings: ["a=-1.5", "b=2.0", "c=0.25s", "d=3.0", "e=0.001s", "f=2.0e", "g=100.0"]),
    .init(
      reason: "garbage between figures is skipped",
      text: "OK | huh =1 a= b=x c=1,5s d=1;;'; 'open e=5", line: "OK", readings: ["d=1.0"]),
    .init(reason: "a quote that never ends", text: "OK | 'a=1 b=2", line: "OK"),
    .init(
      reason: "a name is read once", text: "OK | a=1 a=2", line: "OK", readings: ["a=1.0"]),
    .init(
      reason: "the long text's figures go on to the end",
      text: "OK | a=1\nlong text\nmore | b=2\nc=3\nd=4 e=5", line: "OK",
      readings: ["a=1.0", "b=2.0", "c=3.0", "d=4.0", "e=5.0"]),
    .init(
      reason: "figures in a long text alone", text: "OK\nlong a=1\n| b=2", line: "OK",
      readings: ["b=2.0"]),
    .init(
      reason: "check_http's line",
      text: "HTTP OK: HTTP/1.1 200 OK - 193 bytes in 0.001 second response time "
        + "|time=0.000526s;;;0.000000;10.000000 size=193B;;;0\n",
      line: "HTTP OK: HTTP/1.1 200 OK - 193 bytes in 0.001 second response time",
      readings: ["time=0.000526s", "size=193.0B"]),
    .init(
      reason: "control characters are shown, not obeyed", text: "a\u{1B}[2Jb\r\n",
      line: "a\\u{1b}[2Jb"),
    .init(
      reason: "an overflowing number is no reading", text: "OK | a=1e999 b=1", line: "OK",
      readings: ["b=1.0"]),
  ]

  @Test("the first line and the figures are read by the convention", arguments: cases)
  func convention(_ text: PluginText) {
    let output = PluginOutput(Array(text.text.utf8))
    #expect(output.line == text.line)
    #expect(shown(output.readings) == text.readings)
  }

  @Test("line, names and count are bounded")
  func bounds() {
    let long = String(repeating: "ờ", count: 1_000)
    let figures = (0..<100).map { "f\($0)\(long)=\($0)" }
    let output = PluginOutput(Array("\(long) | \(figures.joined(separator: " "))".utf8))
    #expect(output.line.utf8.count <= Limits.noteBytes)
    #expect(output.line.hasPrefix("ờờờ"))
    #expect(output.readings.count == Limits.readings)
    #expect(output.readings.allSatisfy { $0.name.utf8.count <= Limits.readingNameBytes })
    let unit = PluginOutput(Array("OK | a=1\(String(repeating: "u", count: 17)) b=2".utf8))
    #expect(shown(unit.readings) == ["b=2.0"])
  }

  @Test(
    "a unit that is no text is bounded as it is shown, and one that cannot be shown is none",
    arguments: [
      ([0xFF], ["a=1.0\u{FFFD}", "b=2.0"]), ([UInt8](repeating: 0xFF, count: 16), ["b=2.0"]),
      ([0xC2, 0x85], ["b=2.0"]), (Array("µs".utf8), ["a=1.0µs", "b=2.0"]),
    ])
  func units(_ unit: [UInt8], _ readings: [String]) {
    let output = PluginOutput(Array("OK | a=1".utf8) + unit + Array(" b=2".utf8))
    #expect(shown(output.readings) == readings)
  }

  @Test("of very many words only the first are looked at, and blanks in front do not count")
  func manyWords() {
    let wrong = String(repeating: "wrong ", count: Limits.readingWords - 1)
    #expect(shown(PluginOutput(Array("OK | \(wrong)a=1".utf8)).readings) == ["a=1.0"])
    #expect(shown(PluginOutput(Array("OK | \(wrong)x a=1".utf8)).readings) == [])
    let same = String(repeating: "a=1 ", count: 10_000)
    #expect(shown(PluginOutput(Array("OK | \(same)b=2".utf8)).readings) == ["a=1.0"])
    let blanks = String(repeating: " ", count: 30_000)
    #expect(PluginOutput(Array("\(blanks)all well\(blanks)\n".utf8)).line == "all well")
    let letters = String(repeating: "ờ", count: 10_000)
    #expect(PluginOutput(Array("\(letters)\n".utf8)).line.hasPrefix("ờờờ"))
  }

  @Test("whatever is written, it is read within the bounds")
  func mutated() {
    var generator = SeededGenerator(seed: 20_251_107)
    let marks = Array("|='; \n\t.-+eEU%0123456789abc\u{1B}".utf8) + [0, 0xFF, 0xC3, 0xE1]
    for _ in 0..<5_000 {
      var bytes = Array(Self.cases[Int(generator.next() % UInt64(Self.cases.count))].text.utf8)
      for _ in 0..<(generator.next() % 12) {
        let mark = marks[Int(generator.next() % UInt64(marks.count))]
        let place = Int(generator.next() % UInt64(bytes.count + 1))
        switch generator.next() % 3 {
        case 0: bytes.insert(mark, at: place)
        case 1 where place < bytes.count: bytes[place] = mark
        default: bytes.removeSubrange(place..<min(bytes.count, place + 3))
        }
      }
      let output = PluginOutput(bytes)
      #expect(output.line.utf8.count <= Limits.noteBytes)
      #expect(output.line == printable(output.line, limit: .max))
      #expect(output.readings.count <= Limits.readings)
      for reading in output.readings {
        #expect(!reading.name.isEmpty && reading.name.utf8.count <= Limits.readingNameBytes)
        #expect(reading.unit.utf8.count <= Limits.readingUnitBytes && reading.value.isFinite)
      }
    }
  }
}
