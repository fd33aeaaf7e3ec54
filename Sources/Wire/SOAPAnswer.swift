/// A SOAP message as it matters to a check: that it is one, and the fault in it if there is one.
/// SOAP 1.1 section 4 and SOAP 1.2 part 1 section 5.
package struct SOAPAnswer: Sendable {
  package struct Fault: Sendable, Hashable {
    /// Without its prefix: `Server`, `Sender`; the most particular subcode of SOAP 1.2.
    package var code: String
    package var reason: String
  }

  package var fault: Fault?

  /// Nil when the document is no SOAP envelope with a body.
  package init?(_ root: XMLElement) {
    guard root.name == "Envelope",
      root.namespace == Self.namespace11 || root.namespace == Self.namespace12,
      let body = root.children.first(where: { Self.isOf(root, $0, "Body") })
    else { return nil }
    guard let fault = body.children.first(where: { Self.isOf(root, $0, "Fault") }) else { return }
    if root.namespace == Self.namespace11 {
      self.fault = Fault(
        code: localPart(fault.child("faultcode")?.stringValue ?? ""),
        reason: fault.child("faultstring")?.stringValue ?? "")
    } else {
      var code = fault.child("Code")
      while let subcode = code?.child("Subcode") { code = subcode }
      self.fault = Fault(
        code: localPart(code?.child("Value")?.stringValue ?? ""),
        reason: fault.child("Reason")?.child("Text")?.stringValue ?? "")
    }
  }

  private static let namespace11 = "http://schemas.xmlsoap.org/soap/envelope/"
  private static let namespace12 = "http://www.w3.org/2003/05/soap-envelope"

  private static func isOf(_ root: XMLElement, _ element: XMLElement, _ name: String) -> Bool {
    element.name == name && element.namespace == root.namespace
  }
}

private func localPart(_ name: String) -> String {
  String(name.split(separator: ":").last ?? "")
}
