import Base
import Testing

@testable import Wire

struct JSONWriterTests {
  private func text(_ writer: JSONWriter) -> String {
    String(decoding: writer.bytes, as: UTF8.self)
  }

  private func sample(pretty: Bool) -> JSONWriter {
    var writer = JSONWriter(pretty: pretty)
    writer.beginObject()
    writer.member("name", "Huế")
    writer.member("count", 3)
    writer.member("share", 0.25)
    writer.member("planned", true)
    writer.member("since", nil as String?)
    writer.member("port", nil as Int?)
    writer.member("large", UInt64.max)
    writer.key("list")
    writer.beginArray()
    writer.int(-1)
    writer.beginObject()
    writer.endObject()
    writer.beginArray()
    writer.endArray()
    writer.raw(Array("{\"a\":1}".utf8))
    writer.null()
    writer.endArray()
    writer.endObject()
    return writer
  }

  @Test("compact output has no blanks")
  func compact() {
    #expect(
      text(sample(pretty: false))
        == #"{"name":"Huế","count":3,"share":0.25,"planned":true,"since":null,"port":null,"#
        + #""large":18446744073709551615,"list":[-1,{},[],{"a":1},null]}"#)
  }

  @Test("pretty output is indented by two blanks, and empty brackets stay together")
  func pretty() {
    let expected = """
      {
        "name": "Huế",
        "count": 3,
        "share": 0.25,
        "planned": true,
        "since": null,
        "port": null,
        "large": 18446744073709551615,
        "list": [
          -1,
          {},
          [],
          {"a":1},
          null
        ]
      }
      """
    #expect(text(sample(pretty: true)) == expected)
  }

  @Test("what a terminal or a script would act upon is escaped, the rest stays")
  func escapes() {
    var writer = JSONWriter()
    writer.string("\"\\/\u{8}\t\n\u{C}\r\u{0}\u{1B}\u{7F}\u{80}\u{9F}\u{A0}é–\u{2028}\u{2029}😀")
    #expect(
      text(writer) == #""\"\\/\b\t\n\f\r\u0000\u001b\u007f\u0080\u009f"# + "\u{A0}é–"
        + #"\u2028\u2029😀""#)
  }

  @Test(
    "each of them is escaped when it stands alone among letters",
    arguments: ["\"", "\\", "\u{1F}", "\u{7F}", "\u{85}", "\u{2028}", "\u{2029}"])
  func loneEscape(_ character: String) {
    var writer = JSONWriter()
    writer.string("a\(character)b")
    #expect(text(writer).hasPrefix("\"a\\"))
    #expect(text(writer).hasSuffix("b\""))
  }

  @Test("a Double that JSON cannot say becomes null, and any other reads back as itself")
  func doubles() throws {
    for value in [
      0.1, -0.0, .leastNonzeroMagnitude, 1e300, .greatestFiniteMagnitude, 3, 1e-7,
      123_456_789_012_345_680,
    ] {
      var writer = JSONWriter()
      writer.double(value)
      let node = try parsed(text(writer), .json)
      #expect(node.number?.double?.bitPattern == value.bitPattern)
    }
    for value in [Double.nan, .infinity, -.infinity] {
      var writer = JSONWriter()
      writer.double(value)
      #expect(text(writer) == "null")
    }
  }

  @Test("what is written is read back, compact and pretty", arguments: 0..<50 as Range<UInt64>)
  func roundTrip(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<20 {
      let value = Arbitrary.value(&random, depth: 4)
      for pretty in [false, true] {
        var writer = JSONWriter(pretty: pretty)
        value.write(to: &writer)
        for dialect in [JSONDialect.json, .json5] {
          let result = parseJSON(writer.bytes, dialect: dialect, limits: .body)
          #expect(result.errors.isEmpty)
          #expect(result.node.map(Arbitrary.init) == value)
        }
      }
    }
  }
}

/// A value for the round trip. Strings are compared by scalars, since Swift's own comparison would
/// forgive a changed composition.
private indirect enum Arbitrary: Equatable {
  case null
  case bool(Bool)
  case int(Int64)
  case string([Unicode.Scalar])
  case array([Arbitrary])
  case object([Pair])

  struct Pair: Equatable {
    var key: [Unicode.Scalar]
    var value: Arbitrary
  }

  static func value(_ random: inout SeededGenerator, depth: Int) -> Arbitrary {
    switch random.below(depth > 0 ? 6 : 4) {
    case 0: .null
    case 1: .bool(random.below(2) == 0)
    case 2: .int(Int64(truncatingIfNeeded: random.next() >> random.below(64)))
    case 3: .string(scalars(&random))
    case 4: .array((0..<random.below(5)).map { _ in value(&random, depth: depth - 1) })
    default:
      .object(
        (0..<random.below(5)).map { _ in
          Pair(key: scalars(&random), value: value(&random, depth: depth - 1))
        })
    }
  }

  /// Scalars of every length in UTF-8, and often those that need an escape.
  private static func scalars(_ random: inout SeededGenerator) -> [Unicode.Scalar] {
    (0..<random.below(12)).map { _ in
      let bound: UInt64 = [0x30, 0x80, 0x800, 0x3000, 0x11_0000][Int(random.below(5))]
      return Unicode.Scalar(UInt32(random.below(bound))) ?? "\""
    }
  }

  init(_ node: JSONNode) {
    switch node.value {
    case .null: self = .null
    case .bool(let flag): self = .bool(flag)
    case .number(let number): self = number.int.map(Arbitrary.int) ?? .null
    case .string(let text): self = .string(Array(text.unicodeScalars))
    case .array(let elements): self = .array(elements.map(Arbitrary.init))
    case .object(let members):
      self = .object(
        members.map { Pair(key: Array($0.key.unicodeScalars), value: Arbitrary($0.node)) })
    }
  }

  func write(to writer: inout JSONWriter) {
    func text(_ scalars: [Unicode.Scalar]) -> String {
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars)
      return String(view)
    }
    switch self {
    case .null: writer.null()
    case .bool(let flag): writer.bool(flag)
    case .int(let value): writer.int(value)
    case .string(let scalars): writer.string(text(scalars))
    case .array(let elements):
      writer.beginArray()
      for element in elements { element.write(to: &writer) }
      writer.endArray()
    case .object(let pairs):
      writer.beginObject()
      for pair in pairs {
        writer.key(text(pair.key))
        pair.value.write(to: &writer)
      }
      writer.endObject()
    }
  }
}
