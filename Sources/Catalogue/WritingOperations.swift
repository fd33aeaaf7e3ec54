import Base
import Model
import Wire

/// What a probe may not ask for: it reads, and never registers, synchronises or acknowledges.
struct WritingOperations: Sendable {
  /// Operations of the exchange, of civil status, of criminal records and of the national portal that
  /// change something where they are called. An operation that is missing here is not safe by that.
  static let known = [
    "dangKyHoTich", "DongBoHoSoMC", "CapNhatTienDoHoSoMC", "danhDauHsThanhCong", "nhanHoSoDangKy",
  ]
  /// Methods that ask for something; RFC 9110, WebDAV (RFC 4918, 3253, 5323).
  static let readingMethods = ["GET", "HEAD", "POST", "OPTIONS", "PROPFIND", "REPORT", "SEARCH"]

  /// What an operator has allowed by name.
  var allowed: Set<String> = []

  /// Reads `allowedOperations`: names of the list above, and methods.
  init(_ reader: inout FieldReader, _ complaints: inout Complaints) {
    guard let names = reader.strings("allowedOperations", &complaints) else { return }
    if names.count > Ranges.allowedOperations {
      reader.complain(
        "allowedOperations", "expected at most \(Ranges.allowedOperations) names", &complaints)
    }
    for (place, name) in names.enumerated()
    where !Self.known.contains(name) && !isMethod(name) {
      let position = reader.elementPosition(of: "allowedOperations", place)
      complaints.add(
        file: reader.file, position: position, keyPath: "allowedOperations[\(place)]",
        message: "nothing is refused under the name \"\(printable(name, limit: 64))\""
          + suggestion(name, Self.known + ["PUT", "PATCH", "DELETE"], complaints))
    }
    allowed = Set(names)
  }

  init() {}

  /// Complains of what a probe's request would change, at the value that names it.
  func check(_ probe: JSONNode, file: String, path: String, _ complaints: inout Complaints) {
    for (number, step) in (probe["steps"]?.array ?? []).enumerated() {
      check(step, file: file, path: "\(path).steps[\(number)]", &complaints)
    }
    guard let request = probe["request"] else { return }
    let place = { (key: String, node: JSONNode) in
      Origin(file: file, position: node.position, keyPath: "\(path).request.\(key)")
    }
    if let method = request["method"], let name = method.string, isMethod(name),
      !Self.readingMethods.contains(name), !allowed.contains(name)
    {
      place("method", method).complain(refusal("the method \(name)"), &complaints)
    }
    for key in ["url", "body"] {
      if let node = request[key], let text = node.string, let name = operation(in: text) {
        place(key, node).complain(refusal(name), &complaints)
      }
    }
    for header in request["headers"]?.object ?? []
    where header.key.lowercased() == "soapaction" {
      if let text = header.node.string, let name = operation(in: text) {
        place("headers.\(header.key)", header.node).complain(refusal(name), &complaints)
      }
    }
  }

  /// The operation that a text names and that nobody has allowed. Case does not count, nor what
  /// follows the name; a longer word that ends like one, such as xemDangKyHoTich, is another name.
  func operation(in text: String) -> String? {
    let bytes = lowercased(percentDecode(text.utf8) ?? Array(text.utf8))
    return Self.known.first { name in
      !allowed.contains(name) && names(lowercased(Array(name.utf8)), in: bytes)
    }
  }

  /// What to say of an operation.
  func refusal(_ name: String) -> String {
    "\(name) changes what it is sent to, and a probe only reads; if it must be, name it in "
      + "\"allowedOperations\" of the configuration"
  }

  private func names(_ wanted: [UInt8], in bytes: [UInt8]) -> Bool {
    guard bytes.count >= wanted.count else { return false }
    return (0...(bytes.count - wanted.count)).contains { start in
      bytes[start] == wanted[0] && (start == 0 || !isWordByte(bytes[start - 1]))
        && bytes[start..<(start + wanted.count)].elementsEqual(wanted)
    }
  }

  private func isWordByte(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
  }

  private func lowercased(_ bytes: [UInt8]) -> [UInt8] {
    bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
  }
}

private func isMethod(_ text: String) -> Bool {
  !text.isEmpty && text.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == UInt8(ascii: "-") }
}
