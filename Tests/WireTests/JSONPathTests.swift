import Testing

@testable import Wire

private let document = """
  {"status": "ok", "data": {"items": [{"code": 7}, {"code": 8}], "x y": {"a.b": true}},
   "a\\"b": 1, "mã": 2, "$": 3, "error-code": null, "list": [[1, 2], [3]]}
  """

@Suite("JSONPath")
struct JSONPathTests {
  @Test(
    "a path leads to its value",
    arguments: [
      ("status", "ok", "a key"),
      ("$.status", "ok", "a key after the leading $"),
      ("data.items[0].code", "7", "keys and an index"),
      ("data.items[1]['code']", "8", "single quotes"),
      (#"$.data["x y"]["a.b"]"#, "true", "quoted keys with a space and a dot"),
      (#"$["data"].items[1].code"#, "8", "a quoted key after $"),
      (#"["status"]"#, "ok", "a quoted key first"),
      (#"["a\"b"]"#, "1", "an escaped quote"),
      ("mã", "2", "a key outside ASCII"),
      (#"["$"]"#, "3", "a key named $, quoted"),
      ("error-code", "null", "null is a value"),
      ("list[0][1]", "2", "an index after an index"),
    ])
  func values(path: String, value: String, reason: String) throws {
    let node = try #require(parseJSON(Array(document.utf8), dialect: .json).node)
    let found = try #require(try JSONPath(path).evaluate(node), "\(reason)")
    #expect(shown(found) == value, "\(reason)")
  }

  @Test(
    "a path that leads nowhere finds nothing",
    arguments: [
      ("nothing", "no such key"), ("data.items[2]", "beyond the end"), ("status[0]", "no array"),
      ("data.items.code", "no object"), ("error-code.x", "null has no keys"),
      ("list[999999999]", "far beyond the end"),
    ])
  func missing(path: String, reason: String) throws {
    let node = try #require(parseJSON(Array(document.utf8), dialect: .json).node)
    #expect(try JSONPath(path).evaluate(node) == nil, "\(reason)")
  }

  @Test("$ is the whole document")
  func root() throws {
    let node = try #require(parseJSON(Array("5".utf8), dialect: .json).node)
    #expect(try JSONPath("$").evaluate(node)?.int == 5)
  }

  @Test("equal steps are equal paths, however they are written")
  func equality() throws {
    #expect(try JSONPath("$.a[0]") == JSONPath(#"["a"][0]"#))
    #expect(try JSONPath("a.b") != JSONPath("b.a"))
  }

  @Test(
    "what is no path is refused with its place",
    arguments: [
      ("", 0, "empty"), (".a", 0, "begins with a key"), ("a.", 2, "missing"), ("a..b", 2, ".."),
      ("a.*", 2, "wildcards"), ("a[*]", 2, "wildcards"), ("a[?(@.b)]", 2, "filters"),
      ("a[-1]", 2, "from 0"), ("a[", 2, "expected an index"), ("a[1", 3, "expected ]"),
      ("a[b]", 2, "expected an index"), ("a[0]b", 4, "expected a dot"), ("a b", 1, "quoted"),
      (#"a["b"#, 2, "not closed"), (#"a["\n"]"#, 3, "escapes"), ("a]", 1, "quoted"),
      ("a[1234567890]", 2, "too large"), ("a['b'x]", 5, "expected ]"),
    ])
  func refused(path: String, offset: Int, message: String) {
    let error = #expect(throws: JSONPathError.self) { try JSONPath(path) }
    #expect(error?.offset == offset)
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  @Test("length and number of steps are bounded")
  func bounds() throws {
    _ = try JSONPath(String(repeating: "a", count: 256))
    #expect(throws: JSONPathError.self) { try JSONPath(String(repeating: "a", count: 257)) }
    _ = try JSONPath("a" + String(repeating: "[0]", count: 31))
    #expect(throws: JSONPathError.self) {
      try JSONPath("a" + String(repeating: "[0]", count: 32))
    }
  }

  private func shown(_ node: JSONNode) -> String {
    switch node.value {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .number(let number): number.text
    case .string(let text): text
    case .array, .object: "..."
    }
  }
}
