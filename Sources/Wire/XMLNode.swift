/// One element of an XML document.
package struct XMLElement: Sendable {
  package struct Attribute: Sendable, Hashable {
    /// Without its prefix.
    package var name: String
    /// The namespace's name; empty without one.
    package var namespace: String
    package var value: String
  }

  /// Without its prefix.
  package var name: String
  /// The namespace's name; empty without one.
  package var namespace: String
  package var attributes: [Attribute] = []
  package var children: [XMLElement] = []
  /// The character data that stands in the element itself, joined.
  package var text = ""

  /// All character data within, the children's included, without blanks at both ends. The order among
  /// text and children is not kept.
  package var stringValue: String {
    var text = ""
    gather(into: &text)
    let blanks: (Unicode.Scalar) -> Bool = { " \t\n\r".unicodeScalars.contains($0) }
    let scalars = text.unicodeScalars.drop(while: blanks)
    guard let last = scalars.lastIndex(where: { !blanks($0) }) else { return "" }
    return String(scalars[...last])
  }

  private func gather(into text: inout String) {
    text += self.text
    for child in children { child.gather(into: &text) }
  }

  /// The first child of a name, in whatever namespace.
  package func child(_ name: String) -> XMLElement? { children.first { $0.name == name } }
}

/// Why a text is not read as XML, and where.
package struct XMLError: Error, Sendable, Hashable, CustomStringConvertible {
  package var message: String
  package var position: Position
  /// A limit of ours was exceeded; the text itself may be right.
  package var isLimit: Bool

  package init(_ message: String, at position: Position, isLimit: Bool = false) {
    self.message = message
    self.position = position
    self.isLimit = isLimit
  }

  package var description: String { "\(position): \(message)" }
}

/// The bounds within which XML is read; what exceeds one is refused.
package struct XMLLimits: Sendable {
  /// Elements within each other.
  package var depth: Int
  package var elements: Int
  package var attributesPerElement: Int
  package var nameBytes: Int
  /// Attributes that declare namespaces and are in force at one place.
  package var namespaces: Int

  package init(
    depth: Int = 64, elements: Int = 100_000, attributesPerElement: Int = 64, nameBytes: Int = 256,
    namespaces: Int = 256
  ) {
    self.depth = depth
    self.elements = elements
    self.attributesPerElement = attributesPerElement
    self.nameBytes = nameBytes
    self.namespaces = namespaces
  }
}
