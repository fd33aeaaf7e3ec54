import Base
import Catalogue
import Model
import Probes
import Testing
import Wire

@Suite("Every kind's sample")
struct SampleTests {
  /// The keys that all kinds share.
  private static let commonKeys = [
    "kind", "name", "every", "timeout", "retryEvery", "retries", "required",
  ]

  @Test("is there, one for each word of the registry and none besides")
  func complete() {
    let kinds = probeKinds.map { $0.kind }
    #expect(kinds.count == Set(kinds).count, "a word stands for one kind")
    for kind in kinds {
      #expect(
        KindSample.all.contains { $0.file == "\(kind).example.json5" && $0.kind == kind },
        "the kind \(kind) has no sample: write probes/kinds/\(kind).example.json5")
    }
    for sample in KindSample.all {
      #expect(kinds.contains(sample.kind), "\(sample.file) is of no registered kind")
    }
  }

  @Test("is read without a complaint, and makes a machine", arguments: KindSample.all)
  func decodes(_ sample: KindSample) throws {
    let (link, complaints) = load(sample.node)
    #expect(complaints.map(\.description) == [])
    let probe = try #require(link?.probes.first)
    #expect(probe.kind == sample.kind)
    #expect(makeProbe(probe, tracing: true) != nil)
  }

  @Test("is explained key by key, and shows no secret", arguments: KindSample.all)
  func settings(_ sample: KindSample) throws {
    let link = try #require(load(sample.node).link)
    let probe = try #require(link.probes.first)
    let own = probeSettings(probe)
    #expect(!own.isEmpty)
    #expect(own.count == Set(own.map(\.key)).count, "each once")
    let explained = effectiveSettings(of: link)
    let keys = explained.map(\.key)
    for path in paths(sample.node, "probes[0]") {
      let isExplained = keys.contains { key in
        key == path || path.hasPrefix("\(key).") || path.hasPrefix("\(key)[")
          || key.hasPrefix("\(path).") || key.hasPrefix("\(path)[")
      }
      #expect(isExplained, "\(path) is written and not explained")
    }
    for setting in explained {
      #expect(!setting.value.contains(secretMark), "\(setting.key)")
    }
    #expect(!"\(probe.options)".contains(secretMark))
    if let target = probeTarget(probe) {
      #expect(!target.isEmpty && !target.contains(secretMark) && !target.contains("{"))
    }
  }

  @Test(
    "with a key misspelt, is complained of with the key that was meant", arguments: KindSample.all)
  func misspelt(_ sample: KindSample) throws {
    for member in try #require(sample.node.object) where !Self.commonKeys.contains(member.key) {
      let complaints = load(renaming(member.key, in: sample.node)).complaints
      #expect(
        complaints.contains {
          $0.message == "unknown key \"\(member.key)x\"; did you mean \"\(member.key)\"?"
            && $0.keyPath == "probes[0]"
        },
        "\(member.key)x: \(complaints.map(\.description))")
    }
  }

  @Test("with a value of another type anywhere, is complained of there", arguments: KindSample.all)
  func wrongType(_ sample: KindSample) throws {
    for member in try #require(sample.node.object) {
      var node = sample.node
      node.value = .object(
        try #require(sample.node.object).map { other in
          var other = other
          if other.key == member.key { other.node.value = .null }
          return other
        })
      let complaints = load(node).complaints
      #expect(
        complaints.contains { $0.keyPath.hasPrefix("probes[0].\(member.key)") },
        "\(member.key): null: \(complaints.map(\.description))")
    }
  }

  private func renaming(_ key: String, in node: JSONNode) -> JSONNode {
    var node = node
    node.value = .object(
      (node.object ?? []).map { member in
        var member = member
        if member.key == key { member.key += "x" }
        return member
      })
    return node
  }

  /// The ways to all values that are neither object nor list.
  private func paths(_ node: JSONNode, _ path: String) -> [String] {
    switch node.value {
    case .object(let members): members.flatMap { paths($0.node, "\(path).\($0.key)") }
    case .array(let elements):
      elements.enumerated().flatMap { paths($0.element, "\(path)[\($0.offset)]") }
    case .null, .bool, .number, .string: [path]
    }
  }
}
