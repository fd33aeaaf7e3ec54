import Model
import Wire

/// A question about the past: the daemon reads and checks its parameters.
package struct PastQuestion: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    case history
    case availability
    case worst
    case compare
    case export
  }

  package struct Parameter: Sendable, Hashable {
    package var name: String
    /// More than one is sent with commas between them.
    package var values: [String]
  }

  package var kind: Kind
  /// Nil for a question about many links.
  package var link: LinkID?
  package var parameters: [Parameter] = []
  package var isCSV = false
  /// A copy of a history to read instead of asking the daemon.
  package var copy: String?

  package init(
    _ kind: Kind, link: LinkID? = nil, _ parameters: [(name: String, values: [String])] = [],
    isCSV: Bool = false
  ) {
    self.kind = kind
    self.link = link
    self.isCSV = isCSV
    for (name, values) in parameters { add(name, values) }
  }

  package mutating func add(_ name: String, _ values: [String]) {
    if !values.isEmpty { parameters.append(Parameter(name: name, values: values)) }
  }

  /// - Parameter cursor: what the page of an export before ended with.
  func request(cursor: String? = nil) -> ControlRequest {
    var query = Query()
    for parameter in parameters { query.add(parameter.name, parameter.values) }
    query.add("cursor", cursor)
    return ControlRequest(target: path + query.text)
  }

  private var path: String {
    switch (kind, link) {
    case (.history, let link?): "/v1/links/\(link)/history"
    case (.compare, let link?): "/v1/links/\(link)/compare"
    case (.worst, _): "/v1/worst"
    case (.export, _): "/v1/export"
    default: "/v1/availability"
    }
  }
}
