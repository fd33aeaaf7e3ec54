import Model
import Wire

/// What is asked or done about maintenance and silences.
package struct QuietQuestion: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable {
    case maintenance
    case silence

    /// The path of the daemon's list.
    var path: String { self == .maintenance ? "/v1/maintenance" : "/v1/silences" }
    var noun: String { self == .maintenance ? "window" : "silence" }
  }

  package enum Verb: Sendable, Hashable {
    /// `all`: those that are over too; `late`: only windows that were announced too late.
    case list(all: Bool = false, late: Bool = false)
    case show(String)
    /// With the body of the request.
    case add([UInt8])
    case end(String)
  }

  package var kind: Kind
  package var verb: Verb

  package init(_ kind: Kind, _ verb: Verb) {
    self.kind = kind
    self.verb = verb
  }

  var request: ControlRequest {
    switch verb {
    case .list(let all, let late):
      var query = Query()
      if all { query.add("status", "all") }
      if late { query.add("late", "true") }
      return ControlRequest(target: kind.path + query.text)
    case .show(let id): return ControlRequest(target: "\(kind.path)/\(percentEncode(id))")
    case .add(let body): return ControlRequest(method: "POST", target: kind.path, body: body)
    case .end(let id):
      return ControlRequest(method: "POST", target: "\(kind.path)/\(percentEncode(id))/end")
    }
  }
}
