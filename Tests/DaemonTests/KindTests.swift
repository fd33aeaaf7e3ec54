import Base
import Glibc
import Host
import Testing
import Wire

/// Runs every kind's sample in the daemon, against servers that are no help. It knows the kinds by
/// their samples alone: a new one is tried without a change here.
extension DaemonTests {
  @Suite("Every kind, in the daemon") struct Kinds {
    enum Mood: String, CaseIterable {
      case silent
      case refusing
      case hangingUp

      /// What a program of the sample's name does.
      var program: String {
        switch self {
        // What it starts beside itself must go with it.
        case .silent: "sleep 600 & sleep 600"
        case .refusing: "echo refused; exit 2"
        case .hangingUp: "kill -9 $$"
        }
      }
    }

    @Test("tells a phase and a cause of each, and leaves nothing open behind it")
    func nothingIsLeft() throws {
      let samples = try ShippedSample.all()
      #expect(!samples.isEmpty)
      let daemon = try Daemon()
      // The first rounds warm up what is kept for good: threads, tables of certificates. A round's
      // figure may hold something that is closed later, the lowest of them hardly ever.
      let baseline = try Mood.allCases.map { mood in
        try round(mood, samples, daemon)
        return try settled(daemon)
      }.min { $0.count < $1.count }!
      for mood in Mood.allCases {
        try round(mood, samples, daemon)
        var open: [String] = []
        do {
          try eventually("after \(mood) no more descriptors are open than before") {
            open = try descriptors(daemon)
            return open.count <= baseline.count
          }
        } catch {
          Issue.record("\(error); open: \(open), before: \(baseline)")
        }
        try eventually("after \(mood) no process is left") { try children(daemon).isEmpty }
      }
      _ = try daemon.stop()
    }

    private func round(_ mood: Mood, _ samples: [ShippedSample], _ daemon: Daemon) throws {
      let server = try Bystander(mood)
      defer { server.stop() }
      for sample in samples {
        try daemon.place.write(
          "services/\(sample.name).json5", sample.service(port: Int(server.port)))
        for name in sample.secrets {
          try daemon.place.write("secrets/\(name)", sample.secret(name), mode: 0o600)
        }
        guard let program = sample.program else { continue }
        try daemon.place.write(
          "plugins/\(program)", "#!/bin/sh\n\(mood.program)\n", mode: 0o755)
        daemon.settings = "exec: { directories: [\"\(daemon.place.path)/plugins\"] },"
      }
      if daemon.process == nil {
        try daemon.start()
      } else {
        let answer = try daemon.post("/v1/reload?yes=true")
        try #require(answer.status == 200, "\(answer)")
      }
      for sample in samples {
        let answer = try daemon.post("/v1/links/\(sample.name)/national/try")
        try #require(answer.status == 200, "\(sample.name): \(answer)")
        let found = try #require(answer.json?["attempts"]?.array?.first?["sample"])
        let outcome = found["outcome"]?.string ?? ""
        let words = "\(sample.name), \(mood): \(outcome), \(found["sentence"]?.string ?? "")"
        #expect(outcome == "ok" || outcome.split(separator: ".").count == 2, "\(words)")
        #expect(outcome != "skipped.unsupported" && outcome != "skipped.tableFull", "\(words)")
        if mood == .refusing, sample.namesPort { #expect(outcome != "ok", "\(words)") }
        if sample.names("url") { #expect(outcome != "ok", "\(words)") }
      }
    }

    private func settled(_ daemon: Daemon) throws -> [String] {
      var last = -1
      return try eventually("the number of descriptors stands still", every: .milliseconds(300)) {
        let open = try descriptors(daemon)
        defer { last = open.count }
        return open.count == last ? open : nil
      }
    }

    /// What each descriptor of the daemon leads to, sorted.
    private func descriptors(_ daemon: Daemon) throws -> [String] {
      let directory = "/proc/\(try #require(daemon.process).pid)/fd"
      return fileNames(directory).compactMap { target(of: "\(directory)/\($0)") }.sorted()
    }

    /// Where a symbolic link leads; `nil` when it has gone since it was listed.
    private func target(of path: String) -> String? {
      var bytes = [UInt8](repeating: 0, count: 256)
      let count = bytes.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
      return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    private func children(_ daemon: Daemon) throws -> [Substring] {
      let pid = try #require(daemon.process).pid
      return (fileText("/proc/\(pid)/task/\(pid)/children") ?? "").split(separator: " ")
    }
  }
}

/// A server that says nothing, one that refuses, or one that hangs up; on TCP and UDP alike.
private final class Bystander {
  let port: UInt16
  private let server: TestServer?
  private var packets: Int32 = -1

  init(_ mood: DaemonTests.Kinds.Mood) throws {
    let server = try TestServer { connection in
      if mood == .silent { while connection.rawHead() != nil {} }
    }
    port = server.port
    if mood == .refusing {
      server.stop()
      self.server = nil
      return
    }
    self.server = server
    guard mood == .silent else { return }
    packets = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(packets, $0, size) }
    }
    guard code == 0 else { throw HarnessError("bind UDP \(port): \(errno)") }
  }

  func stop() {
    server?.stop()
    if packets >= 0 { close(packets) }
    packets = -1
  }
}

/// A sample of `probes/kinds`, with what it asks put in place of what it names.
struct ShippedSample {
  let kind: String
  /// That of its file, `soap` of `soap.example.json5`: a kind may have several samples.
  let name: String
  private let node: JSONNode

  private static let addressKeys = ["url", "host", "server", "target", "address"]

  static func all() throws -> [ShippedSample] {
    let parts = #filePath.split(separator: "/").dropLast(3)
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

  var namesPort: Bool {
    names("url") || names("port")
      || Self.addressKeys.contains { key in
        node[key].map(texts)?.contains { $0.split(separator: ":").count == 2 } ?? false
      }
  }

  /// Whether a key is anywhere in it.
  func names(_ key: String) -> Bool { Self.holds(node, key) }

  /// The service's file, its probe asking the loopback.
  func service(port: Int) -> String {
    var members = (node.object ?? []).filter { !["every", "timeout"].contains($0.key) }
    if let program {
      for place in members.indices where members[place].key == "program" {
        members[place].node.value = .string(program)
      }
    }
    let own = members.map { "\"\($0.key)\": \(text($0.node, $0.key, port))" }
    return """
      { service: "\(name)", system: "\(name)", owner: "owner", consumers: ["national"],
        probes: [{ every: "24h", timeout: "2s", \(own.joined(separator: ", ")) }] }
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

  private func text(_ node: JSONNode, _ key: String, _ port: Int) -> String {
    switch node.value {
    case .null: return "null"
    case .bool(let flag): return "\(flag)"
    case .number(let number): return key == "port" ? "\(port)" : number.text
    case .string(let text):
      var writer = JSONWriter()
      writer.string(Self.addressKeys.contains(key) ? loopback(text, port) : text)
      return String(decoding: writer.bytes, as: UTF8.self)
    case .array(let elements):
      return "[" + elements.map { text($0, key, port) }.joined(separator: ", ") + "]"
    case .object(let members):
      let list = members.map { "\"\($0.key)\": \(text($0.node, $0.key, port))" }
      return "{" + list.joined(separator: ", ") + "}"
    }
  }

  /// The same address on the loopback: of a URL the host and the port, of `host:port` both, else the
  /// host alone.
  private func loopback(_ text: String, _ port: Int) -> String {
    if text.hasPrefix("{endpoint}") {
      return "http://127.0.0.1:\(port)" + text.dropFirst("{endpoint}".count)
    }
    if let scheme = text.firstRange(of: "://") {
      let rest = text[scheme.upperBound...]
      let path = rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? ""
      return text[..<scheme.upperBound] + "127.0.0.1:\(port)" + path
    }
    return text.split(separator: ":").count == 2 ? "127.0.0.1:\(port)" : "127.0.0.1"
  }
}
