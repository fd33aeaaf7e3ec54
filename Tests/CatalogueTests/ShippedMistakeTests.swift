import Base
import Model
import Testing
import Wire

@testable import Catalogue

/// Every key and every value of the shipped files, each made wrong in its turn.
@Suite("Mistakes in the shipped files")
struct ShippedMistakeTests {
  private static let files = shippedSystems + [shippedConfiguration]

  /// The places of all keys of a file, from the outside in. The codes of a table are no keys, nor are
  /// the systems of the notice: a file names its own.
  private static func keys(of node: JSONNode) -> [JSONMember] {
    switch node.value {
    case .object(let members):
      members.flatMap { member in
        let isTable = ["codes", "systems"].contains(member.key) && member.node.object != nil
        let inner = isTable ? member.node.object?.map(\.node) ?? [] : [member.node]
        return [member] + inner.flatMap(keys)
      }
    case .array(let elements): elements.flatMap(keys)
    default: []
    }
  }

  /// The keys of the organisations, without their ids.
  private static func organisationKeys() throws -> [JSONMember] {
    let root = parseJSON(try project.read("probes/organisations.json5"), dialect: .json5).node
    return try #require(root?.object).flatMap { keys(of: $0.node) }
  }

  @Test("any key of a shipped file that is misspelt is complained of on its line", arguments: files)
  func misspelt(_ path: String) throws {
    let bytes = try project.read(path)
    let root = try #require(parseJSON(bytes, dialect: .json5).node)
    let keys = Self.keys(of: root)
    #expect(keys.count > 15)
    for key in keys {
      var changed = bytes
      changed.insert(UInt8(ascii: "x"), at: key.keyPosition.offset)
      let complaints = checkReport([path], replacing(path, with: changed)).complaints.list
      let told = complaints.contains { complaint in
        complaint.file == path && complaint.position == key.keyPosition
          && complaint.message.contains("unknown key \"x\(key.key)\"")
      }
      #expect(told, "\(key.key) at \(key.keyPosition): \(complaints.map(\.description))")
    }
  }

  @Test(
    "any value of a shipped file that has the wrong type is complained of on its line",
    arguments: files)
  func wrongType(_ path: String) throws {
    let bytes = try project.read(path)
    let root = try #require(parseJSON(bytes, dialect: .json5).node)
    for key in Self.keys(of: root) {
      guard key.node.string != nil || key.node.int != nil || key.node.bool != nil else { continue }
      // `null` where a value stood.
      var end = key.node.position.offset
      let closing = bytes[end] == UInt8(ascii: "\"") ? bytes[end] : nil
      repeat {
        end += 1
      } while closing != nil
        ? bytes[end] != closing
        : (0x30...0x39).contains(bytes[end]) || (0x61...0x7A).contains(bytes[end])
      if closing != nil { end += 1 }
      var changed = bytes
      changed.replaceSubrange(key.node.position.offset..<end, with: "null".utf8)
      let complaints = checkReport([path], replacing(path, with: changed)).complaints.list
      #expect(
        complaints.contains { $0.file == path && $0.position == key.node.position },
        "\(key.key): \(complaints.map(\.description))")
    }
  }

  @Test("any key of the organisations that is misspelt is complained of on its line")
  func misspeltOrganisation() throws {
    let path = "probes/organisations.json5"
    let bytes = try project.read(path)
    let keys = try Self.organisationKeys()
    #expect(keys.count == 8 * 3)
    for key in keys {
      var changed = bytes
      changed.insert(UInt8(ascii: "x"), at: key.keyPosition.offset)
      let complaints = checkReport(["probes"], replacing(path, with: changed)).complaints.list
      let told = complaints.contains { complaint in
        complaint.file == path && complaint.position == key.keyPosition
          && complaint.message.contains("unknown key \"x\(key.key)\"")
      }
      #expect(told, "\(key.key) at \(key.keyPosition): \(complaints.map(\.description))")
    }
  }

  @Test("any service of the example endpoints that is misspelt is complained of on its line")
  func misspeltEndpoint() throws {
    let path = "probes/endpoints.example.json5"
    let bytes = try project.read(path)
    let entries = try #require(parseJSON(bytes, dialect: .json5).node?.object)
    #expect(entries.count == 20)
    for entry in entries {
      var changed = bytes
      changed.insert(UInt8(ascii: "x"), at: entry.keyPosition.offset + 1)
      let complaints = checkReport([shippedConfiguration], replacing(path, with: changed))
        .complaints.list
      #expect(
        complaints.contains {
          $0.file == path && $0.position.line == entry.keyPosition.line
            && $0.message.contains("no service \"x")
        }, "\(entry.key): \(complaints.map(\.description))")
    }
  }

  @Test("the reference page has every key that the tests and the shipped files know")
  func reference() throws {
    let page = String(decoding: try project.read("deploy/docs/configuration.md"), as: UTF8.self)
    var keys = Set<String>()
    for path in Self.files {
      let root = try #require(parseJSON(try project.read(path), dialect: .json5).node)
      keys.formUnion(Self.keys(of: root).map(\.key))
    }
    keys.formUnion(try Self.organisationKeys().map(\.key))
    keys.formUnion(["vendor", "hop", "planned", "successes", "otherwise"])
    keys.formUnion(["caFile", "proxy", "sourceAddress", "secrets", "secret", "required", "name"])
    keys.formUnion(["otherHosts", "connectTimeout", "minimumVersion", "serverName", "redirects"])
    let missing = keys.sorted().filter { key in
      !["`\(key)`", ".\(key)`", "`\(key).", "`\(key)[]."].contains(where: page.contains)
    }
    #expect(missing == [])
  }
}
