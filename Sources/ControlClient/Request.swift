import Model
import Wire

/// A request to the daemon, as `deploy/docs/control-api.md` lists them.
package struct ControlRequest: Sendable, Hashable {
  package var method: String
  /// Path and query, percent-encoded.
  package var target: String
  package var body: [UInt8]

  package init(method: String = "GET", target: String, body: [UInt8] = []) {
    self.method = method
    self.target = target
    self.body = body
  }

  /// The bytes to send: HTTP/1.1 (RFC 9112) on a connection that serves one request.
  package var bytes: [UInt8] {
    var head = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    head += "Accept: application/json\r\n"
    if !body.isEmpty { head += "Content-Type: application/json\r\n" }
    if method != "GET" { head += "Content-Length: \(body.count)\r\n" }
    return Array((head + "\r\n").utf8) + body
  }
}

extension ControlRequest {
  static let status = ControlRequest(target: "/v1/status")

  static func links(_ filter: LinkFilter) -> ControlRequest {
    var query = Query()
    query.add("service", filter.services)
    query.add("consumer", filter.consumers)
    query.add("system", filter.systems)
    query.add("owner", filter.owners)
    query.add("state", filter.states.map(\.rawValue) + filter.marks.map(\.rawValue))
    query.add("route", filter.routes)
    query.add("vendor", filter.vendors)
    query.add("role", filter.roles.map(\.rawValue))
    query.add("limit", String(filter.limit ?? LinkFilter.limitStandard))
    query.add("offset", filter.offset.map(String.init))
    return ControlRequest(target: "/v1/links" + query.text)
  }

  static let matrix = ControlRequest(target: "/v1/matrix")

  static func explain(_ link: LinkID) -> ControlRequest {
    ControlRequest(target: path(link) + "/explain")
  }

  static func show(_ link: LinkID) -> ControlRequest { ControlRequest(target: path(link)) }

  static func samples(_ link: LinkID, _ filter: SampleFilter) -> ControlRequest {
    var query = Query()
    query.add("probe", filter.probe)
    query.add("limit", filter.limit.map(String.init))
    query.add("from", filter.from)
    query.add("to", filter.to)
    return ControlRequest(target: path(link) + "/samples" + query.text)
  }

  static func incidents(_ filter: IncidentFilter) -> ControlRequest {
    var query = Query()
    query.add("status", filter.all ? "all" : "open")
    query.add("service", filter.services)
    query.add("consumer", filter.consumers)
    query.add("system", filter.systems)
    query.add("owner", filter.owners)
    query.add("severity", filter.severities.map(\.rawValue))
    return ControlRequest(target: "/v1/incidents" + query.text)
  }

  static func reload(plan: Bool, yes: Bool) -> ControlRequest {
    var query = Query()
    query.add("plan", plan ? "true" : nil)
    query.add("yes", yes ? "true" : nil)
    return ControlRequest(method: "POST", target: "/v1/reload" + query.text)
  }

  static func incident(_ id: String) -> ControlRequest {
    ControlRequest(target: "/v1/incidents/\(id)")
  }

  static func acknowledge(_ id: String, note: String?) -> ControlRequest {
    var writer = JSONWriter()
    if let note {
      writer.beginObject()
      writer.member("note", note)
      writer.endObject()
    }
    return ControlRequest(
      method: "POST", target: "/v1/incidents/\(id)/ack", body: writer.bytes)
  }

  static func attempt(_ link: LinkID) -> ControlRequest {
    ControlRequest(method: "POST", target: path(link) + "/try")
  }

  static func pause(_ link: LinkID, reason: String?) -> ControlRequest {
    var writer = JSONWriter()
    if let reason {
      writer.beginObject()
      writer.member("reason", reason)
      writer.endObject()
    }
    return ControlRequest(method: "POST", target: path(link) + "/pause", body: writer.bytes)
  }

  static func resume(_ link: LinkID) -> ControlRequest {
    ControlRequest(method: "POST", target: path(link) + "/resume")
  }

  /// A link's path needs no encoding: both parts are slugs.
  private static func path(_ link: LinkID) -> String { "/v1/links/\(link)" }
}

struct Query {
  private(set) var text = ""

  mutating func add(_ key: String, _ value: String?) {
    guard let value else { return }
    text += (text.isEmpty ? "?" : "&") + key + "=" + percentEncode(value)
  }

  /// Several values in one parameter, separated by commas.
  mutating func add(_ key: String, _ values: [String]) {
    guard !values.isEmpty else { return }
    text += (text.isEmpty ? "?" : "&") + key + "="
    text += values.map(percentEncode).joined(separator: ",")
  }
}
