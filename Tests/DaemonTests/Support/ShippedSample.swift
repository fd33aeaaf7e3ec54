import Host
import Wire

/// A sample of `probes/kinds`, with what it asks put in place of what it names.
struct ShippedSample {
  let kind: String
  /// That of its file, `soap` of `soap.example.json5`: a kind may have several samples.
  let name: String
  private let node: JSONNode

  private static let addressKeys = ["url", "host", "server", "target", "address"]

  static func all() throws -> [ShippedSample] {
    let parts = #filePath.split(separator: "/").dropLast(4)
    let directory = "/" + parts.joined(separator: "/") + "/probes/kinds"
    return try fileNames(directory).filter { $0.hasSuffix(".example.json5") }.map { name in
      let bytes = try readFile("\(directory)/\(name)", limitBytes: 1 << 20)
      let node = parseJSON(bytes, dialect: .json5, limits: .catalogue).node
      guard let node, let kind = node["kind"]?.string else {
        throw HarnessError("\(name) is no sample")
      }
      return ShippedSample(kind: kind, name: String(name.prefix { $0 != "." }), node: node)
    }
  }

  /// The program that it names, if it names one.
  var program: String? { node["program"]?.string?.split(separator: "/").last.map(String.init) }

  /// The secrets that it names.
  var secrets: [String] {
    texts(node).flatMap { text in
      text.split(separator: "{secret:").dropFirst(text.hasPrefix("{secret:") ? 0 : 1).compactMap {
        $0.split(separator: "}").first.map(String.init)
      }
    }
  }

  func secret(_ name: String) -> String {
    guard name.contains("certificate") || name.contains("key") else { return "value\n" }
    return ["CERTIFICATE", "PRIVATE KEY"].map {
      "-----BEGIN \($0)-----\nAAAA\n-----END \($0)-----\n"
    }.joined()
  }

  /// Whom it asks, as far as its keys tell.
  enum Asked {
    case server
    case program
    case machine
  }

  var asks: Asked { program != nil ? .program : namesPort ? .server : .machine }

  private var namesPort: Bool {
    names("url") || names("port")
      || Self.addressKeys.contains { key in
        node[key].map(texts)?.contains { $0.split(separator: ":").count == 2 } ?? false
      }
  }

  /// Whether a key is anywhere in it.
  private func names(_ key: String) -> Bool { Self.holds(node, key) }

  /// The service's file, its probe asking a host of the loopback. `pause` stands for each `interval`.
  func service(
    host: String = "127.0.0.1", port: Int, timeout: String = "2s", pause: String = "200ms"
  ) -> String {
    var members = (node.object ?? []).filter { !["every", "timeout"].contains($0.key) }
    for place in members.indices where members[place].key == "interval" {
      members[place].node.value = .string(pause)
    }
    if let program {
      for place in members.indices where members[place].key == "program" {
        members[place].node.value = .string(program)
      }
    }
    let own = members.map { "\"\($0.key)\": \(text($0.node, $0.key, (host, port)))" }
    return """
      { service: "\(name)", system: "\(name)", owner: "owner", consumers: ["national"],
        probes: [{ every: "24h", timeout: "\(timeout)", \(own.joined(separator: ", ")) }] }
      """
  }

  private static func holds(_ node: JSONNode, _ key: String) -> Bool {
    switch node.value {
    case .object(let members): members.contains { $0.key == key || holds($0.node, key) }
    case .array(let elements): elements.contains { holds($0, key) }
    case .null, .bool, .number, .string: false
    }
  }

  private func texts(_ node: JSONNode) -> [String] {
    switch node.value {
    case .string(let text): [text]
    case .object(let members): members.flatMap { texts($0.node) }
    case .array(let elements): elements.flatMap(texts)
    case .null, .bool, .number: []
    }
  }

  private func text(
    _ node: JSONNode, _ key: String, _ place: (host: String, port: Int)
  ) -> String {
    switch node.value {
    case .null: return "null"
    case .bool(let flag): return "\(flag)"
    case .number(let number): return key == "port" ? "\(place.port)" : number.text
    case .string(let text):
      var writer = JSONWriter()
      writer.string(Self.addressKeys.contains(key) ? loopback(text, place) : text)
      return String(decoding: writer.bytes, as: UTF8.self)
    case .array(let elements):
      return "[" + elements.map { text($0, key, place) }.joined(separator: ", ") + "]"
    case .object(let members):
      let list = members.map { "\"\($0.key)\": \(text($0.node, $0.key, place))" }
      return "{" + list.joined(separator: ", ") + "}"
    }
  }

  /// The same address on the loopback: of a URL the host and the port, of `host:port` both, else the
  /// host alone.
  private func loopback(_ text: String, _ place: (host: String, port: Int)) -> String {
    let (host, port) = place
    if text.hasPrefix("{endpoint}") {
      return "http://\(host):\(port)" + text.dropFirst("{endpoint}".count)
    }
    if let scheme = text.firstRange(of: "://") {
      let rest = text[scheme.upperBound...]
      let path = rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? ""
      return text[..<scheme.upperBound] + "\(host):\(port)" + path
    }
    return text.split(separator: ":").count == 2 ? "\(host):\(port)" : host
  }
}
