import Base
import Catalogue
import Model
import Probes
import Testing
import Wire

@Suite("Secrets and tokens of the catalogue")
struct CredentialTests {
  private let service = """
    {
      service: "land-database", system: "land", owner: "mae", consumers: "provinces",
      probes: [{
        kind: "http",
        request: { url: "http://127.0.0.1/x" },
        auth: { bearer: "{secret:land-{consumer}}" },
      }],
    }
    """

  private func access(
    _ files: [String: String], secrets: [String: String]
  ) -> FileAccess {
    var access = memory(files)
    access.secret = { name, directory in
      if let text = secrets[name] { return .success(Secret(name: name, bytes: Array(text.utf8))) }
      return .failure(SecretProblem("no secret \(name) in \(directory ?? "any place")"))
    }
    return access
  }

  private func files(_ configuration: String, service: String? = nil) -> [String: String] {
    [
      "linkhealth.json5": configuration, "services/a.json5": service ?? self.service,
      "provinces.json": threeProvinces,
    ]
  }

  private let all = ["land-ha-noi": "aaaaaaaa", "land-bac-ninh": "bbbbbbbb", "land-hue": "cccccc"]

  @Test("each link gets the secret of its own")
  func perLink() throws {
    let (configuration, complaints) = loadConfiguration(
      "linkhealth.json5",
      access(files(#"{ catalogue: ["services"] }"#), secrets: all))
    #expect(complaints.list.map(\.description) == [])
    let links = try #require(configuration?.links)
    let bearers = links.map { link -> String in
      guard let options = link.probes[0].options as? HTTPOptions,
        case .bearer(let secret) = options.transfer.authentication
      else { return "-" }
      return String(decoding: secret.bytes, as: UTF8.self)
    }
    #expect(bearers == ["aaaaaaaa", "bbbbbbbb", "cccccc"])
  }

  @Test("a probe knows which of its secrets ends first, and a changed day is a change of its link")
  func expiry() throws {
    func links(_ expiry: String) throws -> [Link] {
      let (configuration, complaints) = loadConfiguration(
        "linkhealth.json5",
        access(files("{ catalogue: [\"services\"], secretExpiry: { \(expiry) } }"), secrets: all))
      #expect(complaints.list.map(\.description) == [])
      return try #require(configuration?.links)
    }
    let former = try links(#""land-hue": "2027-03-31""#)
    #expect(former.map { $0.probes[0].expiringSecret?.name } == [nil, nil, "land-hue"])
    // Midnight in Vietnam, at the end of the day.
    #expect(
      former[2].probes[0].expiringSecret?.expiry.end.description == "2027-03-31T17:00:00.000Z")
    let later = try links(#""land-hue": "2027-04-30""#)
    #expect(later.map(\.fingerprint) != former.map(\.fingerprint))
    #expect(later[0].fingerprint == former[0].fingerprint)
  }

  @Test(
    "a last day that is none, or of a secret that is none, is told where it stands",
    arguments: [
      (
        #"{ "land-hue": "31/3/2027" }"#,
        "expected the last day on which the secret is good, such as \"2027-03-31\", got \"31/3/2027\""
      ),
      (#"{ "land-hui": "2027-03-31" }"#, "no secret land-hui in any place"),
      (#"{ "land-hue": 3 }"#, "expected a string, got the number 3"),
      (#""2027-03-31""#, "expected an object, got the string"),
    ])
  func expiryMistakes(written: String, message: String) {
    let (_, complaints) = loadConfiguration(
      "linkhealth.json5",
      access(files("{ catalogue: [\"services\"], secretExpiry: \(written) }"), secrets: all))
    #expect(complaints.list.count == 1)
    #expect(complaints.list.first?.message.contains(message) == true, "\(complaints.list)")
    #expect(complaints.list.first?.position.line == 1)
  }

  @Test(
    "the last day is named by the clock of the configuration, west of UTC and east of it",
    arguments: ["-05:00", "+00:00", "+07:00", "+14:00"])
  func lastDay(zone: String) throws {
    let (configuration, complaints) = loadConfiguration(
      "linkhealth.json5",
      access(
        files(
          "{ catalogue: [\"services\"], timeZone: \"\(zone)\", "
            + "secretExpiry: { \"land-hue\": \"2027-03-31\" } }"), secrets: all))
    #expect(complaints.list.map(\.description) == [])
    let secret = try #require(configuration?.links[2].probes[0].expiringSecret)
    #expect(secret.expiry.lastDay.description == "2027-03-31")
    let warning = secret.warning([30], at: secret.expiry.end - .hours(5))
    #expect(warning?.note == "secret land-hue, valid until 2027-03-31")
  }

  @Test("the last day of a secret that nothing uses is noted, and is no mistake")
  func unusedExpiry() throws {
    let text = files(
      #"{ catalogue: ["services"], secretExpiry: { "land-hue": "2027-03-31", "old": "2027-03-31" } }"#
    )
    let access = access(text, secrets: all.merging(["old": "o"]) { $1 })
    let report = checkReport(["linkhealth.json5"], access)
    #expect(report.ok)
    #expect(
      report.notes.map(\.message) == [
        "no probe and no token uses the secret old: nobody is warned of its last day"
      ])
    #expect(report.notes.first?.keyPath == "secretExpiry.old")
    let loaded = loadConfiguration("linkhealth.json5", access)
    #expect(loaded.complaints.isEmpty && loaded.configuration?.notes.count == 1)
  }

  @Test("a missing secret is told once, with the probe's line and the links that need it")
  func missing() throws {
    let text = service.replacing("land-{consumer}", with: "land")
    let (configuration, complaints) = loadConfiguration(
      "linkhealth.json5",
      access(files(#"{ catalogue: ["services"], secrets: "s" }"#, service: text), secrets: [:]))
    #expect(configuration == nil)
    #expect(
      complaints.list.map(\.description) == [
        "services/a.json5:6:21: probes[0].auth.bearer: no secret land in s; "
          + "needed by land-database/ha-noi and 2 more"
      ])
  }

  @Test("where secrets cannot be read, check notes it; told --secrets it is a mistake")
  func notes() throws {
    let access = access(files(#"{ catalogue: ["services"] }"#), secrets: ["land-hue": "cccccc"])
    let lenient = checkReport(["linkhealth.json5"], access)
    #expect(lenient.ok)
    #expect(lenient.notes.count == 2)
    #expect(lenient.links == 3)
    #expect(lenient.probes == 3, "links whose secrets are not here are counted all the same")
    #expect(lenient.lines.last?.hasPrefix("ok: ") == true)
    #expect(lenient.lines.contains { $0.contains("needed by land-database/ha-noi") })
    let json = parseJSON(lenient.json(), dialect: .json).node
    #expect(json?["notes"]?.array?.count == 2)
    #expect(json?["complaints"]?.array?.count == 0)
    let strict = checkReport(["linkhealth.json5"], access, secretsAreNeeded: true)
    #expect(!strict.ok)
    #expect(strict.complaints.list.count == 2)
    #expect(strict.notes.isEmpty)
  }

  @Test("a changed secret changes the fingerprints of the links that use it, and no others")
  func fingerprints() throws {
    func prints(_ secrets: [String: String]) throws -> [UInt64] {
      try #require(
        loadConfiguration(
          "linkhealth.json5", access(files(#"{ catalogue: ["services"] }"#), secrets: secrets)
        ).configuration
      ).links.map(\.fingerprint)
    }
    let before = try prints(all)
    let after = try prints(all.merging(["land-hue": "changed"]) { $1 })
    #expect(before[0] == after[0])
    #expect(before[1] == after[1])
    #expect(before[2] != after[2])
  }

  private let token =
    #"url: "https://lgsp.example/token", clientId: "c", clientSecret: "{secret:s}""#

  @Test("a token is a link of its own, and probes name it")
  func tokens() throws {
    let text = service.replacing(#"bearer: "{secret:land-{consumer}}""#, with: #"token: "lgsp""#)
    let (configuration, complaints) = loadConfiguration(
      "linkhealth.json5",
      access(
        files(
          "{ catalogue: [\"services\"], tokens: { lgsp: { \(token), scope: \"a\", every: \"1h\" } } }",
          service: text), secrets: ["s": "client-secret"]))
    #expect(complaints.list.map(\.description) == [])
    let link = try #require(configuration?.links.last)
    #expect(link.id.description == "token/lgsp")
    #expect(link.role == .token)
    #expect(link.probes.map(\.kind) == ["oauth2"])
    #expect(link.probes.map(\.every) == [.hours(1)])
    #expect(configuration?.links.count == 4)
    let settings = effectiveSettings(of: link)
    let secret = try #require(settings.first { $0.key == "probes[0].clientSecret" })
    #expect(secret.value == "{secret:s}")
    #expect(secret.location?.file == "linkhealth.json5")
    #expect(settings.first { $0.key == "probes[0].every" }?.location?.line == 1)
    #expect(!"\(settings)".contains("client-secret"))
  }

  /// `tokens` as it is written, where the complaint points, and what it says.
  private static let mistakes: [(tokens: String, path: String, says: String)] = [
    (#""hidden""#, "tokens", "expected an object"),
    (#"{ lgsp: "hidden" }"#, "tokens.lgsp", "expected an object"),
    (
      #"{ lgsp: { url: "http://a.example/", clientId: "c", clientSecret: "hidden" } }"#,
      "tokens.lgsp.clientSecret", "expected \"{secret:NAME}\""
    ),
    (#"{ lgsp: { url: "http://a.example/", clientId: "c" } }"#, "tokens.lgsp", "clientSecret"),
    (
      #"{ lgsp: { url: "http://a.example/{secret:s}", clientId: "c", clientSecret: "{secret:s}" } }"#,
      "tokens.lgsp.url", "no secret may stand here"
    ),
    (
      #"{ lgsp: { url: "ftp://a.example/", clientId: "c", clientSecret: "{secret:s}" } }"#,
      "tokens.lgsp.url", "expected an http or https address"
    ),
    (
      #"{ lgsp: { url: "http://a.example/", clientId: "c", clientSecret: "{secret:s}", style: "x" } }"#,
      "tokens.lgsp.style", "\"basic\", \"body\""
    ),
    (
      #"{ lgsp: { url: "http://a.example/", clientId: "c", clientSecret: "{secret:s}", scop: "x" } }"#,
      "tokens.lgsp", "did you mean \"scope\"?"
    ),
    (
      #"{ lgsp: { url: "http://a.example/", clientId: "c", clientSecret: "{secret:t}" } }"#,
      "tokens.lgsp.clientSecret", "needed by token/lgsp"
    ),
    (
      #"{ Lgsp: { url: "http://a.example/", clientId: "c", clientSecret: "{secret:s}" } }"#,
      "tokens", "expected 1 to 64 of a-z"
    ),
  ]

  @Test("mistakes in tokens are told without what may be a secret", arguments: mistakes)
  func tokenMistakes(_ row: (tokens: String, path: String, says: String)) throws {
    let (_, complaints) = loadConfiguration(
      "linkhealth.json5",
      access(
        files("{ catalogue: [\"services\"], tokens: \(row.tokens) }"),
        secrets: all.merging(["s": "client-secret"]) { $1 }))
    #expect(complaints.list.count == 1, "\(complaints.list.map(\.description))")
    #expect(complaints.list.first?.keyPath == row.path)
    #expect(complaints.list.first?.message.contains(row.says) == true, "\(complaints.list)")
    #expect(!"\(complaints.list.map(\.description))".contains("hidden"))
  }

  @Test(
    "a token that the configuration does not have is a mistake; without a configuration it is not")
  func unknownToken() throws {
    let text = service.replacing(#"bearer: "{secret:land-{consumer}}""#, with: #"token: "lgps""#)
    let read = access(
      files("{ catalogue: [\"services\"], tokens: { lgsp: { \(token) } } }", service: text),
      secrets: ["s": "client-secret"])
    let report = checkReport(["linkhealth.json5"], read)
    #expect(
      report.complaints.list.map(\.message) == [
        "the configuration has no token \"lgps\" among its \"tokens\"; did you mean \"lgsp\"?"
      ])
    #expect(checkReport(["services"], read).ok)
  }

  @Test("no service may have the name that the links of tokens need")
  func nameOfTokens() throws {
    let text = service.replacing("land-database", with: "token")
      .replacing(#"bearer: "{secret:land-{consumer}}""#, with: #"token: "lgsp""#)
    let (_, complaints) = loadConfiguration(
      "linkhealth.json5",
      access(
        files("{ catalogue: [\"services\"], tokens: { lgsp: { \(token) } } }", service: text),
        secrets: ["s": "client-secret"]))
    #expect(complaints.list.count == 1)
    #expect(complaints.list.first?.message.contains("give the service another") == true)
  }
}

extension String {
  /// Every occurrence of a text replaced by another.
  fileprivate func replacing(_ text: String, with other: String) -> String {
    var result = ""
    var rest = self[...]
    while let start = rest.indices.first(where: { rest[$0...].hasPrefix(text) }) {
      result += rest[..<start] + other
      rest = rest[start...].dropFirst(text.count)
    }
    return result + rest
  }
}
