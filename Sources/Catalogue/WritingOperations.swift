import Base
import Model
import Wire

/// Requests that change something at the other side. A probe sends none of them unless an operator
/// allows it by name: whoever watches must not act.
enum WritingOperations {
  /// Operations of this domain that register, synchronise or acknowledge.
  static let known = [
    "dangKyHoTich", "DongBoHoSoMC", "CapNhatTienDoHoSoMC", "danhDauHsThanhCong",
  ]

  /// Methods that only read (RFC 9110 section 9.2.1), and POST, by which most services of this domain
  /// are asked.
  static let readingMethods = ["GET", "HEAD", "OPTIONS", "POST", "PROPFIND", "REPORT", "SEARCH"]

  /// Reads the configuration's `allowedOperations`.
  static func readAllowed(
    _ reader: inout FieldReader, _ complaints: inout Complaints
  ) -> Set<String> {
    let names = reader.strings("allowedOperations", &complaints) ?? []
    for name in names where !known.contains(name) && !isMethod(name) {
      let meant = nearest(name, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
      reader.complain(
        "allowedOperations",
        "\"\(printable(name, limit: 40))\" is neither an operation that is refused nor an HTTP "
          + "method\(meant)", &complaints)
    }
    return Set(names)
  }

  /// The operation that a text names and that is not allowed.
  static func found(in text: String, allowed: Set<String>) -> String? {
    let lowercased = text.lowercased()
    return known.first { !allowed.contains($0) && lowercased.contains($0.lowercased()) }
  }

  /// Complains of a probe's request that would write.
  static func check(
    _ request: JSONNode, file: String, path: String, allowed: Set<String>,
    _ complaints: inout Complaints
  ) {
    guard let members = request.object else { return }
    for member in members {
      let origin = Origin(
        file: file, position: member.node.position, keyPath: "\(path).\(member.key)")
      if member.key == "method", let method = member.node.string, isMethod(method),
        !readingMethods.contains(method), !allowed.contains(method)
      {
        refuse("the method \(method)", method, origin, &complaints)
      }
      if let name = firstOperation(in: member.node, allowed: allowed) {
        refuse("the operation \(name)", name, origin, &complaints)
      }
    }
  }

  private static func refuse(
    _ what: String, _ name: String, _ origin: Origin, _ complaints: inout Complaints
  ) {
    origin.complain(
      "\(what) may change something at the other side, and probes only read; if it must be sent, "
        + "the configuration allows it by name: allowedOperations: [\"\(name)\"]", &complaints)
  }

  private static func firstOperation(in node: JSONNode, allowed: Set<String>) -> String? {
    switch node.value {
    case .string(let text): found(in: text, allowed: allowed)
    case .array(let elements):
      elements.lazy.compactMap { firstOperation(in: $0, allowed: allowed) }.first
    case .object(let members):
      members.lazy.compactMap { member in
        found(in: member.key, allowed: allowed) ?? firstOperation(in: member.node, allowed: allowed)
      }.first
    case .null, .bool, .number: nil
    }
  }

  private static func isMethod(_ text: String) -> Bool {
    (1...32).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == 0x2D }
  }
}
