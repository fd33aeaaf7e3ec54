import Base
import Model
import Wire

/// The cookies of one transaction: begun empty, and gone with it.
///
/// The part of RFC 6265 section 5 that a transaction needs: names, values, `Domain`, `Path`,
/// `Secure`, and the removal of a cookie by `Max-Age` of 0 or less or an `Expires` of 1970. Other
/// lifetimes do not matter within seconds. Instead of a list of public suffixes: a `Domain` must have a
/// dot within it, and must not be a country's usual second level, such as `gov.vn`.
package struct CookieJar: Sendable {
  private struct Cookie {
    var name: String
    var value: String
    var domain: String
    /// Whether only the host itself gets it, not those below it.
    var isHostOnly: Bool
    var path: String
    var isSecure: Bool
  }

  private var cookies: [Cookie] = []

  package init() {}

  /// The values of the cookies, which may be as good as passwords.
  package var values: [String] { cookies.map(\.value).filter { !$0.isEmpty } }

  /// Takes what the `Set-Cookie` headers of an answer say (section 5.2 and 5.3). What breaks the rules
  /// is left out, and so is what exceeds the bounds.
  package mutating func take(_ headers: [String], from url: URLParts) {
    for header in headers.prefix(Limits.setCookieHeaders) { take(header, from: url) }
  }

  /// The value of the `Cookie` header of a request (section 5.4), longer paths first; empty for none.
  package func header(for url: URLParts) -> String {
    let path = Self.path(of: url)
    let fitting = cookies.enumerated().filter { _, cookie in
      (cookie.isHostOnly ? url.host == cookie.domain : Self.isWithin(url.host, cookie.domain))
        && Self.isBelow(path, cookie.path) && (!cookie.isSecure || url.scheme == "https")
    }
    let ordered = fitting.sorted { a, b in
      let (x, y) = (a.element.path.utf8.count, b.element.path.utf8.count)
      return x != y ? x > y : a.offset < b.offset
    }
    return ordered.map { "\($0.element.name)=\($0.element.value)" }.joined(separator: "; ")
  }

  private mutating func take(_ header: String, from url: URLParts) {
    guard header.utf8.count <= Limits.cookieBytes,
      !header.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F })
    else { return }
    let parts = header.split(separator: ";", omittingEmptySubsequences: false)
    guard let pair = parts.first, let equals = pair.firstIndex(of: "=") else { return }
    let name = trimmed(pair[..<equals])
    guard !name.isEmpty else { return }
    var cookie = Cookie(
      name: name, value: trimmed(pair[pair.index(after: equals)...]), domain: url.host,
      isHostOnly: true, path: Self.defaultPath(of: url), isSecure: false)
    var isRemoved = false
    for part in parts.dropFirst() {
      let split = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = split.count == 2 ? trimmed(split[1]) : ""
      switch trimmed(split[0]).lowercased() {
      case "domain":
        let domain = String(value.drop { $0 == "." }).lowercased()
        if domain.isEmpty { break }
        guard Self.isWithin(url.host, domain), domain == url.host || !Self.isPublic(domain) else {
          return
        }
        cookie.domain = domain
        cookie.isHostOnly = Self.isPublic(domain)
      case "path": if value.hasPrefix("/") { cookie.path = value }
      case "secure": cookie.isSecure = true
      case "max-age": if let age = Int(value), age <= 0 { isRemoved = true }
      case "expires": if value.contains("1970") { isRemoved = true }
      default: break
      }
    }
    cookies.removeAll {
      $0.name == cookie.name && $0.domain == cookie.domain && $0.path == cookie.path
    }
    if !isRemoved, cookies.count < Limits.cookies { cookies.append(cookie) }
  }

  /// Section 5.1.3; an address is within nothing but itself.
  private static func isWithin(_ host: String, _ domain: String) -> Bool {
    host == domain || (host.hasSuffix("." + domain) && !isIPAddress(host))
  }

  /// Whether hosts of different owners stand below a domain (section 5.3, step 5).
  private static func isPublic(_ domain: String) -> Bool {
    let labels = domain.split(separator: ".")
    guard labels.count == 2 else { return labels.count < 2 }
    return labels[1].utf8.count == 2 && secondLevels.contains(String(labels[0]))
  }

  /// Labels under which countries' registries let others register.
  private static let secondLevels: Set<String> = [
    "ac", "ai", "biz", "co", "com", "edu", "go", "gob", "gouv", "gov", "health", "id", "info",
    "int", "io", "mil", "name", "ne", "net", "or", "org", "pro",
  ]

  /// Section 5.1.4.
  private static func isBelow(_ path: String, _ prefix: String) -> Bool {
    path == prefix
      || (path.hasPrefix(prefix)
        && (prefix.hasSuffix("/") || path.dropFirst(prefix.count).first == "/"))
  }

  private static func path(of url: URLParts) -> String {
    String(url.target.prefix { $0 != "?" })
  }

  private static func defaultPath(of url: URLParts) -> String {
    let path = path(of: url)
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
    return String(path[..<slash])
  }
}

private func trimmed(_ text: some StringProtocol) -> String {
  var rest = Substring(text)
  while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
  while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
  return String(rest)
}
