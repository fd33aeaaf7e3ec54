import Testing

@testable import Wire

@Suite("A host and a port")
struct HostPortTests {
  private static let rows: [(text: String, standard: UInt16?, told: String?)] = [
    ("portal.example:25", nil, "portal.example:25"), ("Portal.example", 53, "portal.example:53"),
    ("portal.example", nil, nil), ("192.0.2.7:1", nil, "192.0.2.7:1"),
    ("[2001:db8::7]:53", nil, "[2001:db8::7]:53"), ("2001:db8::7", 53, "[2001:db8::7]:53"),
    ("2001:db8::7", nil, nil), ("tcp://portal.example:25", nil, "portal.example:25"),
    ("tcp://portal.example:25/", nil, "portal.example:25"),
    ("https://portal.example/a?b", nil, "portal.example:443"),
    ("http://portal.example:81", nil, "portal.example:81"), ("portal.example:0", nil, nil),
    ("portal.example:65536", nil, nil), ("://a:1", nil, nil), ("a b:1", nil, nil),
    ("tcp://u@a:1", nil, nil), ("tcp://a:1/b", nil, nil), ("", 1, nil),
  ]

  @Test("is read from what settings say", arguments: rows)
  func reading(_ row: (text: String, standard: UInt16?, told: String?)) {
    #expect((try? HostPort(row.text, defaultPort: row.standard))?.text == row.told)
  }
}
