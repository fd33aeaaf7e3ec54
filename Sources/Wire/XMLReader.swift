import Base

/// Reads an XML document whole: elements, attributes and character data, names in their namespaces.
///
/// XML 1.0, fifth edition, and Namespaces in XML 1.0, in UTF-8, without what makes documents larger
/// than they are or asks for others: a document type declaration is refused, so that there are no
/// entities but the five of section 4.6. Comments and processing instructions are passed over. Names
/// may have any character above ASCII. Time and memory are linear in the text.
package func parseXML(
  _ bytes: [UInt8], limits: XMLLimits = XMLLimits()
) throws(XMLError) -> XMLElement {
  var reader = XMLReader(bytes, limits)
  return try reader.document()
}

/// A cursor over the text, and the elements that are open around it.
struct XMLReader {
  let bytes: [UInt8]
  let limits: XMLLimits
  var index = 0
  /// The elements that are open, the outermost first, with their names as written.
  private var open: [(element: XMLElement, written: [UInt8], namespaces: Int)] = []
  /// The declarations in force: prefix and namespace, the innermost last.
  private var namespaces: [(prefix: [UInt8], name: String)] = []
  private var elements = 0

  init(_ bytes: [UInt8], _ limits: XMLLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  // MARK: - The document

  mutating func document() throws(XMLError) -> XMLElement {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    if let problem = invalidCharacter(bytes, from: index) {
      throw error("a character that XML does not allow", at: problem)
    }
    if starts("<?xml"), index + 5 < bytes.count, isBlank(bytes[index + 5]) { try declaration() }
    var root: XMLElement?
    while true {
      if open.isEmpty {
        skipBlanks()
        if index == bytes.count { break }
      }
      if let closed = try item(hasRoot: root != nil) { root = closed }
    }
    guard let root else { throw error("there is no element", at: index) }
    return root
  }

  /// Reads what stands at the cursor; the document's element once it is closed.
  private mutating func item(hasRoot: Bool) throws(XMLError) -> XMLElement? {
    guard index < bytes.count else {
      throw error("the text ends within element \(shownOpen)", at: index)
    }
    guard bytes[index] == UInt8(ascii: "<") else {
      guard !open.isEmpty else { throw error("text outside of the document's element", at: index) }
      open[open.count - 1].element.text += try characterData()
      return nil
    }
    if starts("<!--") {
      try comment()
    } else if starts("<![CDATA[") {
      guard !open.isEmpty else { throw error("text outside of the document's element", at: index) }
      open[open.count - 1].element.text += try cdata()
    } else if starts("<!") {
      throw error("a document type declaration is not accepted", at: index)
    } else if starts("<?") {
      try instruction()
    } else if starts("</") {
      return try endTag()
    } else {
      guard !open.isEmpty || !hasRoot else {
        throw error("a second element outside of the document's", at: index)
      }
      return try startTag()
    }
    return nil
  }

  /// `<?xml version="1.0" encoding="UTF-8"?>` (section 2.8).
  private mutating func declaration() throws(XMLError) {
    let start = index
    guard let end = find("?>", from: index) else {
      throw error("the XML declaration does not end", at: start)
    }
    let text = String(decoding: bytes[(index + 5)..<end], as: UTF8.self).lowercased()
    if let place = text.utf8.firstRange(of: "encoding".utf8) {
      let value = text.utf8[place.upperBound...].filter { !isBlank($0) && $0 != 0x3D }
      let named = value.dropFirst().prefix { $0 != 0x22 && $0 != 0x27 }
      let encoding = String(decoding: Array(named), as: UTF8.self)
      guard ["utf-8", "utf8", "us-ascii", "ascii"].contains(encoding) else {
        throw error("only UTF-8 is read, not \(printable(encoding, limit: 40))", at: start)
      }
    }
    index = end + 2
  }

  // MARK: - Tags

  private mutating func startTag() throws(XMLError) -> XMLElement? {
    let start = index
    index += 1
    let written = try name()
    guard open.count < limits.depth else {
      throw error("elements nested deeper than \(limits.depth)", at: start, isLimit: true)
    }
    elements += 1
    guard elements <= limits.elements else {
      throw error("more than \(limits.elements) elements", at: start, isLimit: true)
    }
    let before = namespaces.count
    let (attributes, isEmpty) = try attributes()
    let (namespace, local) = try resolved(written, isAttribute: false, at: start)
    var element = XMLElement(name: local, namespace: namespace)
    element.attributes = try resolvedAttributes(attributes, at: start)
    if isEmpty {
      namespaces.removeLast(namespaces.count - before)
      return close(element)
    }
    open.append((element, written, before))
    return nil
  }

  private typealias WrittenAttribute = (name: [UInt8], value: String)

  /// The attributes up to the end of the tag, declarations of namespaces taken out of them.
  private mutating func attributes() throws(XMLError) -> ([WrittenAttribute], isEmpty: Bool) {
    var attributes: [WrittenAttribute] = []
    var seen: Set<[UInt8]> = []
    while true {
      let hadBlank = skipBlanks()
      if starts(">") {
        index += 1
        return (attributes, false)
      }
      if starts("/>") {
        index += 2
        return (attributes, true)
      }
      let start = index
      guard hadBlank else { throw error("expected a blank, \">\" or \"/>\"", at: start) }
      let written = try name()
      guard seen.insert(written).inserted else {
        throw error("attribute \(shown(written)) is there twice", at: start)
      }
      guard seen.count <= limits.attributesPerElement else {
        throw error(
          "more than \(limits.attributesPerElement) attributes", at: start, isLimit: true)
      }
      skipBlanks()
      guard starts("=") else { throw error("expected \"=\" behind \(shown(written))", at: index) }
      index += 1
      skipBlanks()
      let value = try attributeValue()
      if written == Array("xmlns".utf8) {
        try declare([], value, at: start)
      } else if written.starts(with: Array("xmlns:".utf8)) {
        try declare(Array(written.dropFirst(6)), value, at: start)
      } else {
        attributes.append((written, value))
      }
    }
  }

  private mutating func endTag() throws(XMLError) -> XMLElement? {
    let start = index
    index += 2
    let written = try name()
    skipBlanks()
    guard starts(">") else { throw error("expected \">\" behind \(shown(written))", at: index) }
    index += 1
    guard let last = open.last, last.written == written else {
      let expected = open.isEmpty ? "none is open" : "\(shownOpen) is open"
      throw error("\(shown(written)) ends here, but \(expected)", at: start)
    }
    open.removeLast()
    namespaces.removeLast(namespaces.count - last.namespaces)
    return close(last.element)
  }

  /// Puts an element into the one around it; it is the document's if there is none.
  private mutating func close(_ element: XMLElement) -> XMLElement? {
    if open.isEmpty { return element }
    open[open.count - 1].element.children.append(element)
    return nil
  }

  // MARK: - Namespaces

  private static let xmlNamespace = "http://www.w3.org/XML/1998/namespace"

  private mutating func declare(
    _ prefix: [UInt8], _ name: String, at place: Int
  ) throws(XMLError) {
    guard namespaces.count < limits.namespaces else {
      throw error("more than \(limits.namespaces) namespaces", at: place, isLimit: true)
    }
    guard prefix.isEmpty || !name.isEmpty else {
      throw error("prefix \(shown(prefix)) has no namespace", at: place)
    }
    namespaces.append((prefix, name))
  }

  private func resolved(
    _ written: [UInt8], isAttribute: Bool, at place: Int
  ) throws(XMLError) -> (namespace: String, local: String) {
    let parts = written.split(
      separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count <= 2, !parts.contains(where: \.isEmpty) else {
      throw error("\(shown(written)) is no name with a prefix", at: place)
    }
    let local = String(decoding: parts[parts.count - 1], as: UTF8.self)
    if parts.count == 1 && isAttribute { return ("", local) }
    let prefix = parts.count == 2 ? Array(parts[0]) : []
    if let found = namespaces.last(where: { $0.prefix == prefix }) { return (found.name, local) }
    if prefix.isEmpty { return ("", local) }
    if prefix == Array("xml".utf8) { return (Self.xmlNamespace, local) }
    throw error("prefix \(shown(prefix)) is not declared", at: place)
  }

  private func resolvedAttributes(
    _ written: [WrittenAttribute], at place: Int
  ) throws(XMLError) -> [XMLElement.Attribute] {
    var attributes: [XMLElement.Attribute] = []
    for (name, value) in written {
      let (namespace, local) = try resolved(name, isAttribute: true, at: place)
      guard !attributes.contains(where: { $0.name == local && $0.namespace == namespace }) else {
        throw error("attribute \(shown(name)) is there twice", at: place)
      }
      attributes.append(.init(name: local, namespace: namespace, value: value))
    }
    return attributes
  }

  private var shownOpen: String { open.last.map { shown($0.written) } ?? "" }
}
