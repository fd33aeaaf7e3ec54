import Testing

@testable import Wire

@Suite("URLParts")
struct URLPartsTests {
  @Test(
    "a URL is taken apart and normalised",
    arguments: [
      ("http://a.example", "http://a.example/", "an empty path is /"),
      ("HTTP://A.Example/B", "http://a.example/B", "scheme and host lose their case, the path not"),
      ("http://a.example:80/", "http://a.example/", "the usual port is not written"),
      ("https://a.example:443/", "https://a.example/", "nor is that of https"),
      ("https://a.example:80/", "https://a.example:80/", "another port is written"),
      ("http://a.example:/x", "http://a.example/x", "an empty port is none"),
      ("http://a.example?q=1", "http://a.example/?q=1", "a query without a path"),
      ("http://a.example/x#part", "http://a.example/x", "the fragment is dropped"),
      ("http://a.example/x?a#b?c", "http://a.example/x?a", "a ? in the fragment is no query"),
      ("http://a.example/a/./b/../c", "http://a.example/a/c", "dot segments go"),
      ("http://a.example/mã?tỉnh", "http://a.example/m%C3%A3?t%E1%BB%89nh", "bytes are encoded"),
      ("http://a.example/x?a=[1]|{2}", "http://a.example/x?a=%5B1%5D%7C%7B2%7D", "so are brackets"),
      ("http://a.example/a%2Fb", "http://a.example/a%2Fb", "what is encoded stays so"),
      ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/", "an IPv4 address"),
      ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/", "an IPv6 address"),
      ("http://[::]/", "http://[::]/", "the shortest IPv6 address"),
      ("http://[::ffff:192.0.2.1]/", "http://[::ffff:192.0.2.1]/", "an IPv4 tail"),
      ("http://[1:2:3:4:5:6:7::]/", "http://[1:2:3:4:5:6:7::]/", "a gap of one group at the end"),
      ("http://a_b.example./", "http://a_b.example./", "an underscore and a final dot"),
      ("http://xn--h-n-sna.example/", "http://xn--h-n-sna.example/", "an encoded name"),
    ])
  func accepted(text: String, normal: String, reason: String) throws {
    let parts = try URLParts(text)
    #expect(parts.text == normal, "\(reason)")
    #expect(try URLParts(parts.text) == parts, "the normal form stands for itself")
  }

  @Test("the parts are what they are named for")
  func parts() throws {
    let parts = try URLParts("https://[2001:db8::1]/a/b?c=d")
    #expect(parts.scheme == "https")
    #expect(parts.host == "2001:db8::1")
    #expect(parts.port == 443)
    #expect(parts.target == "/a/b?c=d")
    #expect(parts.isIPLiteral)
    #expect(parts.authority == "[2001:db8::1]")
    #expect(try URLParts("http://127.0.0.1/").isIPLiteral)
    #expect(try !URLParts("http://a.example/").isIPLiteral)
  }

  @Test("an origin is scheme, host and port")
  func origins() throws {
    let url = try URLParts("http://a.example/x")
    #expect(try url.hasSameOrigin(as: URLParts("http://A.example:80/y")))
    #expect(try !url.hasSameOrigin(as: URLParts("https://a.example/x")))
    #expect(try !url.hasSameOrigin(as: URLParts("http://a.example:81/x")))
    #expect(try !url.hasSameOrigin(as: URLParts("http://b.example/x")))
  }

  @Test(
    "what is no plain http URL is refused with the reason",
    arguments: [
      ("", "does not start"), ("a.example/x", "does not start"), ("//a.example/", "does not start"),
      ("ftp://a.example/", "does not start"), ("javascript:alert(1)", "does not start"),
      ("http:/x", "no host"), ("http:x", "no host"), ("http://", "host is empty"),
      ("http:///x", "host is empty"), ("http://:80/", "host is empty"),
      ("http://me@a.example/", "user information"), ("http://me:pw@a.example/", "user information"),
      ("http://@a.example/", "user information"), ("http://a.example/a b", "space"),
      (" http://a.example/", "space"), ("http://a.example/\n", "control character"),
      ("http://a.example/\u{7F}", "control character"), ("http://a.example\\@b/", "backslash"),
      ("http://a.example:0/", "port"), ("http://a.example:65536/", "port"),
      ("http://a.example:+80/", "port"), ("http://a.example:8o/", "port"),
      ("http://a.example:000080/", "port"), ("http://hà-nội.example/", "xn--"),
      ("http://a..example/", "labels"), ("http://.example/", "labels"),
      ("http://a%2Eexample/", "no host name"), ("http://a,b/", "no host name"),
      ("http://2001:db8::1/", "brackets"), ("http://[2001:db8::1/", "not closed"),
      ("http://[fe80::1%25eth0]/", "IPv6"), ("http://[v1.a]/", "IPv6"), ("http://[]/", "IPv6"),
      ("http://[1:2:3:4:5:6:7]/", "IPv6"), ("http://[1:2:3:4:5:6:7:8:9]/", "IPv6"),
      ("http://[1::2::3]/", "IPv6"), ("http://[1:2:3:4:5:6:7:8::]/", "IPv6"),
      ("http://[:1::2]/", "IPv6"), ("http://[12345::]/", "IPv6"), ("http://[1:]/", "IPv6"),
      ("http://[:::]/", "IPv6"), ("http://[::1.2.3]/", "IPv6"), ("http://[::1]x/", "may follow"),
      ("http://256.0.0.1/", "IPv4"), ("http://127.1/", "IPv4"), ("http://2130706433/", "IPv4"),
      ("http://0x7f.1/", "IPv4"), ("http://0x7f000001/", "IPv4"), ("http://127.0.0.01/", "IPv4"),
      ("http://127.0.0.1./", "IPv4"), ("http://a.example/%", "%25"),
      ("http://a.example/%2", "%25"), ("http://a.example/?%zz", "%25"),
    ])
  func refused(text: String, message: String) {
    let error = #expect(throws: URLError.self) { try URLParts(text) }
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  @Test("lengths are bounded")
  func bounds() throws {
    let prefix = "http://a.example/"
    let room = URLParts.bytesLimit - prefix.utf8.count
    _ = try URLParts(prefix + String(repeating: "x", count: room))
    #expect(throws: URLError.self) {
      try URLParts(prefix + String(repeating: "x", count: room + 1))
    }
    // Short enough as it is written, and too long with its characters as %XX.
    let accented = String(repeating: "\u{E9}", count: room / 2)
    #expect(throws: URLError.self) { try URLParts(prefix + accented) }
    #expect(try URLParts(prefix).resolving(accented) == nil)
    let label = String(repeating: "a", count: 63)
    _ = try URLParts("http://\(label).example/")
    #expect(throws: URLError.self) { try URLParts("http://\(label)a.example/") }
    let name = Array(repeating: label, count: 4).joined(separator: ".")
    #expect(throws: URLError.self) { try URLParts("http://\(name)/") }
    _ = try URLParts("http://\(name.dropLast(2))/")
    _ = try URLParts("http://\(name.dropLast(2))./")
  }

  @Test(
    "references are resolved as RFC 3986 section 5.4 shows",
    arguments: [
      ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"),
      ("/g", "http://a/g"), ("//g", "http://g/"), ("?y", "http://a/b/c/d;p?y"),
      ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q"), ("g#s", "http://a/b/c/g"),
      ("g?y#s", "http://a/b/c/g?y"), (";x", "http://a/b/c/;x"), ("g;x", "http://a/b/c/g;x"),
      ("g;x?y#s", "http://a/b/c/g;x?y"), ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"),
      ("./", "http://a/b/c/"), ("..", "http://a/b/"), ("../", "http://a/b/"),
      ("../g", "http://a/b/g"), ("../..", "http://a/"), ("../../", "http://a/"),
      ("../../g", "http://a/g"), ("../../../g", "http://a/g"), ("../../../../g", "http://a/g"),
      ("/./g", "http://a/g"), ("/../g", "http://a/g"), ("g.", "http://a/b/c/g."),
      (".g", "http://a/b/c/.g"), ("g..", "http://a/b/c/g.."), ("..g", "http://a/b/c/..g"),
      ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"), ("g/./h", "http://a/b/c/g/h"),
      ("g/../h", "http://a/b/c/h"), ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
      ("g;x=1/../y", "http://a/b/c/y"), ("g?y/./x", "http://a/b/c/g?y/./x"),
      ("g?y/../x", "http://a/b/c/g?y/../x"), ("g#s/./x", "http://a/b/c/g"),
      ("g#s/../x", "http://a/b/c/g"),
    ])
  func references(reference: String, target: String) throws {
    let base = try URLParts("http://a/b/c/d;p?q")
    #expect(base.resolving(reference)?.text == target)
  }

  @Test(
    "references that lead elsewhere or are broken resolve to nothing",
    arguments: [
      ("g:h", "another scheme"), ("http:g", "a scheme without a host"), ("//", "an empty host"),
      ("mailto:me@a.example", "another scheme"), ("/a b", "a space"),
      ("//me@g/", "user information"),
      ("/%", "a broken encoding"), ("\\\\g\\x", "backslashes"),
    ])
  func brokenReferences(reference: String, reason: String) throws {
    #expect(try URLParts("http://a/b/c/d;p?q").resolving(reference) == nil, "\(reason)")
  }

  @Test(
    "references keep or replace the origin",
    arguments: [
      ("https://b.example:8443/x", "https://b.example:8443/x"),
      ("//c.example/x", "https://c.example/x"),
      ("/x", "https://a.example:444/x"), ("?mã", "https://a.example:444/b?m%C3%A3"),
    ])
  func origins(reference: String, target: String) throws {
    #expect(try URLParts("https://a.example:444/b").resolving(reference)?.text == target)
  }

  @Test("percent-encoding goes both ways")
  func percentEncoding() {
    #expect(percentEncode("a/b ộ~") == "a%2Fb%20%E1%BB%99~")
    #expect(percentDecode("a%2fb%20".utf8) == Array("a/b ".utf8))
    #expect(percentDecode("a+b".utf8) == Array("a+b".utf8))
    #expect(percentDecode("a+b".utf8, plusIsSpace: true) == Array("a b".utf8))
    for broken in ["%", "%1", "%zz", "%1g", "a%"] { #expect(percentDecode(broken.utf8) == nil) }
  }

  @Test("an address is told from a name, and from what only looks like one")
  func addresses() {
    for text in ["192.0.2.7", "::1", "2001:db8::7", "::ffff:192.0.2.7"] {
      #expect(isIPAddress(text), "\(text)")
    }
    for text in ["", "host.example", "eth0", "192.0.2", "192.0.2.07", "[::1]", "fe80::1%eth0", "1"]
    {
      #expect(!isIPAddress(text), "\(text)")
    }
  }
}
