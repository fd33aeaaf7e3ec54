import Base
import Model
import Wire

extension OAuth2Probe {
  /// Reads `url`, `clientId`, `clientSecret`, `scope`, `audience`, `style`, `caFile` and
  /// `refreshBefore`.
  package static func decode(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> OAuth2Options? {
    let url = decodeURL(&reader, context, &complaints)
    reader.require("clientId", &complaints)
    let id = expandedString(&reader, "clientId", context, &complaints)
    reader.require("clientSecret", &complaints)
    let secret = lineValue(&reader, "clientSecret", context, &complaints)
    let scope = expandedString(&reader, "scope", context, &complaints)
    let audience = expandedString(&reader, "audience", context, &complaints)
    let style = reader.choice("style", of: ["basic", "body"], &complaints) ?? "basic"
    let caFile = decodeCAFile(&reader, context, &complaints)
    let refreshBefore = reader.duration(
      "refreshBefore", range: .seconds(1)...Limits.tokenLifetimeMaximum, &complaints)
    if id?.isEmpty ?? false { reader.complain("clientId", "expected a text", &complaints) }
    guard let url, let id, let secret else { return nil }
    let request = TokenRequest(id: id, secret: secret, scope: scope, audience: audience)
    let body = style == "body" ? request.bodyWithSecret : nil
    return OAuth2Options(
      url: url,
      transfer: TransferSettings(
        headers: [
          ("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded"),
        ],
        body: body == nil ? request.body : [], secretBody: body,
        authentication: body == nil ? request.authentication : .none,
        tls: TLSOptions(caFile: caFile ?? context.defaults.caFile),
        proxy: context.defaults.proxy, sourceAddress: context.defaults.sourceAddress,
        userAgent: context.defaults.userAgent, bodyLimitBytes: Limits.tokenAnswerBytes,
        masked: [secret]),
      family: context.defaults.family, refreshBefore: refreshBefore)
  }

  private static func decodeURL(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> URLParts? {
    guard let text = expandedString(&reader, "url", context, &complaints, required: true) else {
      return nil
    }
    do {
      return try URLParts(text)
    } catch {
      reader.complain("url", "expected an http or https address: \(error.message)", &complaints)
      return nil
    }
  }
}

/// What a token is asked for with (RFC 6749 sections 2.3.1 and 4.4.2).
private struct TokenRequest {
  var id: String
  var secret: Secret
  var scope: String?
  var audience: String?

  var body: [UInt8] {
    var fields = ["grant_type=client_credentials"]
    if let scope { fields.append("scope=\(percentEncode(scope))") }
    if let audience { fields.append("audience=\(percentEncode(audience))") }
    return Array(fields.joined(separator: "&").utf8)
  }

  private var encodedSecret: Secret {
    Secret(
      name: secret.name,
      bytes: Array(percentEncode(String(decoding: secret.bytes, as: UTF8.self)).utf8))
  }

  var bodyWithSecret: SecretText {
    let credentials = "&client_id=\(percentEncode(id))&client_secret="
    return SecretText(
      text: body + Array(credentials.utf8) + encodedSecret.bytes, secrets: [secret])
  }

  /// Both are encoded like the fields of a form before they are put together.
  var authentication: Authentication {
    .basic(user: percentEncode(id), password: encodedSecret)
  }
}
