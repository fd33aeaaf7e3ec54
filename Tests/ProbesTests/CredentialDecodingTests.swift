import Base
import Model
import Testing
import Wire

@testable import Probes

@Suite("Credentials in the catalogue")
struct CredentialDecodingTests {
  private func http(
    _ keys: String, secrets: [String: String] = ["key": "s3cret-value"],
    tokens: [String]? = nil, placeholders: [String: String] = [:]
  ) throws -> (options: HTTPOptions?, complaints: [Complaint]) {
    try decode(
      HTTPProbe.self, "{ request: { url: \"http://127.0.0.1/\" }, \(keys) }", secrets: secrets,
      tokens: tokens, placeholders: placeholders)
  }

  private func request(_ keys: String) throws -> (options: HTTPOptions?, complaints: [Complaint]) {
    try decode(
      HTTPProbe.self, "{ request: { url: \"http://127.0.0.1/\", \(keys) } }",
      secrets: ["key": "s3cret-value", "a.b": "other"])
  }

  @Test("each way to authenticate is read")
  func ways() throws {
    let key = secret("key", "s3cret-value")
    let cases: [(String, Authentication)] = [
      (#"bearer: "{secret:key}""#, .bearer(key)),
      (#"basic: { user: "u", password: "{secret:key}" }"#, .basic(user: "u", password: key)),
      (#"digest: { user: "u", password: "{secret:key}" }"#, .digest(user: "u", password: key)),
      (#"token: "lgsp""#, .token("lgsp")),
    ]
    for (text, expected) in cases {
      let (options, complaints) = try http("auth: { \(text) }", tokens: ["lgsp"])
      #expect(complaints.map(\.description) == [])
      #expect(options?.transfer.authentication == expected)
    }
  }

  @Test("a secret of each link's own is named with a placeholder")
  func perLink() throws {
    let (options, complaints) = try http(
      #"auth: { bearer: "{secret:emr-{consumer}}" }"#, secrets: ["emr-ha-noi": "s3cret-value"],
      placeholders: ["consumer": "ha-noi"])
    #expect(complaints.isEmpty)
    #expect(
      options?.transfer.authentication == .bearer(secret("emr-ha-noi", "s3cret-value")))
  }

  @Test("headers and bodies hold secrets among other text, and print as their names")
  func texts() throws {
    let (options, complaints) = try request(
      #"headers: { Authorization: "ApiKey {secret:key}", dstcode: "H26" }, "#
        + #"body: '{"pw":"{secret:a.b}","x":"{{secret:key}}"}'"#)
    #expect(complaints.map(\.description) == [])
    let transfer = try #require(options?.transfer)
    #expect(transfer.headers.map(\.name) == ["dstcode"])
    #expect(transfer.secretHeaders.map(\.name) == ["Authorization"])
    let header = try #require(transfer.secretHeaders.first?.value)
    #expect(header.text.bytes == Array("ApiKey s3cret-value".utf8))
    #expect("\(header.text)" == "{secret:key}")
    #expect(transfer.body.isEmpty)
    #expect(
      transfer.bodyBytes == Array(#"{"pw":"other","x":"{secret:key}"}"#.utf8))
    #expect(options?.method == "POST")
    #expect(!"\(transfer.secretBody.map { "\($0)" } ?? "")".contains("other"))
  }

  /// What is written, and what is said of it; `hidden` must not be repeated.
  private static let mistakes: [(keys: String, says: String)] = [
    (#"auth: { bearer: "hidden" }"#, "expected \"{secret:NAME}\""),
    (#"auth: { bearer: "x{secret:key}hidden" }"#, "expected \"{secret:NAME}\""),
    (#"auth: { bearer: "{secret:key}{secret:key}" }"#, "expected \"{secret:NAME}\""),
    (#"auth: { basic: { user: "u", password: "hidden" } }"#, "expected \"{secret:NAME}\""),
    (#"auth: { digest: { user: "u", password: 7 } }"#, "expected \"{secret:NAME}\""),
    (#"auth: { basic: "u:hidden" }"#, "expected an object"),
    (#"auth: "hidden""#, "expected an object"),
    (#"auth: { token: "Hidden hidden" }"#, "expected the name of one of the configuration's"),
    (#"auth: { token: "lgps" }"#, "did you mean \"lgsp\"?"),
    (#"auth: {}"#, "expected one of"),
    (#"auth: { bearer: "{secret:key}", token: "lgsp" }"#, "expected one of"),
    (#"auth: { bearer: "{secret:../hidden}" }"#, "a secret is named as {secret:NAME}"),
    (#"tls: { clientKey: "hidden", clientCertificate: "{secret:cert}" }"#, "{secret:NAME}"),
    (#"tls: { clientCertificate: "{secret:cert}" }"#, "go together"),
    (#"tls: { caFile: "{secret:key}" }"#, "no secret may stand here"),
  ]

  @Test("what is wrong is told without being repeated", arguments: mistakes)
  func toldUnrepeated(_ row: (keys: String, says: String)) throws {
    let (_, complaints) = try http(
      row.keys, secrets: ["key": "s3cret-value", "cert": pemCertificate], tokens: ["lgsp"])
    #expect(complaints.contains { $0.message.contains(row.says) }, "\(complaints)")
    for complaint in complaints {
      #expect(!complaint.description.contains("hidden"), "\(complaint)")
      #expect(complaint.kind == .mistake)
      #expect(!complaint.description.contains("s3cret"), "\(complaint)")
    }
  }

  @Test(
    "a credential header is not written in the catalogue, whatever its value's type",
    arguments: [
      #"headers: { Authorization: "Bearer hidden" }"#, #"headers: { "X-Api-Key": 1234567 }"#,
      #"headers: { "x-auth-token": ["hidden"] }"#,
    ])
  func writtenHeaders(_ keys: String) throws {
    let (_, complaints) = try request(keys)
    #expect(complaints.count == 1)
    #expect(complaints.first?.message.contains("a credential is not written") == true)
    #expect(!complaints.description.contains("hidden"))
    #expect(!complaints.description.contains("1234567"))
  }

  @Test("nothing prints a secret that holds one")
  func printed() throws {
    let options = HTTPOptions(
      url: try URLParts("http://127.0.0.1/"),
      transfer: TransferSettings(
        secretHeaders: [("a", SecretText(text: [104, 105, 100], secrets: [secret("k", "hid")]))],
        authentication: .basic(user: "u", password: secret("k", "hid"))))
    var text = ""
    dump(HTTPProbe(options, timeout: .seconds(1), tracing: true), to: &text)
    dump(options.transfer, to: &text)
    text += "\(options.transfer.authentication) \(options.transfer.secretHeaders)"
    #expect(text.contains("{secret:k}"))
    #expect(!text.contains("hid\""))
    #expect(!text.contains("- 104\n"), "no bytes either")
  }

  @Test(
    "headers that are no object are not repeated",
    arguments: [
      #"headers: "Authorization: Bearer hidden""#, #"headers: ["Authorization: hidden"]"#,
    ])
  func headersAsText(_ keys: String) throws {
    let (_, complaints) = try request(keys)
    #expect(complaints.map(\.keyPath) == ["request.headers"])
    #expect(!complaints.description.contains("hidden"))
  }

  @Test("no secret goes into a URL; the complaint says where it may stand")
  func urls() throws {
    for url in ["http://127.0.0.1/?key={secret:key}", "http://127.0.0.1/{secret:a.b}"] {
      let (_, complaints) = try decode(
        HTTPProbe.self, "{ request: { url: \"\(url)\" } }",
        secrets: ["key": "s3cret-value", "a.b": "other"])
      #expect(complaints.count == 1)
      #expect(complaints.first?.message.contains("\"request.headers\"") == true)
    }
  }

  @Test("a request says once who we are")
  func twice() throws {
    let (_, complaints) = try decode(
      HTTPProbe.self,
      #"{ request: { url: "http://127.0.0.1/", headers: { Authorization: "A {secret:key}" } }, "#
        + #"auth: { bearer: "{secret:key}" } }"#, secrets: ["key": "s3cret-value"])
    #expect(complaints.map(\.keyPath) == ["auth"])
  }

  @Test("secrets that cannot be used are told apart from mistakes")
  func missing() throws {
    let rows: [(keys: String, secrets: [String: String], says: String)] = [
      (#"auth: { bearer: "{secret:key}" }"#, ["key": ""], "it is empty"),
      (#"auth: { bearer: "{secret:key}" }"#, ["key": "a\nb"], "more than one line"),
      (
        #"tls: { clientCertificate: "{secret:key}", clientKey: "{secret:k}" }"#,
        ["key": "not pem", "k": pemKey], "is not PEM text"
      ),
      (
        #"tls: { clientCertificate: "{secret:key}", clientKey: "{secret:k}" }"#,
        [
          "key": pemCertificate,
          "k": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nx\n-----END ENCRYPTED PRIVATE KEY-----",
        ], "without a passphrase"
      ),
    ]
    for row in rows {
      let (options, complaints) = try http(row.keys, secrets: row.secrets)
      #expect(complaints.count == 1, "\(complaints)")
      #expect(complaints.first?.kind == .secret)
      #expect(complaints.first?.message.contains(row.says) == true, "\(complaints)")
      #expect(options != nil, "the rest is read all the same")
    }
  }
}
