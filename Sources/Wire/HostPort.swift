/// A host and a port as settings name them: `host:port`, `[2001:db8::7]:port`, `scheme://host:port`,
/// or an `http` or `https` address, whose path does not count.
package struct HostPort: Sendable, Hashable {
  /// A name in lower case, or a numeric address without brackets.
  package let host: String
  package let port: UInt16
  package let isIPLiteral: Bool

  /// `defaultPort` stands for one that is not given; without it one must be.
  package init(_ text: String, defaultPort: UInt16? = nil) throws(URLError) {
    let bytes = Array(text.utf8)
    if isIPAddress(text), let defaultPort {
      self.init(host: text.lowercased(), port: defaultPort, isIPLiteral: true)
      return
    }
    if text.hasPrefix("http://") || text.hasPrefix("https://") {
      let url = try URLParts(text)
      self.init(host: url.host, port: UInt16(url.port), isIPLiteral: url.isIPLiteral)
      return
    }
    let authority = try URLAuthority(try Self.authority(bytes))
    guard let port = authority.port.map(UInt16.init) ?? defaultPort else {
      throw URLError("a port is missing; write host:port")
    }
    self.init(host: authority.host, port: port, isIPLiteral: authority.isIPLiteral)
  }

  private init(host: String, port: UInt16, isIPLiteral: Bool) {
    self.host = host
    self.port = port
    self.isIPLiteral = isIPLiteral
  }

  /// What stands between a scheme and a last `/`, both of which may be absent.
  private static func authority(_ bytes: [UInt8]) throws(URLError) -> [UInt8] {
    let mark = Array("://".utf8)
    var start = 0
    if let colon = bytes.firstIndex(of: mark[0]), bytes[colon...].starts(with: mark) {
      guard colon > 0, bytes[..<colon].allSatisfy({ ($0 | 0x20) &- 0x61 < 26 || isDigit($0) })
      else { throw URLError("what stands before :// is no scheme") }
      start = colon + mark.count
    }
    var end = bytes.count
    if start > 0, end > start, bytes[end - 1] == UInt8(ascii: "/") { end -= 1 }
    return Array(bytes[start..<end])
  }

  /// `host:port`, with brackets around an IPv6 address.
  package var text: String { "\(Self.bracketed(host)):\(port)" }

  package static func bracketed(_ host: String) -> String {
    host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
  }
}
