import Base
import Host
import Testing
import Wire

extension DaemonTests {
  /// Cables are cut for real, between name spaces. In each case one incident says what, and when it is
  /// mended nobody hears of anything else.
  @Suite("NetworkCut", .enabled(if: isRoot, "needs root to make network name spaces"))
  struct NetworkCut {
    @Test(
      "the whole network is cut: one incident says that the monitor is blind, and no link is judged",
      arguments: CableCountry.Manner.allCases)
    func everything(manner: CableCountry.Manner) throws {
      let watch = try WatchedCountry()
      defer { watch.stop() }
      #expect(watch.services.count == 306)
      let begun = Clock.wall
      try watch.start()
      try watch.waitUntilWell(since: begun)
      try watch.country.cut(.monitor, manner)
      try watch.wait("the blindness is told") {
        let isBlind = try watch.isBlind()
        let shown = try watch.states()
        if isBlind { #expect(Set(shown.values) == ["unknown"]) }
        return try isBlind && !watch.told().isEmpty
      }
      // Each link is tried while nothing comes back, and nothing is made of it.
      let told = Clock.wall
      try watch.waitForAttempts(since: told, count: 2, areWell: false)
      #expect(Set(try watch.states().values) == ["unknown"])
      #expect(try watch.isBlind())
      #expect(try watch.told().count == 1, "\(watch.story)")
      try watch.country.heal(.monitor, manner)
      let healed = Clock.wall
      try watch.waitUntilWell(since: healed)
      let only = try watch.onlyIncident()
      #expect(only["pattern"]?.string == "vantage", "\(watch.story)")
      #expect(only["suspicion"]?["side"]?.string == "us")
      #expect(try watch.daemon.stop() == .exited(0))
    }

    @Test(
      "a province's gateway is cut: one incident names the hop",
      arguments: CableCountry.Manner.allCases)
    func gateway(manner: CableCountry.Manner) throws {
      let watch = try WatchedCountry()
      defer { watch.stop() }
      let begun = Clock.wall
      try watch.start()
      try watch.waitUntilWell(since: begun)
      let open = try watch.during(.province("hue"), manner) { incident in
        incident["links"]?.array?.count == 10
      }
      #expect(open["pattern"]?.string == "route", "\(watch.story)")
      #expect(open["subject"]?["axis"]?.string == "hop")
      #expect(open["subject"]?["name"]?.string == "lgsp/hue")
      let links = open["links"]?.array?.compactMap(\.string) ?? []
      #expect(links.allSatisfy { $0.hasSuffix("/hue") }, "its nine services and itself")
      #expect(open["summary"]?.string?.contains("lgsp/hue") == true)
      // Where a router says that there is no way, the network before the hop may be meant too.
      let side = open["suspicion"]?["side"]?.string
      #expect(side == "hop" || manner == .noCable && side == "cannotTell", "\(side ?? "none")")
      #expect(try watch.onlyIncident()["id"]?.string == open["id"]?.string)
      #expect(try watch.daemon.stop() == .exited(0))
    }

    @Test(
      "a ministry is cut: one incident names the owner of its systems",
      arguments: CableCountry.Manner.allCases)
    func ministry(manner: CableCountry.Manner) throws {
      let watch = try WatchedCountry()
      defer { watch.stop() }
      let begun = Clock.wall
      try watch.start()
      try watch.waitUntilWell(since: begun)
      // The one with three systems.
      let open = try watch.during(.ministry("mof"), manner) { incident in
        incident["links"]?.array?.count == 102
      }
      #expect(open["pattern"]?.string == "owner", "\(watch.story)")
      #expect(open["subject"]?["name"]?.string == "mof")
      let side = open["suspicion"]?["side"]?.string
      #expect(side == "provider" || manner == .noCable && side == "cannotTell", "\(side ?? "none")")
      #expect(try watch.onlyIncident()["id"]?.string == open["id"]?.string)
      #expect(try watch.daemon.stop() == .exited(0))
    }
  }
}

/// The country, and a daemon that watches it.
private final class WatchedCountry {
  let country: CableCountry
  let daemon: Daemon
  /// Of the services, and of the gateways of the provinces.
  let services: [String]
  let hops: [String]

  private static let probes: String = {
    let parts = #filePath.split(separator: "/").dropLast(3)
    return "/" + parts.joined(separator: "/") + "/probes"
  }()

  init() throws {
    country = try CableCountry(probes: Self.probes)
    daemon = try Daemon(
      settings: "provinces: \"\(Self.probes)/provinces.json\", endpoints: \"endpoints.json5\",")
    daemon.prefix = country.prefix
    daemon.catalogue = "[\"country\"]"
    daemon.ring = #"size: "8MiB", segment: "1MiB", samples: "1d", fiveMinutes: "2d", hours: "2d""#
    // By then each link has been tried since the first of them was seen to fail.
    daemon.gather = "6s"
    let provinces = country.provinces
    services = country.services.flatMap { service in provinces.map { "\(service.name)/\($0)" } }
    hops = provinces.map { "lgsp/\($0)" }
    try daemon.place.write("country/services.json5", catalogue)
    try daemon.place.write("endpoints.json5", endpoints)
  }

  func start() throws { try daemon.start() }

  func stop() {
    daemon.kill()
    country.stop()
  }

  // MARK: The files

  /// Canaries are asked so much more often that they know of a cut before two attempts of any link do.
  private var catalogue: String {
    let alert = #"alert: { failures: { raise: "2 of 3", clearAfter: 2 } }"#
    let probe =
      #"probes: [{ kind: "http", every: "3s", timeout: "2s", request: { url: "{endpoint}/" }, "#
      + #"expect: { text: ["all is well"] } }]"#
    var entries = country.services.map { service in
      """
      { service: "\(service.name)", system: "\(service.system)", owner: "\(service.owner)",
        route: ["lgsp"], consumers: "provinces", \(probe), \(alert) }
      """
    }
    entries.append(
      """
      { service: "lgsp", system: "lgsp", owner: "{consumer}", hop: true, consumers: "provinces",
        \(probe), \(alert) }
      """)
    let marks =
      CableCountry.canaries.enumerated().map { ("canary-\($0 + 1)", "canary", $1) }
      + [("closed-port", "mustFail", CableCountry.closed)]
    for (name, role, target) in marks {
      entries.append(
        """
        { service: "\(name)", system: "\(name)", owner: "operations", consumers: ["national"],
          \(role): true,
          probes: [{ kind: "tcp", every: "1s", timeout: "2s", target: "\(target)" }] }
        """)
    }
    return "[\n\(entries.joined(separator: ",\n"))\n]\n"
  }

  private var endpoints: String {
    var lines = country.provinces.map { "\"lgsp/\($0)\": \"http://\(country.gateway($0))\"," }
    for service in country.services {
      for province in country.provinces {
        lines.append(
          "\"\(service.name)/\(province)\": \"http://\(country.address(service, province))\",")
      }
    }
    return "{\n\(lines.joined(separator: "\n"))\n}\n"
  }

  // MARK: What the daemon shows

  func isBlind() throws -> Bool { try daemon.status()["blind"]?.bool ?? false }

  /// Of the services and of the gateways.
  func states() throws -> [String: String] {
    var states: [String: String] = [:]
    for link in try daemon.get("/v1/links").json?["links"]?.array ?? [] {
      guard let id = link["id"]?.string, link["role"]?.string == "service" || id.hasPrefix("lgsp/")
      else { continue }
      states[id] = link["state"]?.string ?? "none"
    }
    return states
  }

  /// The incidents that receivers were told of.
  func told() throws -> [JSONNode] {
    try daemon.incidents("all").filter { $0["firstToldSequence"].map { !$0.isNull } ?? false }
  }

  /// All incidents in words, for a test that fails.
  var story: [String] {
    ((try? daemon.incidents("all")) ?? []).map { incident in
      let isTold = incident["firstToldSequence"].map { !$0.isNull } ?? false
      return "\(isTold ? "told" : "kept") \(incident["pattern"]?.string ?? ""): "
        + (incident["summary"]?.string ?? "")
    }
  }

  /// That one incident was told, and has ended; as receivers find it.
  func onlyIncident() throws -> JSONNode {
    let told = try self.told()
    try #require(told.count == 1, "\(story)")
    #expect(told[0]["status"]?.string == "resolved")
    let alerts = "\(daemon.state)/alerts"
    try eventually("its file is closed, and there is no other") {
      fileNames("\(alerts)/open").isEmpty && fileNames("\(alerts)/closed").count == 1
    }
    return told[0]
  }

  /// Waits until each link has had so many attempts since a time, all of them well or none.
  func waitForAttempts(since time: WallTime, count: Int, areWell: Bool) throws {
    let limit = Clock.instant + .seconds(120)
    for link in services + hops {
      let answer = try eventually("\(link) is tried \(count) times", within: limit - Clock.instant)
      {
        let list = try daemon.get("/v1/links/\(link)/samples?limit=\(count)").json?["samples"]
        let samples = (list?.array ?? []).map(TakenSample.init)
        let isLate = samples.allSatisfy { $0.time > time.description }
        return samples.count == count && isLate ? samples : nil
      }
      #expect(
        answer.allSatisfy { $0.isOK == areWell }, "\(link): \(answer.map(\.outcome)) since \(time)")
    }
  }

  /// Waits until each link has answered three times since a time, is shown as up, and nothing is open.
  func waitUntilWell(since time: WallTime) throws {
    try wait("all links are up") {
      let states = try self.states()
      return states.count == services.count + hops.count
        && states.values.allSatisfy { $0 == "up" }
    }
    try waitForAttempts(since: time, count: 3, areWell: true)
    #expect(Set(try states().values) == ["up"])
    #expect(try daemon.incidents().isEmpty, "\(story)")
    #expect(try !isBlind())
  }

  /// Cuts a place off until its incident has been told and is as it should be, and mends it. The
  /// incident as it was before that.
  func during(
    _ place: CableCountry.Place, _ manner: CableCountry.Manner,
    until isWhole: (JSONNode) -> Bool
  ) throws -> JSONNode {
    try country.cut(place, manner)
    var incident: JSONNode?
    try wait("it is told, and is whole") {
      incident = try self.told().first(where: isWhole)
      return incident != nil
    }
    // The first message knew it already.
    #expect(try told().count == 1, "\(story)")
    try country.heal(place, manner)
    try waitUntilWell(since: Clock.wall)
    return try #require(incident)
  }

  /// Asks until the answer is yes, not too often: all links are much to tell.
  func wait(_ what: String, _ ask: () throws -> Bool) throws {
    _ = try eventually(what, within: .seconds(90), every: .milliseconds(200)) {
      try ask() ? true : nil
    }
  }
}
