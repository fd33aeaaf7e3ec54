import Base
import Model
import Probes
import Testing
import Wire

@testable import Catalogue

@Suite("The configuration file")
struct ConfigurationTests {
  static let file = "etc/linkhealth.json5"
  static let plain: [(key: String, line: String)] = [("catalogue", #"catalogue: ["services"],"#)]
  static let webhook = #"webhooks: [{ name: "ops", url: "https://hooks.example/", "#

  /// Loads a configuration with one service of the three provinces.
  static func load(
    _ configuration: String, service: String? = nil, more: [String: String] = [:]
  ) -> (configuration: Configuration?, complaints: Complaints) {
    var files = [
      file: configuration, "etc/provinces.json": threeProvinces,
      "etc/services/a.json5": service ?? object(plainService, "owner", #"owner: "moj","#).text,
      "etc/endpoints.json5": "{}", "etc/ca.pem": "", "/ca.pem": "",
    ]
    files.merge(more) { $1 }
    return loadConfiguration(file, memory(files))
  }

  static let cases: [KeyCase] = [
    .good("vantage", #"vantage: "ha-noi-1","#),
    .bad("vantage", #"vantage: "Hà Nội","#, at: #""Hà"#, "vantage", "expected 1 to 64 of a-z"),
    .good("state", #"state: "/srv/state","#),
    .bad("state", #"state: "","#, at: #""""#, "state", "expected a text"),
    .bad("state", #"state: "a\nb","#, at: #""a"#, "state", "control characters"),
    .good("socket", #"socket: "run/control.sock","#),
    .bad(
      "socket", "socket: \"/\(String(repeating: "x", count: 107))\",", at: "\"/x", "socket",
      "at most 107 bytes"),
    .good("tick", #"tick: "10ms","#),
    .good("tick", #"tick: "1s","#),
    .bad("tick", #"tick: "9ms","#, at: #""9ms""#, "tick", "at least 10ms"),
    .bad("tick", #"tick: "2s","#, at: #""2s""#, "tick", "at most 1s"),
    .good("clock", #"clock: { unsynchronisedFor: "off" },"#),
    .good("clock", #"clock: { unsynchronisedFor: "0s" },"#),
    .good("clock", #"clock: { unsynchronisedFor: "31d" },"#),
    .good("clock", "clock: {},"),
    .bad(
      "clock", #"clock: { unsynchronisedFor: "32d" },"#, at: #""32d""#, "clock.unsynchronisedFor",
      "at most 31d"),
    .bad(
      "clock", #"clock: { unsynchronisedFor: 5 },"#, at: "5", "clock.unsynchronisedFor",
      "a duration such as"),
    .bad("clock", #"clock: "off","#, at: #""off""#, "clock", "expected an object"),
    .good("history", #"history: { size: "1MiB", segment: "64KiB" },"#),
    .bad(
      "history", #"history: { size: "1KiB" },"#, at: #""1KiB""#, "history.size", "at least 1MiB"),
    .bad("history", #"history: { size: 5 },"#, at: "5", "history.size", "a size such as"),
    .bad(
      "history", #"history: { segment: "1KiB" },"#, at: #""1KiB""#, "history.segment",
      "at least 64KiB"),
    .bad(
      "history", #"history: { segment: "64KiB" },"#, at: #""64KiB""#, "history.segment",
      #"expected "size" beside it"#),
    .good("history", #"history: { samples: "1d", fiveMinutes: "2d", hours: "3660d" },"#),
    .bad(
      "history", #"history: { samples: "23h" },"#, at: #""23h""#, "history.samples",
      "at least 1d"),
    .bad(
      "history", #"history: { hours: "1d" },"#, at: #""1d""#, "history.hours", "at least 2d"),
    .bad(
      "history", #"history: { segment: "100kB" },"#, at: #""100kB""#, "history.segment",
      "whole number of 4KiB"),
    .bad(
      "history", #"history: { size: "8MiB", segment: "5MiB" },"#, at: #""5MiB""#,
      "history.segment", "at most half of the ring's size, 8MiB"),
    .bad("history", "history: { sise: 1 },", at: "sise", "history", #"mean "size"?"#),
    .bad("catalogue", "catalogue: [],", at: "[", "catalogue", "expected files or directories"),
    .bad("catalogue", #"catalogue: "services","#, at: #""serv"#, "catalogue", "a list of strings"),
    .bad("catalogue", #"catalogue: ["nowhere"],"#, at: "[", "catalogue", "cannot list etc/nowhere"),
    .bad(
      "catalogue", #"catalogue: ["services", "x.json5"],"#, at: "[", "catalogue",
      "cannot read etc/x.json5: No such file"),
    .good("provinces", #"provinces: "provinces.json","#),
    .bad(
      "provinces", #"provinces: "p.json","#, at: #""p.json""#, "provinces",
      "cannot read etc/p.json"),
    .good("endpoints", #"endpoints: "endpoints.json5","#),
    .bad(
      "endpoints", #"endpoints: "e.json5","#, at: #""e.json5""#, "endpoints", "cannot read etc/e"),
    .good("attempts", "attempts: { inFlight: 1 },"),
    .bad("attempts", "attempts: { inFlight: 0 },", at: "0", "attempts.inFlight", "from 1 to 65536"),
    .bad(
      "attempts", "attempts: { inflight: 2 },", at: "inflight", "attempts", #"mean "inFlight"?"#),
    .good("resolver", #"resolver: { threads: 64, lifetime: "0s" },"#),
    .bad("resolver", "resolver: { threads: 65 },", at: "65", "resolver.threads", "from 1 to 64"),
    .bad(
      "resolver", #"resolver: { lifetime: "2h" },"#, at: #""2h""#, "resolver.lifetime",
      "at most 1h"),
    .good("politeness", #"politeness: "off","#),
    .good("politeness", #"politeness: { requestsPerMinute: 1, bytesPerMinute: "1KiB" },"#),
    .bad("politeness", #"politeness: "of","#, at: #""of""#, "politeness", #"expected "off""#),
    .bad("politeness", "politeness: 5,", at: "5", "politeness", "an object"),
    .bad(
      "politeness", "politeness: { requestsPerMinute: 0 },", at: "0",
      "politeness.requestsPerMinute", "from 1 to"),
    .bad(
      "politeness", #"politeness: { requestPerMinute: 5 },"#, at: "requestPerMinute", "politeness",
      #"mean "requestsPerMinute"?"#),
    .good("control", "control: { operators: [] },"),
    .bad(
      "control", #"control: { operators: ["a b"] },"#, at: "[", "control.operators",
      #"names of groups, got "a b""#),
    .bad("control", "control: { operator: [] },", at: "operator", "control", #"mean "operators"?"#),
    .good("secrets", #"secrets: "/etc/linkhealth/secrets","#),
    .bad("secrets", "secrets: {},", at: "{", "secrets", "expected a string"),
    .good("accelerate", "accelerate: 600,"),
    .bad("accelerate", "accelerate: 0,", at: "0", "accelerate", "from 1 to 1000"),
    .bad("accelerate", "accelerate: 1.5,", at: "1.5", "accelerate", "a whole number"),
    .bad(
      "accelerate", "accelerate: 601,", at: "601", "accelerate",
      "at most 600: the probe at etc/services/a.json5:6:20 runs every 1m"),
    .bad("defaults", "defaults: 5,", at: "5", "defaults", "expected an object"),
    .good("defaults", #"defaults: { every: "1s", timeout: "1s" },"#),
    .bad("defaults", #"defaults: { every: "1ms" },"#, at: #""1ms""#, "defaults.every", "at least"),
    .bad("defaults", "defaults: { timeout: 1 },", at: "1", "defaults.timeout", "a duration"),
    .bad(
      "defaults", #"defaults: { family: "ipv5" },"#, at: #""ipv5""#, "defaults.family",
      #"did you mean "ipv"#),
    .bad("defaults", #"defaults: { proxy: "" },"#, at: #""""#, "defaults.proxy", "expected a text"),
    .bad(
      "defaults", #"defaults: { userAgent: "a\r\nb" },"#, at: #""a"#, "defaults.userAgent",
      "control characters"),
    .bad("defaults", "defaults: { caFile: [] },", at: "[", "defaults.caFile", "expected a string"),
    .good("defaults", #"defaults: { caFile: "ca.pem", sourceAddress: "::1" },"#),
    .bad(
      "defaults", #"defaults: { caFile: "no.pem" },"#, at: #""no.pem"#, "defaults.caFile",
      "cannot read etc/no.pem: No such file"),
    .bad(
      "defaults", #"defaults: { sourceAddress: "eth0" },"#, at: #""eth0"#,
      "defaults.sourceAddress", "expected a numeric address"),
    .bad(
      "defaults", "defaults: { sourceAddress: 1 },", at: "1", "defaults.sourceAddress",
      "expected a string"),
    .bad(
      "defaults", #"defaults: { alert: { failures: "x" } },"#, at: #""x""#,
      "defaults.alert.failures", "expected a rule"),
    .bad("defaults", "defaults: { evry: 1 },", at: "evry", "defaults", #"mean "every"?"#),
    .bad("vantagе", #""vantagе": "a","#, at: #""vantag"#, "", #"did you mean "vantage"?"#),
    .good("webhooks", webhook + #"secret: "{secret:ops.key_1}" }],"#),
    .bad("webhooks", webhook + "}],", at: "{", "webhooks[0]", #"the key "secret" is missing"#),
    .bad(
      "webhooks", webhook + #"secret: "{secret:../shadow}" }],"#, at: #""{secret:.."#,
      "webhooks[0].secret", #"expected "{secret:NAME}""#),
    .bad(
      "webhooks", webhook + #"secret: "{secret:a}", timeout: "1h" }],"#, at: #""1h""#,
      "webhooks[0].timeout", "at most 5m"),
    .bad(
      "webhooks", webhook + #"secret: "{secret:a}", caFile: "" }],"#, at: #""" }"#,
      "webhooks[0].caFile", "expected a text"),
    .bad(
      "webhooks", webhook + #"secret: "{secret:a}", caFile: "no.pem" }],"#, at: #""no.pem"#,
      "webhooks[0].caFile", "cannot read etc/no.pem"),
    .bad(
      "webhooks", webhook + #"secret: "{secret:a}", headers: {} }],"#, at: "headers",
      "webhooks[0]", #"unknown key "headers""#),
    .bad(
      "webhooks", #"webhooks: [{ name: "ops", url: "hooks", secret: "{secret:a}" }],"#,
      at: #""hooks""#, "webhooks[0].url", "expected an http or https address"),
    .bad(
      "webhooks", #"webhooks: [{ name: "Ops", url: "http://h.example/", secret: "{secret:a}" }],"#,
      at: #""Ops""#, "webhooks[0].name", "expected 1 to 64"),
  ]

  @Test("each key of the configuration is read, or complained of at its place", arguments: cases)
  func key(_ row: KeyCase) {
    let (text, line) = object(Self.plain, row.key, row.text)
    row.expect(Self.load(text).complaints, file: Self.file, line: line)
  }

  @Test("a secret written into the file is refused, and not repeated to anyone")
  func inlineSecret() {
    for secret in [#""hunter2hunter2""#, "20251107", #"["hunter2"]"#, #""{secret:}""#] {
      let text = object(Self.plain, "webhooks", Self.webhook + "secret: \(secret) }],").text
      let complaints = Self.load(text).complaints.list
      #expect(complaints.map(\.keyPath) == ["webhooks[0].secret"])
      #expect(complaints.first?.message.contains("LoadCredential=NAME:PATH") == true)
      #expect(!complaints.contains { $0.message.contains("hunter2") })
      #expect(!complaints.contains { $0.message.contains("20251107") })
    }
  }

  @Test("a webhook given twice names the other place")
  func webhookTwice() {
    let one = #"{ name: "ops", url: "https://hooks.example/", secret: "{secret:a}" }"#
    let text = object(Self.plain, "webhooks", "webhooks: [\(one), \(one)],").text
    #expect(
      Self.load(text).complaints.list.map(\.description) == [
        "etc/linkhealth.json5:3:92: webhooks[1].name: webhook \"ops\" was given before, at "
          + "etc/linkhealth.json5:3:22"
      ])
  }

  @Test("the least configuration has the documented defaults")
  func defaults() throws {
    let loaded = try #require(Self.load(#"{ catalogue: ["services"] }"#).configuration)
    #expect(loaded.vantage == "main")
    #expect(loaded.stateDirectory == "/var/lib/linkhealth")
    #expect(loaded.socketPath == "/run/linkhealth/control.sock")
    #expect(loaded.tick == .milliseconds(100))
    #expect(loaded.historyBytes == nil && loaded.segmentBytes == nil)
    #expect(loaded.retention == HistoryRetention())
    #expect(loaded.operators == ["linkhealth-oncall"])
    #expect(loaded.webhooks == [])
    #expect(loaded.secretsDirectory == nil)
    #expect(loaded.attemptsInFlight == 2_048)
    #expect((loaded.resolver.threads, loaded.resolver.lifetime) == (8, .seconds(30)))
    #expect(loaded.accelerate == 1)
    #expect(loaded.links.map(\.id.consumer) == ["ha-noi", "bac-ninh", "hue"])
  }

  @Test(
    "the clock is watched for an hour unless something else is said, and not at all where it is off"
  )
  func clock() {
    let rows: [(text: String, limit: TimeAmount?)] = [
      ("", .hours(1)), ("clock: {},", .hours(1)),
      (#"clock: { unsynchronisedFor: "5m" },"#, .minutes(5)),
      (#"clock: { unsynchronisedFor: "off" },"#, nil),
      (#"clock: { unsynchronisedFor: "0s" },"#, nil),
    ]
    for (text, limit) in rows {
      let loaded = Self.load("{ \(text) catalogue: [\"services\"] }").configuration
      #expect(loaded != nil && loaded?.clockUnsynchronisedFor == limit, "\(text)")
    }
  }

  @Test("what is written is what the configuration has; relative paths start at its directory")
  func values() throws {
    let text = """
      { vantage: "north", state: "state", socket: "../run/x.sock", tick: "50ms",
        history: { size: "64MiB", segment: "1MiB", samples: "3d", fiveMinutes: "30d",
          hours: "800d" }, catalogue: ["services"],
        control: { operators: ["a", "b"] }, secrets: "secrets", attempts: { inFlight: 7 },
        resolver: { threads: 3, lifetime: "1m" },
        webhooks: [{ name: "ops", url: "https://hooks.example/x", secret: "{secret:webhook-ops}",
                     caFile: "ca.pem", timeout: "3s" }] }
      """
    let loaded = try #require(Self.load(text).configuration)
    #expect(loaded.file == "etc/linkhealth.json5")
    #expect(loaded.vantage == "north")
    #expect(loaded.stateDirectory == "etc/state")
    #expect(loaded.socketPath == "etc/../run/x.sock")
    #expect(loaded.tick == .milliseconds(50))
    #expect(loaded.historyBytes == 64 << 20 && loaded.segmentBytes == 1 << 20)
    #expect(
      loaded.retention
        == HistoryRetention(samples: .hours(72), fiveMinutes: .hours(720), hours: .hours(19_200)))
    #expect(loaded.operators == ["a", "b"])
    #expect(loaded.secretsDirectory == "etc/secrets")
    #expect(loaded.attemptsInFlight == 7)
    #expect((loaded.resolver.threads, loaded.resolver.lifetime) == (3, .minutes(1)))
    let webhook = try #require(loaded.webhooks.first)
    #expect((webhook.name, webhook.secretName) == ("ops", "webhook-ops"))
    #expect(webhook.url.text == "https://hooks.example/x")
    #expect(webhook.caFile == "etc/ca.pem")
    #expect(webhook.timeout == .seconds(3))
    #expect((webhook.position.line, webhook.position.column) == (6, 69))
  }

  @Test("a receiver believes the authorities of the defaults unless it names its own")
  func webhookAuthorities() {
    let more = #"secret: "{secret:a}" }], defaults: { caFile: "/ca.pem" },"#
    let text = object(Self.plain, "webhooks", Self.webhook + more).text
    #expect(Self.load(text).configuration?.webhooks.map(\.caFile) == ["/ca.pem"])
  }

  @Test("a small ring gets segments that fit")
  func smallRing() {
    let loaded = Self.load(#"{ catalogue: ["services"], history: { size: "1MiB" } }"#)
    #expect(loaded.configuration?.segmentBytes == 256 << 10)
  }

  @Test("the defaults reach each probe that says nothing else")
  func probeDefaults() throws {
    let text = """
      { catalogue: ["services"], defaults: { userAgent: "watch", caFile: "ca.pem",
          proxy: "http://proxy.example:3128", sourceAddress: "192.0.2.1", family: "ipv6",
          every: "30s", timeout: "3s" } }
      """
    let probe = try #require(Self.load(text).configuration?.links.first?.probes.first)
    let options = try #require(probe.options as? HTTPOptions)
    #expect((probe.every, probe.timeout) == (.seconds(30), .seconds(3)))
    #expect(options.transfer.userAgent == "watch")
    #expect(options.transfer.tls.caFile == "etc/ca.pem")
    #expect(options.transfer.proxy == "http://proxy.example:3128")
    #expect(options.transfer.sourceAddress == "192.0.2.1")
    #expect(options.family == .ipv6)
  }

  @Test("accelerate divides intervals and rule windows, never time-outs or limits of latency")
  func accelerate() throws {
    let alert = #"alert: { errorRate: "20% over 15m", latency: "p95 over 3s over 15m" },"#
    let service = object(plainService, "alert", alert).text
    let text = #"{ catalogue: ["services"], accelerate: 60 }"#
    let link = try #require(Self.load(text, service: service).configuration?.links.first)
    let probe = try #require(link.probes.first)
    #expect(probe.every == .seconds(1))
    #expect(probe.retryEvery == .microseconds(83_333) + .nanoseconds(333))
    #expect(probe.timeout == .seconds(10))
    #expect(probe.retryLimit == 4)
    #expect(link.alert.failures == FailureRule(failures: 3, of: 5))
    #expect(link.alert.errorRate?.window == .seconds(15))
    #expect(link.alert.errorRate?.minimumSamples == 10)
    #expect(link.alert.latency?.window == .seconds(15))
    #expect(link.alert.latency?.raiseAbove == .seconds(3))
  }

  @Test("a configuration that is no object, or not there, is one complaint")
  func noConfiguration() {
    let missing = loadConfiguration("x.json5", memory([:]))
    #expect(missing.configuration == nil)
    #expect(
      missing.complaints.list.map(\.description)
        == ["x.json5:1:1: cannot read x.json5: No such file or directory"])
    #expect(Self.load("[]").complaints.list.map(\.message) == ["expected an object, got a list"])
  }

  @Test("provinces.json is found beside the services or in the directory above")
  func provinces() {
    let service = object(plainService, "owner", #"owner: "moj","#).text
    for place in ["etc/services/provinces.json", "etc/provinces.json"] {
      let files = [
        "etc/services/a.json5": service, place: threeProvinces,
        "c.json5": #"{ catalogue: ["etc/services"] }"#,
        "d.json5": #"{ catalogue: ["etc/services/a.json5"] }"#,
      ]
      for configuration in ["c.json5", "d.json5"] {
        let links = loadConfiguration(configuration, memory(files)).configuration?.links
        #expect(links?.count == 3)
      }
    }
  }
}
