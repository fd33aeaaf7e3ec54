import Base
import Model
import Probes
import Wire

/// A probe as a service's file has it: the keys that all kinds share, read; the kind's own keys yet
/// to be read for each link, because `{placeholders}` differ.
struct ProbeTemplate: Sendable {
  var name: String
  var kind: any Probe.Type
  var every: TimeAmount
  var timeout: TimeAmount
  var retryEvery: TimeAmount
  var retries: Int
  var isRequired: Bool
  /// Whether a link without an endpoint cannot be probed by this.
  var needsEndpoint: Bool
  /// The keys in which links could differ at all.
  var varying: [String]
  /// The texts in which secrets are named.
  var secretTexts: [String]
  /// The texts that name CA files.
  var caFileTexts: [String]
  /// The texts that name programs.
  var programTexts: [String]
  let node: JSONNode
  /// What stands for the file's words about the probe.
  private let digest: UInt64
  private let checkDigest: UInt64
  let path: String
  let origin: Origin

  private static let commonKeys = [
    "kind", "name", "every", "timeout", "retryEvery", "retries", "required",
  ]

  /// Nil when there is no such kind; what else is wrong has been replaced by a default.
  init?(
    _ source: FieldReader, _ node: JSONNode, _ defaults: CatalogueDefaults,
    _ complaints: inout Complaints
  ) {
    var reader = source
    reader.require("kind", &complaints)
    let word = reader.choice("kind", of: probeKinds.map { $0.kind }, &complaints)
    let name = slug(&reader, "name", &complaints)
    every = reader.duration("every", range: Ranges.every, &complaints) ?? defaults.every
    timeout = reader.duration("timeout", range: Ranges.timeout, &complaints) ?? defaults.timeout
    retryEvery =
      reader.duration("retryEvery", range: Ranges.every, &complaints) ?? Limits.retryEvery
    retries = reader.int("retries", range: Ranges.retries, &complaints) ?? Defaults.retries
    isRequired = reader.bool("required", &complaints) ?? true
    guard let word, let kind = probeKinds.first(where: { $0.kind == word }) else {
      Self.finish(reader, &complaints)
      return nil
    }
    defaults.writing.check(node, file: source.file, path: source.path, &complaints)
    self.kind = kind
    self.name = name ?? word
    self.node = node
    digest = Catalogue.digest(of: node)
    checkDigest = Catalogue.digest(
      of: node, leavingOut: "every", "timeout", "retryEvery", "retries", "required", "name")
    path = source.path
    origin = Origin(reader, reader.has("name") ? "name" : "kind")
    needsEndpoint = anyString(in: node) { mentions("endpoint", in: $0) }
    varying = Catalogue.varying(in: node, "")
    secretTexts = Catalogue.secretTexts(in: node)
    caFileTexts = Catalogue.caFileTexts(in: node)
    programTexts = Catalogue.programTexts(in: node)
  }

  /// Complains of the keys that no kind knows, where the kind itself is not known.
  private static func finish(_ source: FieldReader, _ complaints: inout Complaints) {
    var reader = source
    var ignored = Complaints()
    for kind in probeKinds { _ = kind.decode(&reader, ProbeContext(), &ignored) }
    reader.finish(&complaints)
  }

  /// Reads the kind's own keys for one link; nil after complaints.
  func decode(_ context: ProbeContext, _ complaints: inout Complaints) -> (any Sendable)? {
    func open<Kind: Probe>(_ kind: Kind.Type) -> (any Sendable)? {
      guard
        var reader = FieldReader(node, file: origin.file, path: path, complaints: &complaints)
      else { return nil }
      for key in Self.commonKeys { _ = reader.node(key) }
      let options = kind.decode(&reader, context, &complaints)
      reader.finish(&complaints)
      return options
    }
    return open(kind)
  }

  /// The probe of a link, intervals divided by `accelerate`.
  func definition(_ options: any Sendable, accelerate: Int) -> ProbeDefinition {
    let factor = Int64(accelerate)
    var definition = ProbeDefinition(
      name: name, kind: kind.kind, every: every / factor, timeout: timeout,
      retryEvery: max(retryEvery / factor, Ranges.tick.lowerBound), retryLimit: retries,
      isRequired: isRequired, options: options)
    definition.fingerprint = digest
    definition.checkFingerprint = checkDigest
    return definition
  }
}

/// The keys whose texts have a brace in them, such as `request.url`.
private func varying(in node: JSONNode, _ path: String) -> [String] {
  switch node.value {
  case .string(let text): text.utf8.contains(UInt8(ascii: "{")) ? [path] : []
  case .array(let elements): elements.flatMap { varying(in: $0, path) }
  case .object(let members):
    members.flatMap { varying(in: $0.node, path.isEmpty ? $0.key : "\(path).\($0.key)") }
  case .null, .bool, .number: []
  }
}

/// Whether a string anywhere within a value satisfies a condition. Keys do not count.
private func anyString(in node: JSONNode, _ condition: (String) -> Bool) -> Bool {
  switch node.value {
  case .string(let text): condition(text)
  case .array(let elements): elements.contains { anyString(in: $0, condition) }
  case .object(let members): members.contains { anyString(in: $0.node, condition) }
  case .null, .bool, .number: false
  }
}

/// The strings within a value in which secrets are named.
func secretTexts(in node: JSONNode) -> [String] {
  var texts: [String] = []
  _ = anyString(in: node) { text in
    if text.contains("{secret:") { texts.append(text) }
    return false
  }
  return texts
}

/// Whether a text has `{name}` in it, where `{{` stands for a brace as such.
func mentions(_ name: String, in text: String) -> Bool {
  var rest = text.utf8[...]
  while let brace = rest.firstIndex(of: UInt8(ascii: "{")) {
    rest = rest[brace...].dropFirst()
    if rest.first == UInt8(ascii: "{") {
      rest = rest.dropFirst()
    } else if rest.starts(with: "\(name)}".utf8) {
      return true
    }
  }
  return false
}
