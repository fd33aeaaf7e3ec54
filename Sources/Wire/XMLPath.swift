/// Why a path to an element was refused.
package struct XMLPathError: Error, Sendable, Hashable, CustomStringConvertible {
  package var message: String
  package var description: String { message }
}

/// The way to one value of an XML document: `Envelope/Body/getStatusResponse/status`, `a/b[2]`,
/// `a/b/@code`, `*/Body`.
///
/// A small part of XPath 1.0: names of elements from the document's own on, without prefixes, in
/// whatever namespace; `*` is any name; `[n]` is the n-th of that name within its parent, from 1; an
/// attribute may be the last step. The first that fits, in the order of the document, counts.
package struct XMLPath: Sendable, Hashable {
  package static let bytesLimit = 256
  package static let stepsLimit = 32

  private struct Step: Sendable, Hashable {
    /// Nil for any.
    var name: String?
    var place: Int?
  }

  package let text: String
  private let steps: [Step]
  private let attribute: String?

  package init(_ text: String) throws(XMLPathError) {
    guard text.utf8.count <= Self.bytesLimit else {
      throw XMLPathError(message: "the path is longer than \(Self.bytesLimit) bytes")
    }
    var parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if parts.count > 1, parts[0].isEmpty { parts.removeFirst() }
    guard parts.count <= Self.stepsLimit else {
      throw XMLPathError(message: "the path has more than \(Self.stepsLimit) steps")
    }
    var attribute: String?
    if let last = parts.last, last.hasPrefix("@") {
      attribute = String(last.dropFirst())
      try Self.checkName(attribute ?? "")
      parts.removeLast()
    }
    guard !parts.isEmpty else { throw XMLPathError(message: "the path names no element") }
    var steps: [Step] = []
    for part in parts { steps.append(try Self.step(part)) }
    self.text = text
    self.steps = steps
    self.attribute = attribute
  }

  /// The value that the path leads to: an element's text, its children's included, or an attribute's
  /// value; nil where there is none.
  package func evaluate(_ root: XMLElement) -> String? {
    guard steps[0].name ?? root.name == root.name, steps[0].place ?? 1 == 1 else { return nil }
    var current = [root]
    for step in steps.dropFirst() {
      var next: [XMLElement] = []
      for element in current {
        let named = element.children.lazy.filter { step.name ?? $0.name == $0.name }
        if let place = step.place {
          next += named.dropFirst(place - 1).prefix(1)
        } else {
          next += named
        }
      }
      if next.isEmpty { return nil }
      current = next
    }
    guard let attribute else { return current[0].stringValue }
    for element in current {
      if let found = element.attributes.first(where: { $0.name == attribute }) {
        return found.value
      }
    }
    return nil
  }

  private static func step(_ part: String) throws(XMLPathError) -> Step {
    var name = part
    var place: Int?
    if let bracket = part.firstIndex(of: "[") {
      let inner = part[part.index(after: bracket)...]
      guard inner.hasSuffix("]"), let number = Int(inner.dropLast()), number > 0,
        number <= 100_000
      else { throw XMLPathError(message: "expected a number from 1 in brackets, as in b[2]") }
      place = number
      name = String(part[..<bracket])
    }
    if name == "*" { return Step(name: nil, place: place) }
    try checkName(name)
    return Step(name: name, place: place)
  }

  private static func checkName(_ name: String) throws(XMLPathError) {
    if name.isEmpty { throw XMLPathError(message: "a step of the path has no name") }
    if name.contains(":") {
      throw XMLPathError(
        message: "names stand without their prefix: the namespace is not looked at")
    }
    let isName = name.unicodeScalars.allSatisfy { scalar in
      scalar.value >= 0x80 || scalar.properties.isAlphabetic
        || "_-.0123456789".unicodeScalars.contains(scalar)
    }
    if !isName { throw XMLPathError(message: "a step is no name of an element") }
  }
}
