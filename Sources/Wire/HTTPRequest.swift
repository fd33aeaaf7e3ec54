/// The head of a request, its target taken apart.
package struct HTTPRequestHead: Sendable {
  package let method: String
  /// As it was sent: path and query, or `*`, or a whole URL.
  package let target: String
  /// The path as it was sent, without the query; starts with `/` (or is `*`).
  package let path: String
  /// The parts of the path between its slashes, percent-decoded one by one, so that a slash that was
  /// sent as `%2F` stays within its part. Empty for `/`.
  package let segments: [String]
  /// The query's pairs in their order, decoded as forms write them.
  package let query: [(name: String, value: String)]
  package let headers: HTTPHeaders
  /// 0 or 1: the request is HTTP/1.0 or HTTP/1.1.
  package let minorVersion: Int

  package init(
    method: String, target: String, headers: HTTPHeaders = [], minorVersion: Int = 1
  ) throws(HTTPRefusal) {
    self.method = method
    self.target = target
    self.headers = headers
    self.minorVersion = minorVersion
    if target == "*" && method == "OPTIONS" {
      (path, segments, query) = (target, [], [])
      return
    }
    let local = try Self.localTarget(target)
    let mark = local.firstIndex(of: UInt8(ascii: "?")) ?? local.endIndex
    path = String(decoding: local[..<mark], as: UTF8.self)
    segments = try Self.segments(local[..<mark])
    query = try Self.pairs(local[mark...].dropFirst())
  }

  /// The first value of a header, its name compared without case.
  package func header(_ name: String) -> String? { headerValue(name, in: headers) }

  /// The first value of a query parameter.
  package func query(_ name: String) -> String? { query.first { $0.name == name }?.value }

  package var keepAlive: Bool { keepsConnection(minorVersion: minorVersion, headers) }

  /// Path and query of the origin form or the absolute form (RFC 9112 section 3.2).
  private static func localTarget(_ target: String) throws(HTTPRefusal) -> [UInt8] {
    let bytes = Array(target.utf8)
    guard bytes.allSatisfy({ isTargetCharacter($0) || "%[]".utf8.contains($0) }) else {
      throw HTTPRefusal(400, "the target holds a character that must be percent-encoded")
    }
    if bytes.first == UInt8(ascii: "/") { return bytes }
    do throws(URLError) {
      return Array(try URLParts(target).target.utf8)
    } catch {
      throw HTTPRefusal(400, "the target is neither a path nor an http URL")
    }
  }

  private static func segments(_ path: ArraySlice<UInt8>) throws(HTTPRefusal) -> [String] {
    if path.count == 1 { return [] }
    var segments: [String] = []
    for part in path.dropFirst().split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    {
      segments.append(try decoded(part, plusIsSpace: false))
    }
    return segments
  }

  private static func pairs(
    _ query: ArraySlice<UInt8>
  ) throws(HTTPRefusal) -> [(name: String, value: String)] {
    var pairs: [(name: String, value: String)] = []
    for pair in query.split(separator: UInt8(ascii: "&")) {
      let mark = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
      let name = try decoded(pair[..<mark], plusIsSpace: true)
      pairs.append((name, try decoded(pair[mark...].dropFirst(), plusIsSpace: true)))
    }
    return pairs
  }

  private static func decoded(
    _ part: ArraySlice<UInt8>, plusIsSpace: Bool
  ) throws(HTTPRefusal) -> String {
    guard let bytes = percentDecode(part, plusIsSpace: plusIsSpace) else {
      throw HTTPRefusal(400, "a % in the target is not followed by two hexadecimal digits")
    }
    guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
      throw HTTPRefusal(400, "the target holds an encoded control character")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw HTTPRefusal(400, "the target is not UTF-8 once decoded")
    }
    return text
  }
}
