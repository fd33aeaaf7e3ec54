import Base
import Testing

@testable import Wire

private func read(_ text: String, _ limits: XMLLimits = XMLLimits()) throws(XMLError) -> XMLElement
{
  try parseXML(Array(text.utf8), limits: limits)
}

private struct Row: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var text: String
  /// What the value at the path, or the error's words, must be.
  var expected: String
  var path = "a"

  init(_ reason: String, _ text: String, _ expected: String, path: String = "a") {
    testDescription = reason
    self.text = text
    self.expected = expected
    self.path = path
  }
}

private let accepted = [
  Row("plain text", "<a>b</a>", "b"),
  Row(
    "a declaration, a byte order mark, comments and instructions around",
    "\u{FEFF}<?xml version=\"1.0\" encoding='utf-8'?><!-- c --><?p q?><a>b</a><!-- d -->\n", "b"),
  Row("the five entities and numbers", "<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x1EC7;</a>", "<>&\"'Aệ"),
  Row("CDATA is text, and \"<\" in it too", "<a>x<![CDATA[<b>&amp;]]>y</a>", "x<b>&amp;y"),
  Row("line ends become line feeds", "<a>b\r\nc\rd</a>", "b\nc\nd"),
  Row("blanks in a value become spaces", "<a b='c\n\td'/>", "c  d", path: "a/@b"),
  Row("an empty element has an empty text", "<a ></a >", ""),
  Row("an element's text has its children's", "<a> <b>c</b><b> d </b> </a>", "c d"),
  Row("the second of a name", "<a><b>1</b><c/><b>2</b></a>", "2", path: "a/b[2]"),
  Row(
    "the first path that fits, not the first child",
    "<a><b><x/></b><b><c>2</c></b></a>", "2", path: "/a/b/c"),
  Row("any name", "<a><q><c>2</c></q></a>", "2", path: "a/*/c"),
  Row(
    "prefixes do not count in a path",
    "<n:a xmlns:n='urn:x' xmlns='urn:y'><b n:k='v'>1</b></n:a>", "v", path: "a/b/@k"),
  Row(
    "a prefix declared again within", "<a xmlns:n='urn:x'><n:b xmlns:n='urn:z'>1</n:b></a>", "1",
    path: "a/b"),
  Row("names beyond ASCII", "<a><tỉnh>Hà Nội</tỉnh></a>", "Hà Nội", path: "a/tỉnh"),
  Row("xml:lang needs no declaration", "<a xml:lang='vi'/>", "vi", path: "a/@lang"),
]

private let refused = [
  Row("nothing", "", "no element"),
  Row("text alone", "hello", "text outside"),
  Row("JSON", "{\"a\": 1}", "text outside"),
  Row("an element that is not closed", "<a><b></a>", "\"b\" is open"),
  Row("the text ends within", "<a><b>", "ends within element \"b\""),
  Row("a second document", "<a/><b/>", "a second element"),
  Row("text behind the document", "<a/>b", "text outside"),
  Row("a closing tag alone", "</a>", "none is open"),
  Row(
    "billion laughs",
    "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>", "document type"),
  Row(
    "an external entity",
    "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>", "document type"),
  Row(
    "an external definition", "<!DOCTYPE a SYSTEM \"http://a.example/a.dtd\"><a/>", "document type"),
  Row("an entity that nobody defined", "<a>&nbsp;</a>", "no entity &nbsp;"),
  Row("a reference without an end", "<a>a & b</a>", "\"&\" without"),
  Row("a character that does not exist", "<a>&#xD800;</a>", "no entity"),
  Row("a character that is not allowed", "<a>&#0;</a>", "no entity"),
  Row("a signed number", "<a>&#+65;</a>", "no entity"),
  Row("a number beyond Unicode", "<a>&#x110000;</a>", "no entity"),
  Row("a control character", "<a>\u{1}</a>", "does not allow"),
  Row("an attribute twice", "<a b='1' b='2'/>", "there twice"),
  Row(
    "an attribute twice by another prefix",
    "<a xmlns:n='urn:x' xmlns:m='urn:x' n:b='1' m:b='2'/>", "there twice"),
  Row("a prefix that is not declared", "<n:a/>", "\"n\" is not declared"),
  Row("a prefix that was declared elsewhere", "<a><b xmlns:n='urn:x'/><n:c/></a>", "not declared"),
  Row("no quotes", "<a b=c/>", "in quotes"),
  Row("no value", "<a b/>", "expected \"=\""),
  Row("no blank between attributes", "<a b='1'c='2'/>", "expected a blank"),
  Row("\"<\" in a value", "<a b='<'/>", "in a value"),
  Row("two hyphens in a comment", "<a><!-- a -- b --></a>", "in a comment"),
  Row("a comment without an end", "<a><!-- a", "does not end"),
  Row("]]> in text", "<a>]]></a>", "in text"),
  Row("CDATA without an end", "<a><![CDATA[b</a>", "does not end"),
  Row("a late declaration", "<a/><?xml version='1.0'?>", "not at the start"),
  Row("another encoding", "<?xml version='1.0' encoding='UTF-16'?><a/>", "only UTF-8"),
  Row("two colons", "<a:b:c xmlns:a='urn:x'/>", "no name with a prefix"),
]

@Suite("Reading XML")
struct XMLReaderTests {
  @Test("is accepted, and a path finds the value", arguments: accepted)
  private func accepting(row: Row) throws {
    #expect(try XMLPath(row.path).evaluate(read(row.text)) == row.expected)
  }

  @Test("is refused, with the reason and the place", arguments: refused)
  private func refusing(row: Row) {
    let error = #expect(throws: XMLError.self) { try read(row.text) }
    #expect(error?.message.contains(row.expected) == true, "\(error?.description ?? "")")
    #expect(error?.isLimit == false)
  }

  @Test("bytes that are no UTF-8 are refused where they stand")
  func badUTF8() {
    let error = #expect(throws: XMLError.self) {
      try parseXML(Array("<a>\n xy".utf8) + [0xC3, 0x28] + Array("</a>".utf8))
    }
    #expect(error?.position == Position(line: 2, column: 4, offset: 7))
  }

  @Test("what is deeper, longer or more than the limits is refused as a limit")
  func limits() throws {
    let deep = String(repeating: "<a>", count: 65) + String(repeating: "</a>", count: 65)
    #expect(throws: XMLError.self) { try read(deep) }
    _ = try read(String(deep.dropFirst(3).dropLast(4)))
    let wide = "<a>" + String(repeating: "<b/>", count: 100) + "</a>"
    let many = "<a " + (0..<65).map { "b\($0)='1'" }.joined(separator: " ") + "/>"
    let long = "<" + String(repeating: "n", count: 257) + "/>"
    for text in [deep, many, long] {
      let error = #expect(throws: XMLError.self) { try read(text) }
      #expect(error?.isLimit == true)
    }
    let error = #expect(throws: XMLError.self) { try read(wide, XMLLimits(elements: 100)) }
    #expect(error?.isLimit == true)
  }

  @Test(
    "paths that say nothing are refused",
    arguments: [
      "", "/", "a//b", "a/b[0]", "a/b[x]", "a/b[1", "@a", "a/@", "n:a/b", "a b", "a/@b/c",
      String(repeating: "a/", count: 40) + "a", String(repeating: "a", count: 300),
    ])
  func paths(text: String) {
    #expect(throws: XMLPathError.self) { try XMLPath(text) }
  }

  @Test(
    "a path whose element, number or attribute is not there has no value",
    arguments: [
      "b", "a/c", "a/b[3]", "a/b/@z", "a/b/c/d", "a[2]/b",
    ])
  func missing(text: String) throws {
    let root = try read("<a><b k='1'><c/></b><b/></a>")
    #expect(try XMLPath(text).evaluate(root) == nil)
  }
}

@Suite("Reading SOAP")
struct SOAPAnswerTests {
  private func answer(_ text: String) throws -> SOAPAnswer? { try SOAPAnswer(read(text)) }

  @Test("an envelope with a body is an answer without a fault")
  func right() throws {
    let answer = try #require(
      try answer(
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Header/><s:Body>"
          + "<ok/></s:Body></s:Envelope>"))
    #expect(answer.fault == nil)
  }

  @Test("a fault of SOAP 1.1 tells its code without the prefix, and its reason")
  func fault11() throws {
    let answer = try answer(
      "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault>"
        + "<faultcode>s:Server</faultcode><faultstring>Lỗi kết nối</faultstring>"
        + "</s:Fault></s:Body></s:Envelope>")
    #expect(answer?.fault == .init(code: "Server", reason: "Lỗi kết nối"))
  }

  @Test("a fault of SOAP 1.2 tells its most particular code")
  func fault12() throws {
    let answer = try answer(
      "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope' xmlns:x='urn:x'><e:Body>"
        + "<e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>x:NoSuchProvince"
        + "</e:Value></e:Subcode></e:Code><e:Reason><e:Text xml:lang='en'>no such province"
        + "</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>")
    #expect(answer?.fault == .init(code: "NoSuchProvince", reason: "no such province"))
  }

  @Test(
    "other documents are no SOAP",
    arguments: [
      "<Envelope><Body/></Envelope>", "<html/>",
      "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><Body/></s:Envelope>",
      "<s:Envelope xmlns:s='urn:other'><s:Body/></s:Envelope>",
    ])
  func others(text: String) throws {
    #expect(try answer(text) == nil)
  }
}
