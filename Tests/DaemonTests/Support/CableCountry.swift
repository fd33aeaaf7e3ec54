import Base
import Host
import Wire

/// The ministries and provinces of the scenario in name spaces, with a cable to each, so that each can be
/// cut off for real:
///
///     monitor --- core --+-- 34 cables, one for each province --- gateways --- 6 cables --- ministries
///                        +-- elsewhere
///
/// A link's address, 198.18.PROVINCE.MINISTRY (a network for tests of networks, RFC 2544), says which
/// cables it passes, there and back; .254 is the province's own gateway. Nginx answers on port 80.
final class CableCountry {
  enum Place: Sendable {
    case monitor
    case province(String)
    case ministry(String)
  }

  /// What becomes of packets where a place is cut off.
  enum Manner: Sendable, CaseIterable {
    /// The cable is out: whoever notices says that there is no way.
    case noCable
    /// They are swallowed, and nobody says anything.
    case silence
  }

  struct Service {
    var name: String
    var system: String
    var owner: String
  }

  static let canaries = ["198.19.0.1:80", "198.19.0.6:80"]
  /// Nobody listens there.
  static let closed = "198.19.0.1:9"

  let provinces: [String]
  let services: [Service]
  let owners: [String]
  private let spaces: NameSpaces
  private var servers: [Nginx] = []

  init(probes: String) throws {
    try requirePrograms([("nginx", "nginx")])
    func read(_ name: String) throws -> JSONNode? {
      parseJSON(try readFile("\(probes)/\(name)", limitBytes: 1 << 20), dialect: .json5).node
    }
    provinces = try read("provinces.json")?.array?.compactMap { $0["slug"]?.string } ?? []
    let nodes = try read("scenario/scenario-2025-11-07.json5")?["services"]?.array ?? []
    services = nodes.filter { $0["consumer"] == nil }.compactMap { node in
      guard let name = node["service"]?.string, let system = node["system"]?.string,
        let owner = node["owner"]?.string
      else { return nil }
      return Service(name: name, system: system, owner: owner)
    }
    var owners: [String] = []
    for service in services where !owners.contains(service.owner) { owners.append(service.owner) }
    self.owners = owners
    let plan = CablePlan(provinces: provinces.count, ministries: owners.count)
    spaces = try NameSpaces(plan.names, files: plan.files, script: plan.script)
    for name in plan.names where name != "monitor" {
      servers.append(
        try Nginx(
          address: "0.0.0.0", port: 80, connections: 1_024, prefix: spaces.words(name),
          "location / { return 200 \"all is well\\n\"; }"))
    }
  }

  /// The words before the daemon's own that let it see this network and no other.
  var prefix: [String] { spaces.words("monitor") }

  func address(_ service: Service, _ province: String) -> String {
    "198.18.\(number(province)).\(number(ofOwner: service.owner))"
  }

  func gateway(_ province: String) -> String { "198.18.\(number(province)).254" }

  private func number(_ province: String) -> Int {
    (provinces.firstIndex(of: province) ?? -1) + 1
  }

  private func number(ofOwner owner: String) -> Int { (owners.firstIndex(of: owner) ?? -1) + 1 }

  func stop() {
    for server in servers { server.stop() }
  }

  // MARK: Cutting

  func cut(_ place: Place, _ manner: Manner) throws {
    switch (place, manner) {
    case (.monitor, .noCable): try spaces.ip("monitor", "link set uplink down")
    case (.monitor, .silence): try spaces.ip("core", "route add blackhole 198.19.0.2/32")
    case (.province(let name), .noCable):
      try spaces.ip("core", "link set gw-\(number(name)) down")
    case (.province(let name), .silence):
      for half in halves(name) { try spaces.ip("core", "route add blackhole \(half)") }
    case (.ministry(let name), .noCable):
      try spaces.ip("gateways", "link set m-\(number(ofOwner: name)) down")
    case (.ministry(let name), .silence):
      try spaces.ip("m\(number(ofOwner: name))", "route add blackhole 198.19.0.2/32")
    }
  }

  func heal(_ place: Place, _ manner: Manner) throws {
    switch (place, manner) {
    case (.monitor, .noCable):
      try spaces.ip("monitor", "link set uplink up", "route add default via 198.19.0.1")
    case (.monitor, .silence): try spaces.ip("core", "route del blackhole 198.19.0.2/32")
    case (.province(let name), .noCable):
      let number = number(name)
      try spaces.ip(
        "core", "link set gw-\(number) up",
        "route add 198.18.\(number).0/24 via 198.19.\(number).2")
    case (.province(let name), .silence):
      for half in halves(name) { try spaces.ip("core", "route del blackhole \(half)") }
    case (.ministry(let name), .noCable):
      let number = number(ofOwner: name)
      try spaces.ip("gateways", "link set m-\(number) up")
      try spaces.batch("gateways", "ministry-\(number)")
    case (.ministry(let name), .silence):
      try spaces.ip("m\(number(ofOwner: name))", "route del blackhole 198.19.0.2/32")
    }
  }

  /// More particular than the way to the province, so that the way itself stays as it is.
  private func halves(_ province: String) -> [String] {
    [0, 128].map { "198.18.\(number(province)).\($0)/25" }
  }
}

/// How the cables lie, as batches of `ip`.
private struct CablePlan {
  let provinces: Int
  let ministries: Int

  var names: [String] {
    ["monitor", "core", "elsewhere", "gateways"] + (1...ministries).map { "m\($0)" }
  }

  var files: [String: String] {
    var files = [
      "core": core, "gateways": gateways, "core-ways": coreWays,
      "monitor": "addr add 198.19.0.2/30 dev uplink\nlink set uplink up\n"
        + "route add default via 198.19.0.1\n",
      "elsewhere": "addr add 198.19.0.6/30 dev core\nlink set core up\n"
        + "route add default via 198.19.0.5\n",
    ]
    for number in 1...ministries {
      files["ministry-\(number)"] = waysToMinistry(number)
      files["m\(number)"] = """
        addr add 198.19.\(100 + number).2/30 dev gateways
        link set gateways up
        route add default via 198.19.\(100 + number).1
        route add local 198.18.0.0/16 dev lo

        """
    }
    return files
  }

  /// Packets come back by another interface than the first way to their sender, and what cannot be
  /// reached is said each time.
  var script: String {
    """
    ip -n core -batch core
    ip -n gateways -batch gateways
    ip -n core -batch core-ways
    for name in monitor elsewhere \((1...ministries).map { "m\($0)" }.joined(separator: " ")); do
      ip -n $name -batch $name
    done
    for number in $(seq \(ministries)); do ip -n gateways -batch ministry-$number; done
    for name in core gateways; do
      ip netns exec $name sh -ec '
        echo 1 >/proc/sys/net/ipv4/ip_forward
        echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
        for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$file; done'
    done
    """
  }

  private var core: String {
    var lines = [
      "link add downlink type veth peer name uplink netns monitor",
      "addr add 198.19.0.1/30 dev downlink", "link set downlink up",
      "link add elsewhere type veth peer name core netns elsewhere",
      "addr add 198.19.0.5/30 dev elsewhere", "link set elsewhere up",
    ]
    for number in 1...provinces {
      lines += [
        "link add gw-\(number) type veth peer name core-\(number) netns gateways",
        "addr add 198.19.\(number).1/30 dev gw-\(number)", "link set gw-\(number) up",
      ]
    }
    return text(lines)
  }

  private var coreWays: String {
    text((1...provinces).map { "route add 198.18.\($0).0/24 via 198.19.\($0).2" })
  }

  private var gateways: String {
    var lines: [String] = []
    for number in 1...ministries {
      lines += [
        "link add m-\(number) type veth peer name gateways netns m\(number)",
        "addr add 198.19.\(100 + number).1/30 dev m-\(number)", "link set m-\(number) up",
      ]
    }
    for number in 1...provinces {
      lines += [
        "addr add 198.19.\(number).2/30 dev core-\(number)", "link set core-\(number) up",
        "addr add 198.18.\(number).254/32 dev lo",
        // An answer goes back by the cable of its province.
        "rule add from 198.18.\(number).0/24 lookup \(1_000 + number)",
        "route add default via 198.19.\(number).1 dev core-\(number) table \(1_000 + number)",
      ]
    }
    // For what the gateways themselves have to say.
    return text(lines + ["route add 198.19.0.2/32 via 198.19.1.1"])
  }

  private func waysToMinistry(_ ministry: Int) -> String {
    text(
      (1...provinces).map {
        "route add 198.18.\($0).\(ministry)/32 via 198.19.\(100 + ministry).2"
      })
  }

  private func text(_ lines: [String]) -> String { lines.joined(separator: "\n") + "\n" }
}
