import Wire

/// What is accepted means the same after it was written and read again; a refusal tells a place.
func xmlViolation(_ bytes: [UInt8]) -> String? {
  let root: XMLElement
  do throws(XMLError) {
    root = try parseXML(bytes)
  } catch {
    let offset = error.position.offset
    return offset < 0 || offset > bytes.count ? "an error at byte \(offset) of \(bytes.count)" : nil
  }
  _ = SOAPAnswer(root)
  var text = ""
  write(root, to: &text)
  guard let again = try? parseXML(Array(text.utf8)) else { return "what was written is not read" }
  return isSame(root, again) ? nil : "what was written is read as something else"
}

/// A path that is accepted can be read again and evaluated on anything.
func xmlPathViolation(_ bytes: [UInt8]) -> String? {
  let (first, second) = halves(bytes)
  guard let path = try? XMLPath(String(decoding: first, as: UTF8.self)) else { return nil }
  guard let again = try? XMLPath(path.text), again == path else {
    return "the path's own text is another path"
  }
  if let root = try? parseXML(second) { _ = path.evaluate(root) }
  return nil
}

/// Every namespace is declared where it is used, by a prefix of its own.
private func write(_ element: XMLElement, to text: inout String) {
  let name = element.namespace.isEmpty ? element.name : "n:" + element.name
  text += "<\(name) xmlns=\"\""
  if !element.namespace.isEmpty { text += " xmlns:n=\"\(escaped(element.namespace))\"" }
  for (number, attribute) in element.attributes.enumerated() {
    if attribute.namespace.isEmpty {
      text += " \(attribute.name)=\"\(escaped(attribute.value))\""
    } else {
      text += " xmlns:a\(number)=\"\(escaped(attribute.namespace))\""
      text += " a\(number):\(attribute.name)=\"\(escaped(attribute.value))\""
    }
  }
  text += ">\(escaped(element.text))"
  for child in element.children { write(child, to: &text) }
  text += "</\(name)>"
}

private func escaped(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "<", ">", "&", "\"", "\r", "\n", "\t": result += "&#\(scalar.value);"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

private func isSame(_ a: XMLElement, _ b: XMLElement) -> Bool {
  a.name == b.name && a.namespace == b.namespace && a.text == b.text
    && a.attributes == b.attributes && a.children.count == b.children.count
    && zip(a.children, b.children).allSatisfy { isSame($0, $1) }
}
