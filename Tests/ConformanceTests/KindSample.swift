import Catalogue
import Glibc
import Host
import Model
import Probes
import Testing
import Wire

/// The sample of a kind: `probes/kinds/KIND.example.json5`, one object of the list `probes` of a
/// service's file. All that is known of a kind here comes from the registry and from its sample.
struct KindSample: Sendable, CustomTestStringConvertible {
  var file: String
  var node: JSONNode

  var kind: String { node["kind"]?.string ?? "" }
  var testDescription: String { file }

  static let all: [KindSample] = {
    let directory = "\(projectDirectory)/probes/kinds"
    let names = (try? FileAccess.system.list(directory)) ?? []
    return names.filter { $0.hasSuffix(".example.json5") }.sorted().map { name in
      let bytes = (try? FileAccess.system.read("\(directory)/\(name)")) ?? []
      let parsed = parseJSON(bytes, dialect: .json5, limits: .catalogue)
      return KindSample(
        file: name,
        node: parsed.node
          ?? JSONNode(value: .null, position: Position(line: 1, column: 1, offset: 0)))
    }
  }()
}

/// The top of the project, from the place of this file.
let projectDirectory: String = {
  var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
  parts.removeLast(3)
  return parts.joined(separator: "/")
}()

/// Every secret is to be had; its value would show anywhere.
let secretMark = "no-one-may-see-this"

struct NoSuchFile: Error, CustomStringConvertible {
  var description: String { "No such file or directory" }
}

/// Reads a service whose only probe is the sample, or what was made of it, as the daemon does.
func load(_ probe: JSONNode) -> (link: Link?, complaints: [Complaint]) {
  let text = """
    { service: "subject", system: "subject", owner: "owner", consumers: ["national"],
      probes: [\(json(withoutEndpoint(probe)))] }
    """
  let read = loadCatalogue(
    ["services"],
    FileAccess(
      read: { path in
        if path == "services/a.json5" { return Array(text.utf8) }
        if path.hasSuffix("provinces.json") { return Array(provinces.utf8) }
        // Whatever else a sample names is there.
        guard path.hasSuffix(".pem") else { throw NoSuchFile() }
        return []
      },
      list: { directory in
        guard directory == "services" else { throw NoSuchFile() }
        return ["a.json5"]
      },
      secret: { name, _ in .success(Secret(name: name, bytes: Array(secretText(name).utf8))) }))
  return (read.links?.first, read.complaints.list)
}

/// A line, or what a certificate and its key look like where the name says so.
private func secretText(_ name: String) -> String {
  guard name.contains("certificate") || name.contains("key") else { return secretMark }
  return ["CERTIFICATE", "PRIVATE KEY"].map {
    "-----BEGIN \($0)-----\n\(secretMark)\n-----END \($0)-----\n"
  }.joined()
}

private let provinces = """
  [{ code: "01", slug: "ha-noi", name_en: "Hanoi", name_vi: "Hà Nội", agency_code: "H26" }]
  """

/// A catalogue without a configuration has no endpoints; here there is one: an address under `url`,
/// elsewhere a host.
private func withoutEndpoint(_ node: JSONNode, key: String = "") -> JSONNode {
  var node = node
  switch node.value {
  case .string(let text):
    let isAddress = text.hasPrefix("{endpoint}") && key == "url"
    node.value = .string(
      text.replacing("{endpoint}", with: isAddress ? "http://127.0.0.1:8080" : "127.0.0.1"))
  case .array(let elements):
    node.value = .array(elements.map { withoutEndpoint($0, key: key) })
  case .object(let members):
    node.value = .object(
      members.map { member in
        var member = member
        member.node = withoutEndpoint(member.node, key: member.key)
        return member
      })
  case .null, .bool, .number: break
  }
  return node
}

/// A value as JSON5 that reads the same.
func json(_ node: JSONNode) -> String {
  func quoted(_ text: String) -> String {
    var writer = JSONWriter()
    writer.string(text)
    return String(decoding: writer.bytes, as: UTF8.self)
  }
  switch node.value {
  case .null: return "null"
  case .bool(let flag): return "\(flag)"
  case .number(let number): return number.text
  case .string(let text): return quoted(text)
  case .array(let elements): return "[" + elements.map(json).joined(separator: ", ") + "]"
  case .object(let members):
    return "{" + members.map { "\(quoted($0.key)): \(json($0.node))" }.joined(separator: ", ") + "}"
  }
}
