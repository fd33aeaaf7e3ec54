import Base
import Model
import Wire

/// What operators entered and what was hidden by it, as it is kept over restarts.
///
/// The document is JSON: `version` 1, `windows` and `silences` with the keys of files (quiet.md) and
/// besides `by`, `created` and `ended`, and `hidden`, each with `kind`, `id` and its log.
package struct QuietState: Sendable {
  package var windows: [MaintenanceWindow] = []
  package var silences: [Silence] = []
  package var hidden: [(kind: Quieting.Kind, id: String, log: HiddenLog)] = []

  package init() {}

  init(
    windows: [MaintenanceWindow], silences: [Silence],
    hidden: [(kind: Quieting.Kind, id: String, log: HiddenLog)]
  ) {
    self.windows = windows
    self.silences = silences
    self.hidden = hidden
  }

  private static let version = 1

  package var document: [UInt8] {
    var writer = JSONWriter(pretty: true)
    writer.beginObject()
    writer.member("version", Self.version)
    writer.key("windows")
    writer.beginArray()
    for window in windows { write(window, to: &writer) }
    writer.endArray()
    writer.key("silences")
    writer.beginArray()
    for silence in silences { write(silence, to: &writer) }
    writer.endArray()
    writer.key("hidden")
    writer.beginArray()
    for (kind, id, log) in hidden {
      writer.beginObject()
      writer.member("kind", kind.rawValue)
      writer.member("id", id)
      writer.hidden(log, limit: Limits.hiddenListed)
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    return writer.bytes + [0x0A]
  }

  private func write(_ window: MaintenanceWindow, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", window.id)
    writer.selector(window.links, whole: false)
    writer.times(window.times, whole: false)
    writer.member("announced", window.announced.description)
    if let days = window.noticeWorkingDays { writer.member("noticeWorkingDays", days) }
    writer.member("reason", window.reason)
    writer.kept(by: window.by, created: window.created, ended: window.ended)
    writer.endObject()
  }

  private func write(_ silence: Silence, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", silence.id)
    writer.selector(silence.links, whole: false)
    if !silence.patterns.isEmpty { writer.texts("patterns", silence.patterns.map(\.rawValue)) }
    if !silence.severities.isEmpty {
      writer.texts("severities", silence.severities.map(\.rawValue))
    }
    writer.member("reason", silence.reason)
    writer.member("expires", silence.expires.description)
    writer.kept(by: silence.by, created: silence.created, ended: silence.ended)
    writer.endObject()
  }

  /// Reads a document; what cannot be read is left out, and told.
  package init(_ document: [UInt8], file: String) throws(QuietStateError) {
    let limits = JSONLimits(
      depth: 8, stringBytes: 1 << 16, totalNodes: 2_000_000, duplicateKeys: .refused)
    let parsed = parseJSON(document, dialect: .json, limits: limits)
    guard let root = parsed.node, parsed.errors.isEmpty, root.object != nil else {
      throw QuietStateError(message: "it is no JSON object")
    }
    guard root["version"]?.int == Self.version else {
      throw QuietStateError(message: "it is of another version than \(Self.version)")
    }
    for (place, node) in (root["windows"]?.array ?? []).enumerated() {
      let window = read(node, "windows[\(place)]", file) { reader, complaints in
        readWindow(&reader, .state, zone: .zero, &complaints)
      }
      if let window { windows.append(window) }
    }
    for (place, node) in (root["silences"]?.array ?? []).enumerated() {
      let silence = read(node, "silences[\(place)]", file) { reader, complaints in
        readSilence(&reader, .state, zone: .zero, &complaints)
      }
      if let silence { silences.append(silence) }
    }
    for node in root["hidden"]?.array ?? [] {
      guard let kind = node["kind"]?.string.flatMap(Quieting.Kind.init(rawValue:)),
        let id = node["id"]?.string
      else { continue }
      hidden.append((kind, id, HiddenLog(node["hidden"])))
    }
  }

  /// What of the document could not be read.
  package private(set) var problems: [String] = []

  private mutating func read<Value>(
    _ node: JSONNode, _ path: String, _ file: String,
    _ convert: (inout FieldReader, inout Complaints) -> Value?
  ) -> Value? {
    var complaints = Complaints()
    guard var reader = FieldReader(node, file: file, path: path, complaints: &complaints) else {
      problems += complaints.list.map(\.description)
      return nil
    }
    let value = convert(&reader, &complaints)
    problems += complaints.list.map(\.description)
    return value
  }
}

/// Why a state file says nothing.
package struct QuietStateError: Error, Sendable {
  package var message: String
}

extension HiddenLog {
  fileprivate init(_ node: JSONNode?) {
    let entries = (node?["newest"]?.array ?? []).compactMap { entry -> Entry? in
      guard let incident = entry["incident"]?.string,
        let link = entry["link"]?.string.flatMap(LinkID.init),
        let time = entry["time"]?.string.flatMap({ localTime($0, zone: .zero) })
      else { return nil }
      return Entry(incident: incident, link: link, time: time)
    }
    self.init(newest: entries, total: node?["total"]?.int ?? 0)
  }
}

extension JSONWriter {
  fileprivate mutating func kept(by: String, created: WallTime?, ended: WallTime?) {
    member("by", by)
    if let created { member("created", created.description) }
    if let ended { member("ended", ended.description) }
  }
}
