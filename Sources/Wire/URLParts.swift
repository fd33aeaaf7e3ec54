/// Why a URL was refused.
package struct URLError: Error, Sendable, Hashable, CustomStringConvertible {
  package var message: String
  package init(_ message: String) { self.message = message }
  package var description: String { message }
}

/// An absolute `http` or `https` URL in its parts, read strictly (RFC 3986) and normalised: scheme
/// and host in lower case, the port filled in, dot segments removed, the fragment dropped.
///
/// Bytes that may not stand in a path or query are percent-encoded; white space, control characters,
/// backslashes and user information are refused.
package struct URLParts: Sendable, Hashable {
  package static let bytesLimit = 8 << 10

  /// `http` or `https`.
  package let scheme: String
  /// A name, an IPv4 address, or an IPv6 address without its brackets.
  package let host: String
  package let port: Int
  /// Path and query as the request line carries them; starts with `/`.
  package let target: String
  package let isIPLiteral: Bool
  /// The whole URL, kept because a driver asks for it at every attempt.
  package let text: String

  package init(_ text: String) throws(URLError) {
    guard let reference = try URLReference(text), let scheme = reference.scheme else {
      throw URLError("the URL does not start with http:// or https://")
    }
    guard let authority = reference.authority else {
      throw URLError("the URL has no host; write \(scheme)://host/")
    }
    try self.init(
      scheme: scheme, authority: authority, path: removingDotSegments(reference.path),
      query: reference.query)
  }

  private init(
    scheme: String, authority: [UInt8], path: [UInt8], query: [UInt8]?
  ) throws(URLError) {
    self.scheme = scheme
    let parts = try URLAuthority(authority)
    host = parts.host
    isIPLiteral = parts.isIPLiteral
    port = parts.port ?? (scheme == "https" ? 443 : 80)
    target = try urlTarget(path: path, query: query)
    text = try Self.whole(scheme, host, port, target)
  }

  private init(_ base: URLParts, path: [UInt8], query: [UInt8]?) throws(URLError) {
    (scheme, host, port, isIPLiteral) = (base.scheme, base.host, base.port, base.isIPLiteral)
    target = try urlTarget(path: path, query: query)
    text = try Self.whole(scheme, host, port, target)
  }

  /// The URL that a reference found at this URL stands for (RFC 3986 section 5.2), such as a
  /// `Location` header; nil when the reference or its target is not acceptable here.
  package func resolving(_ reference: String) -> URLParts? { try? resolved(reference) }

  /// The same with the reason of a refusal.
  package func resolved(_ text: String) throws(URLError) -> URLParts {
    guard let reference = try URLReference(text) else {
      throw URLError("the reference leads to something else than http or https")
    }
    if let authority = reference.authority {
      return try URLParts(
        scheme: reference.scheme ?? scheme, authority: authority,
        path: removingDotSegments(reference.path), query: reference.query)
    }
    if reference.scheme != nil { throw URLError("the reference has a scheme but no host") }
    let (basePath, baseQuery) = splitTarget()
    if reference.path.isEmpty {
      return try URLParts(self, path: basePath, query: reference.query ?? baseQuery)
    }
    if reference.path.first == UInt8(ascii: "/") {
      return try URLParts(
        self, path: removingDotSegments(reference.path), query: reference.query)
    }
    let end = basePath.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
    let merged = basePath[..<end] + reference.path
    return try URLParts(self, path: removingDotSegments(Array(merged)), query: reference.query)
  }

  /// `host` or `host:port`, with brackets around an IPv6 address, as the `Host` header carries it.
  package var authority: String { Self.authority(scheme, host, port) }

  /// `host:port`, the port always said, with brackets around an IPv6 address.
  package var hostAndPort: String {
    let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    return "\(name):\(port)"
  }

  /// Refused when it is too long with its characters written as `%XX`: then its own text were no URL.
  private static func whole(
    _ scheme: String, _ host: String, _ port: Int, _ target: String
  ) throws(URLError) -> String {
    let text = "\(scheme)://\(authority(scheme, host, port))\(target)"
    guard text.utf8.count <= bytesLimit else {
      throw URLError(
        "the URL is longer than \(bytesLimit) bytes with its characters written as %XX")
    }
    return text
  }

  private static func authority(_ scheme: String, _ host: String, _ port: Int) -> String {
    let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    return port == (scheme == "https" ? 443 : 80) ? name : "\(name):\(port)"
  }

  /// Whether both share scheme, host and port, so that credentials of one may go to the other.
  package func hasSameOrigin(as other: URLParts) -> Bool {
    (scheme, host, port) == (other.scheme, other.host, other.port)
  }

  private func splitTarget() -> (path: [UInt8], query: [UInt8]?) {
    let bytes = Array(target.utf8)
    guard let mark = bytes.firstIndex(of: UInt8(ascii: "?")) else { return (bytes, nil) }
    return (Array(bytes[..<mark]), Array(bytes[(mark + 1)...]))
  }
}

// MARK: - Splitting

/// A URI reference cut at its delimiters (RFC 3986 appendix B), the fragment dropped.
private struct URLReference {
  /// Lower case; nil for a relative reference.
  var scheme: String?
  var authority: [UInt8]?
  var path: [UInt8] = []
  var query: [UInt8]?

  /// Nil when the scheme is neither `http` nor `https`.
  init?(_ text: String) throws(URLError) {
    let bytes = Array(text.utf8)
    guard bytes.count <= URLParts.bytesLimit else {
      throw URLError("the URL is longer than \(URLParts.bytesLimit) bytes")
    }
    for byte in bytes {
      if byte == 0x20 { throw URLError("the URL holds a space; write %20") }
      if byte < 0x20 || byte == 0x7F { throw URLError("the URL holds a control character") }
      if byte == UInt8(ascii: "\\") { throw URLError("the URL holds a backslash") }
    }
    var rest = bytes[...]
    if let mark = rest.firstIndex(of: UInt8(ascii: "#")) { rest = rest[..<mark] }
    if let mark = rest.firstIndex(of: UInt8(ascii: "?")) {
      query = Array(rest[(mark + 1)...])
      rest = rest[..<mark]
    }
    if let name = Self.schemeName(rest) {
      rest = rest.dropFirst(name.utf8.count + 1)
      guard name == "http" || name == "https" else { return nil }
      scheme = name
    }
    if rest.starts(with: "//".utf8) {
      rest = rest.dropFirst(2)
      let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
      authority = Array(rest[..<end])
      rest = rest[end...]
    }
    path = Array(rest)
  }

  /// The scheme before the first colon, in lower case (RFC 3986 section 3.1).
  private static func schemeName(_ bytes: ArraySlice<UInt8>) -> String? {
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), let first = bytes.first,
      isLetter(first)
    else { return nil }
    let name = bytes[..<colon]
    guard name.allSatisfy({ isLetter($0) || isDigit($0) || "+-.".utf8.contains($0) }) else {
      return nil
    }
    return String(decoding: name, as: UTF8.self).lowercased()
  }
}

/// RFC 3986 section 5.2.4, on a path that starts with `/` or is empty.
private func removingDotSegments(_ path: [UInt8]) -> [UInt8] {
  guard path.first == UInt8(ascii: "/") else { return path }
  var kept: [ArraySlice<UInt8>] = []
  let segments = path.dropFirst().split(
    separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
  for (number, segment) in segments.enumerated() {
    let isDot = segment.elementsEqual(".".utf8)
    let isDotDot = segment.elementsEqual("..".utf8)
    if isDotDot { _ = kept.popLast() }
    if !isDot && !isDotDot {
      kept.append(segment)
    } else if number == segments.count - 1 {
      kept.append([])
    }
  }
  return kept.flatMap { [UInt8(ascii: "/")] + $0 }
}

/// Path and query in one, what may not stand there percent-encoded.
private func urlTarget(path: [UInt8], query: [UInt8]?) throws(URLError) -> String {
  var target: [UInt8] = path.first == UInt8(ascii: "/") ? [] : [UInt8(ascii: "/")]
  try appendEncoded(path, to: &target)
  if let query {
    target.append(UInt8(ascii: "?"))
    try appendEncoded(query, to: &target)
  }
  return String(decoding: target, as: UTF8.self)
}

private func appendEncoded(_ bytes: [UInt8], to target: inout [UInt8]) throws(URLError) {
  for (index, byte) in bytes.enumerated() {
    if byte == UInt8(ascii: "%") {
      guard index + 2 < bytes.count, hexValue(bytes[index + 1]) != nil,
        hexValue(bytes[index + 2]) != nil
      else { throw URLError("a % that is not followed by two hexadecimal digits; write %25") }
      target.append(byte)
    } else if isTargetCharacter(byte) {
      target.append(byte)
    } else {
      target += percentEncoded(byte)
    }
  }
}
