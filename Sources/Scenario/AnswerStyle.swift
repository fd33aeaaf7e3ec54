import Wire

/// How the answers of a service look: the key of the application code, the code that means success,
/// and what stands beside them.
package struct AnswerStyle: Sendable, Hashable {
  package var codeKey: String
  package var okCode: String
  /// Whether codes are JSON strings; otherwise those that are whole numbers are written as such.
  package var codesAreText: Bool
  /// Members of a healthy answer after the code and the unit.
  package var extra: [Member]

  package struct Member: Sendable, Hashable {
    package var key: String
    package var value: Value
    package enum Value: Sendable, Hashable {
      case text(String)
      case number(Int)
      /// A short code list, as the services hand out.
      case list([String])
    }
  }

  package init(codeKey: String, okCode: String, codesAreText: Bool, extra: [Member] = []) {
    self.codeKey = codeKey
    self.okCode = okCode
    self.codesAreText = codesAreText
    self.extra = extra
  }

  /// The style of a service that the scenario does not describe further.
  package static func usual(for service: String) -> AnswerStyle {
    switch service {
    case "civil-registry":
      AnswerStyle(
        codeKey: "status", okCode: "0", codesAreText: true,
        extra: [
          Member(key: "message", value: .text("OK")),
          Member(key: "data", value: .list(["birth", "marriage", "death", "adoption"])),
        ])
    case "land-database":
      AnswerStyle(
        codeKey: "error_code", okCode: "0", codesAreText: false,
        extra: [
          Member(key: "status", value: .text("1")),
          Member(key: "data", value: .list(["parcel", "right", "restriction"])),
        ])
    case "business-registry":
      AnswerStyle(
        codeKey: "error_code", okCode: "0", codesAreText: false,
        extra: [Member(key: "Status", value: .text("1"))])
    case "birth-bundle", "death-bundle":
      AnswerStyle(
        codeKey: "error_code", okCode: "0", codesAreText: false,
        extra: [
          Member(key: "message", value: .text("OK")),
          Member(key: "result", value: .list(["received", "processing", "returned"])),
        ])
    default:
      AnswerStyle(
        codeKey: "error_code", okCode: "0", codesAreText: false,
        extra: [
          Member(key: "message", value: .text("OK")),
          Member(key: "total", value: .number(0)),
        ])
    }
  }

  /// The body of a healthy answer; `unit` names the consumer, so that a probe can tell whose answer
  /// has come.
  package func healthyBody(unit: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writeCode(okCode, &writer)
    writer.member("unit", unit)
    for member in extra {
      writer.key(member.key)
      switch member.value {
      case .text(let text): writer.string(text)
      case .number(let number): writer.int(number)
      case .list(let words):
        writer.beginArray()
        for word in words { writer.string(word) }
        writer.endArray()
      }
    }
    writer.endObject()
    return writer.bytes
  }

  /// The body of an answer that says no, with status 200.
  package func refusalBody(unit: String, code: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writeCode(code, &writer)
    writer.member("unit", unit)
    writer.member("message", Self.meaning(of: code))
    writer.endObject()
    return writer.bytes
  }

  private func writeCode(_ code: String, _ writer: inout JSONWriter) {
    writer.key(codeKey)
    if !codesAreText, let number = Int(code) { writer.int(number) } else { writer.string(code) }
  }

  /// The codes that a public gateway of the field documents.
  private static func meaning(of code: String) -> String {
    switch code {
    case "100": "bad credential"
    case "101": "address not allowed"
    case "106": "wrong unit code"
    case "108": "wrong province code"
    case "201": "not found"
    default: "refused"
    }
  }
}
