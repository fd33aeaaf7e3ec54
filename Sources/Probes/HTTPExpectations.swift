import Base
import Model
import Wire

/// What an HTTP answer must look like. The checks run in the order of the fields; the first that
/// fails names the outcome.
package struct HTTPExpectations: Sendable {
  package struct Header: Sendable {
    package var name: String
    package var equals: String?
    package var matches: Pattern?
  }

  package struct Path: Sendable {
    package var path: JSONPath
    /// A scalar, in its JSON text without quotes: `0`, `true`, `done`.
    package var equals: String?
    package var matches: Pattern?
  }

  package struct Element: Sendable {
    package var path: XMLPath
    package var equals: String?
    package var matches: Pattern?
  }

  /// What the body must be before anything in it is looked for.
  package enum Form: String, Sendable, Hashable, CaseIterable {
    /// JSON as soon as something is looked for by a path in it; else anything.
    case json
    case xml
    /// An envelope of SOAP 1.1 or 1.2; a fault in it is a failure, whatever the status.
    case soap
  }

  /// Where the answer says by a code of its own how it went.
  package struct Code: Sendable {
    package var path: ValuePath
    /// Codes that mean success.
    package var ok: [String]
    /// Codes by which the other side refuses our credential.
    package var refused: [String]

    package init(path: ValuePath, ok: [String], refused: [String]) {
      self.path = path
      self.ok = ok
      self.refused = refused
    }

    package init(path: JSONPath, ok: [String], refused: [String]) {
      self.init(path: .json(path), ok: ok, refused: refused)
    }
  }

  /// A place in a body of either form.
  package enum ValuePath: Sendable {
    case json(JSONPath)
    case xml(XMLPath)

    package var text: String {
      switch self {
      case .json(let path): path.text
      case .xml(let path): path.text
      }
    }
  }

  /// Where the answer says whom it is about, and who was asked for. A reused code reaches another
  /// province, which answers 200 and success.
  package struct Identity: Sendable {
    package enum Place: Sendable {
      case path(JSONPath)
      case element(XMLPath)
      case header(String)
    }
    package var place: Place
    package var equals: String
  }

  package var status: [ClosedRange<UInt16>]
  package var form: Form
  package var headers: [Header]
  package var code: Code?
  package var identity: Identity?
  package var json: [Path]
  package var xml: [Element]
  package var text: [String]
  package var patterns: [Pattern]
  /// An answer that takes longer is slow, not failed.
  package var slow: TimeAmount?
  /// What is taken from a right answer for later use.
  package var captures: [Capture]

  package init(
    status: [ClosedRange<UInt16>] = [200...299], form: Form = .json, headers: [Header] = [],
    code: Code? = nil, identity: Identity? = nil, json: [Path] = [], xml: [Element] = [],
    text: [String] = [], patterns: [Pattern] = [], slow: TimeAmount? = nil,
    captures: [Capture] = []
  ) {
    self.status = status
    self.form = form
    self.headers = headers
    self.code = code
    self.identity = identity
    self.json = json
    self.xml = xml
    self.text = text
    self.patterns = patterns
    self.slow = slow
    self.captures = captures
  }

  var readsBody: Bool {
    readsJSON || readsXML || !text.isEmpty || !patterns.isEmpty
      || captures.contains { $0.source.isInBody }
  }

  var readsJSON: Bool {
    if case .json = code?.path { return true }
    if case .path = identity?.place { return true }
    return !json.isEmpty || captures.contains { $0.source.isJSON }
  }

  var readsXML: Bool { form != .json }
}
