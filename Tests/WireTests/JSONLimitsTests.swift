import Base
import Testing

@testable import Wire

/// What a hostile text cannot do.
struct JSONLimitsTests {
  private let small = JSONLimits(
    depth: 3, numberBytes: 5, stringBytes: 4, totalNodes: 6, errors: 2, duplicateKeys: .refused)

  @Test("200,000 open brackets are refused at the limit", arguments: ["[", #"{"a":"#, #"[{"a":"#])
  func deepNesting(_ opening: String) {
    let text = Array(String(repeating: opening, count: 200_000).utf8)
    for dialect in [JSONDialect.json, .json5] {
      let result = parseJSON(text, dialect: dialect)
      #expect(result.node == nil)
      #expect(result.errors.map(\.message) == ["nested deeper than 128 levels"])
    }
  }

  @Test("a caller's depth is held below what the stack bears")
  func depthMaximum() {
    var limits = JSONLimits.body
    limits.depth = .max
    func nested(_ levels: Int) -> [UInt8] {
      Array((String(repeating: "[", count: levels) + String(repeating: "]", count: levels)).utf8)
    }
    let most = JSONLimits.depthMaximum
    #expect(parseJSON(nested(most), dialect: .json, limits: limits).errors.isEmpty)
    #expect(!parseJSON(nested(most + 1), dialect: .json, limits: limits).errors.isEmpty)
  }

  @Test("a limit admits what is exactly as large and refuses one more")
  func limits() {
    #expect(errors("[[[0]]]", limits: small) == [])
    #expect(errors("[[[[]]]]", limits: small) == ["1:4: nested deeper than 3 levels"])
    #expect(errors("[[[]], [[]]]", limits: small) == [])
    #expect(errors("[-1234]", limits: small) == [])
    for number in ["-12345", "1234.5", "1.2345", "12e345", "0x1234", ".12345"] {
      #expect(
        errors("[\(number)]", limits: small) == ["1:2: a number longer than 5 bytes"], "\(number)")
    }
    #expect(errors("{'abcd': 'abcd', efgh: 0}", limits: small) == [])
    #expect(errors("['abcde']", limits: small) == ["1:2: a string longer than 4 bytes"])
    #expect(errors("{'abcde': 1}", limits: small) == ["1:2: a string longer than 4 bytes"])
    #expect(errors("{abcde: 1}", limits: small) == ["1:2: a key longer than 4 bytes"])
    #expect(errors("['\\u0041']", limits: small) == ["1:2: a string longer than 4 bytes"])
    #expect(errors("[1,2,3,4,5]", limits: small) == [])
    #expect(errors("[1,2,3,4,5,6]", limits: small) == ["1:12: more than 6 values"])
    #expect(errors("{a:1,a:2,a:3,a:4}", limits: small).count == 2)
  }

  @Test("what goes past a limit is told apart from what breaks the grammar")
  func limitOrSyntax() {
    for text in ["[[[[]]]]", "[-12345]", "['abcde']", "{abcde: 1}", "[1,2,3,4,5,6]"] {
      let result = parseJSON(Array(text.utf8), dialect: .json5, limits: small)
      #expect(result.errors.map(\.isLimit) == [true], "\(text)")
    }
    for text in ["[", "[1 2]", "{a}", "['a"] {
      let result = parseJSON(Array(text.utf8), dialect: .json5, limits: small)
      #expect(result.errors.map(\.isLimit) == [false], "\(text)")
    }
  }

  @Test("a number of a mebibyte is refused")
  func longNumber() {
    for number in ["1", "0.", "1e", "-9"] {
      let text = Array(number.utf8) + [UInt8](repeating: 0x31, count: 1 << 20)
      let result = parseJSON(text, dialect: .json)
      #expect(result.errors.map(\.message) == ["a number longer than 512 bytes"])
    }
  }

  @Test("looking for repeated keys is not quadratic", .timeLimit(.minutes(1)))
  func manyKeys() {
    let members = (0..<100_000).map { "k\($0): 0" }.joined(separator: ",")
    #expect(errors("{\(members),k5: 1}").count == 1)
  }

  @Test("changed, cut and swapped bytes never trap, and each refusal has its place")
  func mutations() {
    let source = Array(
      #"{a: [1, -2.5e3, 0xFF, 'x\u00e9\x41ế'], "b": {c: null}, /* n */ d: [true, +.5,], // e"#.utf8)
    var random = SeededGenerator(seed: 5)
    for _ in 0..<20_000 {
      var bytes = source
      for _ in 0...random.below(3) {
        let place = Int(random.below(UInt64(bytes.count)))
        switch random.below(3) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.remove(at: place)
        default: bytes.swapAt(place, Int(random.below(UInt64(bytes.count))))
        }
      }
      if random.below(2) == 0 { bytes += Array("\n}".utf8) }
      for dialect in [JSONDialect.json, .json5] {
        let result = parseJSON(bytes, dialect: dialect)
        #expect(result.node != nil || result.errors.count >= 1)
        #expect(result.errors.allSatisfy { 0...bytes.count ~= $0.position.offset })
      }
    }
  }
}
