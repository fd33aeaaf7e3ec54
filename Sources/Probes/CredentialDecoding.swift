import Base
import Model
import Wire

// Complaints of what is written where a secret belongs do not repeat it: it may be one.

/// Reads `auth`.
func decodeAuthentication(
  _ parent: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
) -> Authentication {
  guard var reader = credentialObject(&parent, "auth", waysToAuthenticate, &complaints) else {
    return .none
  }
  let bearer = lineValue(&reader, "bearer", context, &complaints)
  let basic = decodeUser(&reader, "basic", context, &complaints)
  let digest = decodeUser(&reader, "digest", context, &complaints)
  let token = decodeTokenName(&reader, context, &complaints)
  reader.finish(&complaints)
  let given = ["bearer", "basic", "digest", "token"].filter { reader.has($0) }
  if given.count != 1 {
    reader.complain(nil, "expected one of \(waysToAuthenticate)", &complaints)
    return .none
  }
  if let bearer { return .bearer(bearer) }
  if let (user, password) = basic { return .basic(user: user, password: password) }
  if let (user, password) = digest { return .digest(user: user, password: password) }
  return token.map(Authentication.token) ?? .none
}

private let waysToAuthenticate =
  "{ bearer: \"{secret:NAME}\" }, { basic: { user, password } }, { digest: { user, password } } or "
  + "{ token: \"NAME\" }"

private func decodeUser(
  _ parent: inout FieldReader, _ key: String, _ context: ProbeContext,
  _ complaints: inout Complaints
) -> (user: String, password: Secret)? {
  guard
    var reader = credentialObject(
      &parent, key, "{ user: \"...\", password: \"{secret:NAME}\" }", &complaints)
  else { return nil }
  reader.require("user", &complaints)
  let user = expandedString(&reader, "user", context, &complaints)
  reader.require("password", &complaints)
  let password = lineValue(&reader, "password", context, &complaints)
  reader.finish(&complaints)
  guard let user, let password else { return nil }
  if user.isEmpty || user.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0x3A }) {
    reader.complain("user", "expected a name without \":\" and control characters", &complaints)
    return nil
  }
  return (user, password)
}

/// A secret that goes into a header, which has one line.
func lineValue(
  _ reader: inout FieldReader, _ key: String, _ context: ProbeContext,
  _ complaints: inout Complaints
) -> Secret? {
  guard let secret = secretValue(&reader, key, context, &complaints) else { return nil }
  if secret.bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
    reader.complainOfSecret(
      key, "the secret \(secret.name) has more than one line, or control characters",
      &complaints)
  }
  return secret
}

private func decodeTokenName(
  _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
) -> String? {
  guard let node = reader.node("token") else { return nil }
  guard let name = node.string, isSlug(name) else {
    reader.complain(
      "token", "expected the name of one of the configuration's \"tokens\"", &complaints)
    return nil
  }
  guard let known = context.tokens, !known.contains(name) else { return name }
  let meant = nearest(name, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
  reader.complain(
    "token", "the configuration has no token \"\(name)\" among its \"tokens\"\(meant)", &complaints
  )
  return nil
}

/// Reads `clientCertificate` and `clientKey` of `tls`.
func decodeClientCertificate(
  _ reader: inout FieldReader, _ context: ProbeContext, _ options: inout TLSOptions,
  _ complaints: inout Complaints
) {
  options.clientCertificate = pemValue(
    &reader, "clientCertificate", holding: "CERTIFICATE-----", context, &complaints)
  options.clientKey = pemValue(
    &reader, "clientKey", holding: "PRIVATE KEY-----", context, &complaints)
  if reader.has("clientCertificate") != reader.has("clientKey") {
    reader.complain(
      reader.has("clientKey") ? "clientKey" : "clientCertificate",
      "\"clientCertificate\" and \"clientKey\" go together", &complaints)
  }
}

private func pemValue(
  _ reader: inout FieldReader, _ key: String, holding mark: String, _ context: ProbeContext,
  _ complaints: inout Complaints
) -> Secret? {
  guard let secret = secretValue(&reader, key, context, &complaints) else { return nil }
  // One that could not be read has been complained of.
  if secret.bytes.isEmpty { return secret }
  let text = String(decoding: secret.bytes, as: UTF8.self)
  if !text.contains("-----BEGIN ") || !text.contains(mark) {
    reader.complainOfSecret(
      key, "the secret \(secret.name) is not PEM text with \"\(mark)\"", &complaints)
  } else if mark.hasPrefix("PRIVATE"), text.contains("ENCRYPTED") {
    reader.complainOfSecret(
      key, "the key in the secret \(secret.name) is encrypted; give it without a passphrase",
      &complaints)
  }
  return secret
}

/// Headers that carry nothing but a credential.
func isCredentialHeader(_ name: String) -> Bool {
  [
    "authorization", "proxy-authorization", "x-api-key", "api-key", "apikey", "x-auth-token",
    "x-access-token",
  ].contains(name.lowercased())
}

/// Complains of a value without any `{secret:NAME}` where a secret belongs; true if it did.
func complainOfWrittenSecret(
  _ reader: inout FieldReader, _ key: String, _ complaints: inout Complaints
) -> Bool {
  guard let node = reader.node(key), node.string?.contains("{secret:") != true else {
    return false
  }
  reader.complain(
    key,
    "a credential is not written in this file: put \"{secret:NAME}\" in its place, or use \"auth\"",
    &complaints)
  return true
}

/// An object in whose place somebody may have written a secret.
func credentialObject(
  _ parent: inout FieldReader, _ key: String, _ expected: String, _ complaints: inout Complaints
) -> FieldReader? {
  guard let node = parent.node(key) else { return nil }
  guard node.object != nil else {
    parent.complain(key, "expected an object: \(expected)", &complaints)
    return nil
  }
  return FieldReader(
    node, file: parent.file, path: parent.keyPath(key), complaints: &complaints)
}

/// A text that is one `{secret:NAME}` and nothing else. A secret that cannot be read is complained of
/// and stands as an empty one, so that the rest is read all the same.
package func secretValue(
  _ reader: inout FieldReader, _ key: String, _ context: ProbeContext,
  _ complaints: inout Complaints
) -> Secret? {
  guard let node = reader.node(key) else { return nil }
  if let text = node.string, text.hasPrefix("{secret:"), text.hasSuffix("}"),
    let value = secretText(&reader, key, context, &complaints)
  {
    if value.secrets.count == 1, value.text.bytes == value.secrets[0].bytes {
      return value.secrets[0]
    }
  } else if node.string?.hasPrefix("{secret:") == true, node.string?.hasSuffix("}") == true {
    return nil  // complained of
  }
  reader.complain(
    key,
    "expected \"{secret:NAME}\": a secret is not written in this file but in a file NAME among the "
      + "service's credentials (LoadCredential=NAME:PATH) or in the directory \"secrets\"",
    &complaints)
  return nil
}

/// A text with its placeholders replaced, in which secrets may stand.
package func secretText(
  _ reader: inout FieldReader, _ key: String, _ context: ProbeContext,
  _ complaints: inout Complaints
) -> SecretText? {
  guard let text = reader.string(key, &complaints) else { return nil }
  var used: [Secret] = []
  var problems: [SecretProblem] = []
  do {
    let expanded = try context.expand(text) { name in
      switch context.secrets[name] {
      case .success(let secret):
        used.append(secret)
        return secret.bytes
      case .failure(let problem): problems.append(problem)
      case nil: problems.append(SecretProblem("the secret \(name) was not looked for"))
      }
      used.append(Secret(name: name, bytes: []))
      return []
    }
    for problem in problems { reader.complainOfSecret(key, problem.message, &complaints) }
    return SecretText(text: Array(expanded.utf8), secrets: used)
  } catch {
    reader.complain(key, context.problem(error), &complaints)
    return nil
  }
}

extension FieldReader {
  /// Complains of a secret that this machine does not give: the file itself may be right.
  package func complainOfSecret(_ key: String, _ message: String, _ complaints: inout Complaints) {
    complaints.add(
      Complaint(
        file: file, position: position(of: key), keyPath: keyPath(key), message: message,
        kind: .secret))
  }
}
