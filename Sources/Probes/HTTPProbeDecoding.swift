import Base
import Model
import Wire

extension HTTPProbe {
  /// Reads `request`, `auth`, `tls`, `limits` and `expect`.
  package static func decode(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> HTTPOptions? {
    if let former = context.former as? HTTPOptions, context.varying == ["request.url"] {
      return decodeURL(&reader, former, context, &complaints)
    }
    let request = decodeRequest(&reader, context, &complaints)
    let authentication = decodeAuthentication(&reader, context, &complaints)
    complainOfTwoAuthorizations(&reader, request, authentication, &complaints)
    let tls = decodeTLS(&reader, context, &complaints)
    var bodyLimit = Limits.bodyBytes
    var headerLimit = Limits.headerBytes
    if var limits = reader.object("limits", &complaints) {
      bodyLimit =
        limits.size("body", range: 0...Limits.bodyBytesMaximum, &complaints) ?? bodyLimit
      headerLimit =
        limits.size("headers", range: 1_024...Limits.headerBytesMaximum, &complaints)
        ?? headerLimit
      limits.finish(&complaints)
    }
    let expectations = decodeExpectations(&reader, context, &complaints)
    guard let request, let url = request.url, let tls, let expectations else { return nil }
    return HTTPOptions(
      method: request.method, url: url,
      transfer: TransferSettings(
        headers: request.headers, secretHeaders: request.secretHeaders, body: request.body,
        secretBody: request.secretBody, authentication: authentication, tls: tls,
        version: request.version,
        proxy: request.proxy, sourceAddress: request.sourceAddress, userAgent: request.userAgent,
        bodyLimitBytes: bodyLimit, headerLimitBytes: headerLimit,
        connectTimeout: request.connectTimeout, reuse: request.reuse),
      family: request.family, redirectLimit: request.redirectLimit,
      allowsOtherHosts: request.allowsOtherHosts, expectations: expectations)
  }

  /// The settings of another link with the URL of this one, which is all that differs: most of a
  /// large catalogue is read this way, and shares its settings.
  private static func decodeURL(
    _ reader: inout FieldReader, _ former: HTTPOptions, _ context: ProbeContext,
    _ complaints: inout Complaints
  ) -> HTTPOptions? {
    _ = reader.allMembers()
    guard var request = reader.object("request", &complaints),
      let text = expandedString(&request, "url", context, &complaints, required: true),
      let url = parsedURL(text, request, &complaints)
    else { return nil }
    return HTTPOptions(former, url: url)
  }
}

private struct DecodedRequest {
  var method: String
  var url: URLParts?
  var headers: [(name: String, value: String)]
  var secretHeaders: [(name: String, value: SecretText)]
  var body: [UInt8]
  var secretBody: SecretText?
  var version: HTTPVersion
  var proxy: String?
  var sourceAddress: String?
  var userAgent: String
  var connectTimeout: TimeAmount?
  var reuse: Bool
  var family: AddressFamily
  var redirectLimit: Int
  var allowsOtherHosts: Bool
}

private func decodeRequest(
  _ parent: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
) -> DecodedRequest? {
  guard var reader = parent.object("request", &complaints) else {
    if !parent.has("request") {
      parent.complain(nil, "expected a key \"request\" with a \"url\"", &complaints)
    }
    return nil
  }
  let text = expandedString(&reader, "url", context, &complaints, required: true)
  let method = decodeMethod(&reader, &complaints)
  let headers = decodeHeaders(&reader, context, &complaints)
  let body = secretText(&reader, "body", context, &complaints)
  let bodyBytes = body?.text.bytes ?? []
  if bodyBytes.count > Limits.requestBodyBytes {
    reader.complain("body", "expected at most \(Limits.requestBodyBytes) bytes", &complaints)
  }
  let family = reader.choice("family", of: AddressFamily.allCases.map(\.rawValue), &complaints)
  let version = reader.choice("version", of: HTTPVersion.allCases.map(\.rawValue), &complaints)
  var request = DecodedRequest(
    method: method ?? (bodyBytes.isEmpty ? "GET" : "POST"), url: nil, headers: headers.plain,
    secretHeaders: headers.secret, body: body?.hasSecrets == true ? [] : bodyBytes,
    secretBody: body?.hasSecrets == true ? body : nil,
    version: version.flatMap(HTTPVersion.init(rawValue:)) ?? .automatic,
    proxy: expandedString(&reader, "proxy", context, &complaints) ?? context.defaults.proxy,
    sourceAddress: reader.string("sourceAddress", &complaints) ?? context.defaults.sourceAddress,
    userAgent: reader.string("userAgent", &complaints) ?? context.defaults.userAgent,
    connectTimeout: reader.duration(
      "connectTimeout", range: .milliseconds(1)...Limits.probeIntervalMaximum, &complaints),
    reuse: reader.bool("reuse", &complaints) ?? false,
    family: family.flatMap(AddressFamily.init(rawValue:)) ?? context.defaults.family,
    redirectLimit: reader.int("redirects", range: 0...Limits.redirectsMaximum, &complaints)
      ?? Limits.redirects,
    allowsOtherHosts: reader.bool("otherHosts", &complaints) ?? false)
  for (key, value) in [
    ("proxy", request.proxy), ("sourceAddress", request.sourceAddress),
    ("userAgent", request.userAgent),
  ] where value?.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) ?? false {
    reader.complain(key, "expected text without control characters", &complaints)
  }
  if let source = reader.node("sourceAddress")?.string, !isIPAddress(source) {
    reader.complain("sourceAddress", sourceAddressExpected, &complaints)
  }
  if let proxy = request.proxy, (try? URLParts(proxy))?.scheme != "http" {
    reader.complain(
      "proxy", "expected the address of an HTTP proxy such as http://proxy.example:3128",
      &complaints)
  }
  reader.finish(&complaints)
  guard let text, let url = parsedURL(text, reader, &complaints) else { return nil }
  request.url = url
  return request
}

private func parsedURL(
  _ text: String, _ reader: FieldReader, _ complaints: inout Complaints
) -> URLParts? {
  do {
    return try URLParts(text)
  } catch {
    reader.complain("url", "expected an http or https address: \(error.message)", &complaints)
    return nil
  }
}

private func decodeMethod(_ reader: inout FieldReader, _ complaints: inout Complaints) -> String? {
  guard let method = reader.string("method", &complaints) else { return nil }
  let allowed = ["GET", "HEAD", "POST", "PUT", "OPTIONS", "PROPFIND", "REPORT"]
  if allowed.contains(method) { return method }
  if method.allSatisfy({ $0.isASCII && ($0.isUppercase || $0 == "-") }), !method.isEmpty,
    method.utf8.count <= 32, method != "CONNECT"
  {
    return method
  }
  reader.complain(
    "method", "expected a method in capitals such as \(allowed[0]) or \(allowed[2])", &complaints)
  return nil
}

private func decodeHeaders(
  _ parent: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
) -> DecodedHeaders {
  var headers = DecodedHeaders()
  guard
    var reader = credentialObject(&parent, "headers", "{ NAME: \"value\", ... }", &complaints)
  else { return headers }
  for name in reader.allMembers().map(\.key) {
    if isCredentialHeader(name), complainOfWrittenSecret(&reader, name, &complaints) { continue }
    guard let value = secretText(&reader, name, context, &complaints) else { continue }
    let isToken =
      !name.isEmpty
      && name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: Array("!#$%&'*+-.^_`|~".utf8).contains(byte)
        }
      }
    if !isToken {
      reader.complain(name, "expected a header name (letters, digits, \"-\")", &complaints)
    } else if value.text.bytes.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) {
      reader.complain(name, "expected a value without control characters", &complaints)
    } else if ["content-length", "transfer-encoding", "connection"].contains(name.lowercased()) {
      reader.complain(name, "this header is set by the program itself", &complaints)
    } else if value.hasSecrets {
      headers.secret.append((name: name, value: value))
    } else {
      headers.plain.append(
        (name: name, value: String(decoding: value.text.bytes, as: UTF8.self)))
    }
  }
  return headers
}

private struct DecodedHeaders {
  var plain: [(name: String, value: String)] = []
  var secret: [(name: String, value: SecretText)] = []
}

/// One request says once who we are.
private func complainOfTwoAuthorizations(
  _ reader: inout FieldReader, _ request: DecodedRequest?, _ authentication: Authentication,
  _ complaints: inout Complaints
) {
  guard authentication != .none, let request else { return }
  let names = request.headers.map(\.name) + request.secretHeaders.map(\.name)
  if names.contains(where: { $0.lowercased() == "authorization" }) {
    reader.complain(
      "auth", "the request has a header Authorization of its own; keep one of the two",
      &complaints)
  }
}

private func decodeTLS(
  _ parent: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
) -> TLSOptions? {
  var options = TLSOptions(caFile: context.defaults.caFile)
  guard var reader = parent.object("tls", &complaints) else { return options }
  options.verify = reader.bool("verify", &complaints) ?? true
  options.caFile = decodeCAFile(&reader, context, &complaints) ?? options.caFile
  options.serverName = expandedString(&reader, "serverName", context, &complaints)
  if let version = reader.choice(
    "minimumVersion", of: TLSVersion.allCases.map(\.rawValue), &complaints)
  {
    options.minimumVersion = TLSVersion(rawValue: version) ?? .tls12
  }
  decodeClientCertificate(&reader, context, &options, &complaints)
  reader.finish(&complaints)
  return options
}

private func decodeExpectations(
  _ parent: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
) -> HTTPExpectations? {
  var expectations = HTTPExpectations()
  guard var reader = parent.object("expect", &complaints) else { return expectations }
  if let ranges = decodeStatus(&reader, &complaints) { expectations.status = ranges }
  for var entry in reader.objects("headers", &complaints) ?? [] {
    let name = entry.requiredString("name", &complaints)
    let equals = entry.string("equals", &complaints)
    let matches = decodePattern(&entry, "matches", &complaints)
    entry.finish(&complaints)
    if let name {
      expectations.headers.append(.init(name: name, equals: equals, matches: matches))
    }
  }
  if var entry = reader.object("code", &complaints) {
    let path = decodePath(&entry, &complaints)
    let ok = entry.strings("ok", &complaints)
    let refused = entry.strings("refused", &complaints) ?? []
    if ok == nil && !entry.has("ok") {
      entry.complain(nil, "expected a key \"ok\" with the codes that mean success", &complaints)
    }
    entry.finish(&complaints)
    if let path, let ok { expectations.code = .init(path: path, ok: ok, refused: refused) }
  }
  expectations.identity = decodeIdentity(&reader, context, &complaints)
  for var entry in reader.objects("json", &complaints) ?? [] {
    let path = decodePath(&entry, &complaints)
    let equals = decodeScalar(&entry, "equals", context, &complaints)
    let matches = decodePattern(&entry, "matches", &complaints)
    entry.finish(&complaints)
    if let path { expectations.json.append(.init(path: path, equals: equals, matches: matches)) }
  }
  expectations.text = reader.strings("text", &complaints) ?? []
  if let pattern = decodePattern(&reader, "pattern", &complaints) {
    expectations.patterns = [pattern]
  }
  expectations.slow = reader.duration(
    "slow", range: .milliseconds(1)...Limits.probeIntervalMaximum, &complaints)
  reader.finish(&complaints)
  return expectations
}

/// Whose answer it must be: `{ path: "maTinh", equals: "{consumerCode}" }`, or `header` for `path`.
private func decodeIdentity(
  _ parent: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
) -> HTTPExpectations.Identity? {
  guard var reader = parent.object("identity", &complaints) else { return nil }
  let header = reader.string("header", &complaints)
  if reader.has("header") == reader.has("path") {
    reader.complain(nil, "expected either a \"path\" or a \"header\"", &complaints)
  }
  let path = reader.has("path") ? decodePath(&reader, &complaints) : nil
  if path == nil { _ = reader.node("path") }
  reader.require("equals", &complaints)
  let equals = decodeScalar(&reader, "equals", context, &complaints)
  reader.finish(&complaints)
  guard let equals else { return nil }
  if let path { return .init(place: .path(path), equals: equals) }
  return header.map { .init(place: .header($0), equals: equals) }
}

/// Statuses as numbers (`200`), classes (`"2xx"`) or ranges (`"200-204"`).
private func decodeStatus(_ reader: inout FieldReader, _ complaints: inout Complaints)
  -> [ClosedRange<UInt16>]?
{
  guard let node = reader.node("status") else { return nil }
  let nodes = node.array ?? [node]
  var ranges: [ClosedRange<UInt16>] = []
  for entry in nodes {
    if let number = entry.int, (100...599).contains(number) {
      ranges.append(UInt16(number)...UInt16(number))
    } else if let text = entry.string, let range = statusRange(text) {
      ranges.append(range)
    } else {
      reader.complain(
        "status", "expected HTTP statuses such as 200, \"2xx\" or \"200-204\"", &complaints)
      return nil
    }
  }
  if ranges.isEmpty { reader.complain("status", "expected at least one status", &complaints) }
  return ranges.isEmpty ? nil : ranges
}

private func statusRange(_ text: String) -> ClosedRange<UInt16>? {
  if text.count == 3, text.hasSuffix("xx"), let first = text.first.flatMap({ UInt16(String($0)) }),
    (1...5).contains(first)
  {
    return (first * 100)...(first * 100 + 99)
  }
  let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
  guard let low = parts.first ?? nil, let high = parts.last ?? nil, parts.count <= 2, low <= high,
    (100...599).contains(low), high <= 599
  else { return nil }
  return low...high
}

private func decodePath(_ reader: inout FieldReader, _ complaints: inout Complaints) -> JSONPath? {
  guard let text = reader.requiredString("path", &complaints) else { return nil }
  do {
    return try JSONPath(text)
  } catch {
    reader.complain(
      "path", "expected a path such as \"data.items[0].code\": \(error.message)", &complaints)
    return nil
  }
}

func decodePattern(
  _ reader: inout FieldReader, _ key: String, _ complaints: inout Complaints
) -> Pattern? {
  guard let text = reader.string(key, &complaints) else { return nil }
  do {
    return try Pattern(text)
  } catch {
    reader.complain(
      key, "not a pattern: \(error.message) (at character \(error.offset + 1))", &complaints)
    return nil
  }
}

/// A scalar as its text; placeholders in a string are replaced.
private func decodeScalar(
  _ reader: inout FieldReader, _ key: String, _ context: ProbeContext,
  _ complaints: inout Complaints
) -> String? {
  guard let node = reader.node(key) else { return nil }
  switch node.value {
  case .string: return expandedString(&reader, key, context, &complaints)
  case .number(let number): return number.text
  case .bool(let value): return value ? "true" : "false"
  case .null: return "null"
  case .array, .object:
    reader.complain(key, "expected a text, a number, true, false or null", &complaints)
    return nil
  }
}

/// What to say of a source address that is none. A name is not looked up: that would hold the loop.
package let sourceAddressExpected =
  "expected a numeric address of this machine such as 192.0.2.7 or 2001:db8::7"

/// The path of `caFile`; complains of a file that cannot be read.
func decodeCAFile(
  _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
) -> String? {
  guard let text = expandedString(&reader, "caFile", context, &complaints) else { return nil }
  guard let file = context.caFiles[text] else { return text }
  if let problem = file.problem {
    reader.complain("caFile", "cannot read \(printable(file.path)): \(problem)", &complaints)
  }
  return file.path
}

/// A string with its `{placeholders}` replaced; complains of those that have no value here.
package func expandedString(
  _ reader: inout FieldReader, _ key: String, _ context: ProbeContext,
  _ complaints: inout Complaints, required: Bool = false
) -> String? {
  let text =
    required ? reader.requiredString(key, &complaints) : reader.string(key, &complaints)
  guard let text else { return nil }
  do {
    return try context.expand(text)
  } catch {
    reader.complain(key, context.problem(error), &complaints)
    return nil
  }
}
