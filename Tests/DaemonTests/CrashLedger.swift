import Wire

/// What the outside was shown of the daemon, over all of its lives.
struct CrashLedger {
  /// One version of an incident, as the first who saw it was shown it.
  struct Version {
    var link: String
    var status: String
    var openedAt: String
    var resolvedAt: String?
    /// The whole document, so that another version under the same number is noticed.
    var text: String
    var source: String
    var life: Int
  }

  /// A webhook that has come in, in the order of arrival.
  struct Arrival {
    var receiver: String
    var incident: String
    var sequence: Int
    var isAccepted: Bool
  }

  /// Which start of the daemon this is, from 1.
  var life = 0
  /// By link: the samples that a reader was shown, and the life that showed each first.
  private(set) var samples: [String: [String: Int]] = [:]
  /// By incident and sequence number.
  private(set) var versions: [String: [Int: Version]] = [:]
  private(set) var arrivals: [Arrival] = []
  private(set) var alertFilesRead = 0
  /// What must not be, in words; the first hundred.
  private(set) var problems: [String] = []

  private var bodies: [String: [UInt8]] = [:]
  /// Versions that were shown in two forms.
  private var disputed: Set<String> = []

  var sampleCount: Int { samples.values.reduce(0) { $0 + $1.count } }
  var versionCount: Int { versions.values.reduce(0) { $0 + $1.count } }

  mutating func complain(_ problem: String) {
    if problems.count < 100 { problems.append("life \(life): \(problem)") }
  }

  /// True when it was not known before.
  mutating func show(sample: JSONNode, of link: String) -> Bool {
    let text = sampleText(sample)
    if samples[link]?[text] != nil { return false }
    samples[link, default: [:]][text] = life
    return true
  }

  /// True when the version was not known before.
  @discardableResult
  mutating func show(incident node: JSONNode, by source: String) -> Bool {
    guard let id = node["id"]?.string, let sequence = node["sequence"]?.int,
      let status = node["status"]?.string, let link = node["links"]?.array?.first?.string,
      let openedAt = node["openedAt"]?.string
    else {
      complain("\(source) shows a document that is no incident: \(jsonText(node))")
      return false
    }
    let version = Version(
      link: link, status: status, openedAt: openedAt, resolvedAt: node["resolvedAt"]?.string,
      text: jsonText(node), source: source, life: life)
    guard let former = versions[id]?[sequence] else {
      versions[id, default: [:]][sequence] = version
      return true
    }
    if former.text != version.text, disputed.insert("\(id)-\(sequence)").inserted {
      complain(
        "\(id) has two versions \(sequence):\n  \(former.source) in life \(former.life): "
          + "\(former.text)\n  \(source): \(version.text)")
    }
    return false
  }

  /// The incidents that are open at one moment: no link has two.
  mutating func show(open list: [JSONNode], by source: String) -> Bool {
    var byLink: [String: String] = [:]
    var isNew = false
    for node in list {
      if show(incident: node, by: source) { isNew = true }
      guard let link = node["links"]?.array?.first?.string, let id = node["id"]?.string else {
        continue
      }
      if let other = byLink.updateValue(id, forKey: link) {
        complain("\(source): \(link) has two open incidents, \(other) and \(id)")
      }
    }
    return isNew
  }

  mutating func readAlertFile() { alertFilesRead += 1 }

  mutating func arrive(
    _ webhookID: String, _ body: [UInt8], at receiver: String, isAccepted: Bool
  ) {
    guard let document = parseJSON(body, dialect: .json).node?["data"],
      let id = document["id"]?.string, let sequence = document["sequence"]?.int
    else {
      return complain("a webhook brings no incident: \(String(decoding: body, as: UTF8.self))")
    }
    if let former = bodies.updateValue(body, forKey: webhookID), former != body {
      complain("\(webhookID) came with two bodies")
    }
    if webhookID != "\(id)-\(sequence)" {
      complain("version \(sequence) of \(id) came as \(webhookID)")
    }
    show(incident: document, by: "webhook \(receiver)")
    arrivals.append(
      Arrival(receiver: receiver, incident: id, sequence: sequence, isAccepted: isAccepted))
  }
}

/// Everything that the control socket shows of a sample, on one line.
func sampleText(_ sample: JSONNode) -> String {
  (sample.object ?? []).map { "\($0.key)=\(jsonText($0.node))" }.joined(separator: " ")
}

/// A value as compact JSON, without the key `note`, which files have beside the document, and `telling`, which
/// the socket has beside it.
func jsonText(_ node: JSONNode) -> String {
  var writer = JSONWriter()
  write(node, to: &writer)
  return String(decoding: writer.bytes, as: UTF8.self)
}

private func write(_ node: JSONNode, to writer: inout JSONWriter) {
  switch node.value {
  case .null: writer.null()
  case .bool(let flag): writer.bool(flag)
  case .number(let number): writer.raw(Array(number.text.utf8))
  case .string(let text): writer.string(text)
  case .array(let elements):
    writer.beginArray()
    for element in elements { write(element, to: &writer) }
    writer.endArray()
  case .object(let members):
    writer.beginObject()
    for member in members where !["note", "telling"].contains(member.key) {
      writer.key(member.key)
      write(member.node, to: &writer)
    }
    writer.endObject()
  }
}
