import Model
import Wire

/// What stands in a request for a value that is captured only when the transaction runs: letters and
/// digits, so that it passes through the reading of addresses and texts unchanged.
package func captureMark(_ name: String) -> String {
  "LinkhealthCapture" + name.utf8.map { String($0, radix: 16) }.joined() + "End"
}

/// A captured value that cannot stand where it is wanted.
struct UnfitValue: Error {
  var name: String
  var reason: String
}

/// How a value is written at a place, so that it stays one value there.
package enum CaptureEncoding: Sendable, Hashable {
  /// In an address and in a form: RFC 3986 section 2.1.
  case percent
  /// Within the quotes of a JSON string: RFC 8259 section 7.
  case json
  case xml
  /// As it is, without line breaks where it goes into a header.
  case plain

  /// The encoding of a body of this content type; of one that has none, what its template reads as.
  /// `names`: the captures whose marks may stand in it.
  static func ofBody(
    contentType: String?, template: [UInt8], names: [String]
  ) -> CaptureEncoding {
    guard let type = contentType?.lowercased() else { return ofBody(template, names) }
    if type.contains("json") { return .json }
    if type.contains("x-www-form-urlencoded") { return .percent }
    return type.contains("xml") ? .xml : .plain
  }

  private static func ofBody(_ template: [UInt8], _ names: [String]) -> CaptureEncoding {
    var text = template
    // A digit may stand wherever a value may, within a string and without one.
    for name in names { text = replaced(text, Array(captureMark(name).utf8), [0x30]) }
    switch text.first(where: { ![0x09, 0x0A, 0x0D, 0x20].contains($0) }) {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""):
      return parseJSON(text, dialect: .json).errors.isEmpty ? .json : .plain
    case UInt8(ascii: "<"): return (try? parseXML(text)) == nil ? .plain : .xml
    default: return .plain
    }
  }

  func encode(_ value: String) -> String {
    switch self {
    case .plain: return value
    case .percent: return percentEncode(value)
    case .json:
      var writer = JSONWriter()
      writer.string(value)
      return String(decoding: writer.bytes.dropFirst().dropLast(), as: UTF8.self)
    case .xml:
      var result = ""
      for character in value {
        switch character {
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "&": result += "&amp;"
        case "\"": result += "&quot;"
        case "'": result += "&apos;"
        default: result.append(character)
        }
      }
      return result
    }
  }
}

extension HTTPOptions {
  /// The request with captured values in place of their marks. The values are masked like secrets in
  /// whatever is shown. `bodyEncoding`: how they are written in the body.
  func filled(
    with captured: [(name: String, value: Secret)], uses: [String], bodyEncoding: CaptureEncoding
  ) throws(UnfitValue) -> HTTPOptions {
    if captured.isEmpty { return self }
    let secrets = captured.map(\.value)
    var url = self.url
    var headers = transfer.headers
    var secretHeaders = transfer.secretHeaders
    var body = transfer.body
    var secretBody = transfer.secretBody
    for (name, secret) in captured where uses.contains(name) {
      let value = CapturedValue(name: name, secret)
      if url.target.contains(value.mark) {
        url = try value.put(into: url)
      }
      for index in headers.indices {
        let bytes = Array(headers[index].value.utf8)
        let filled = try value.put(into: bytes, .plain, isHeader: true)
        headers[index].value = String(decoding: filled, as: UTF8.self)
      }
      for index in secretHeaders.indices {
        let text = secretHeaders[index].value
        secretHeaders[index].value = SecretText(
          text: try value.put(into: text.text.bytes, .plain, isHeader: true),
          secrets: text.secrets)
      }
      body = try value.put(into: body, bodyEncoding)
      if let text = secretBody {
        secretBody = SecretText(
          text: try value.put(into: text.text.bytes, bodyEncoding), secrets: text.secrets)
      }
    }
    return HTTPOptions(
      method: method, url: url,
      transfer: TransferSettings(
        transfer, headers: headers, secretHeaders: secretHeaders, body: body,
        secretBody: secretBody, masked: secrets),
      family: family, redirectLimit: redirectLimit, allowsOtherHosts: allowsOtherHosts,
      expectations: expectations)
  }

  /// How values are written in the body, which is settled once: a body may be long.
  func bodyEncoding(captures names: [String]) -> CaptureEncoding {
    let type = transfer.headers.first { $0.name.lowercased() == "content-type" }?.value
    return .ofBody(contentType: type, template: transfer.bodyBytes, names: names)
  }

  /// Whether the value captured under a name goes into the request.
  func mentionsMark(_ name: String) -> Bool {
    let mark = Array(captureMark(name).utf8)
    let texts =
      [Array(url.target.utf8), transfer.bodyBytes] + transfer.headers.map { Array($0.value.utf8) }
      + transfer.secretHeaders.map { $0.value.text.bytes }
    return texts.contains { contains($0, mark) }
  }
}

private struct CapturedValue {
  var name: String
  var mark: String
  var text: String

  init(name: String, _ secret: Secret) {
    self.name = name
    mark = captureMark(name)
    text = String(decoding: secret.bytes, as: UTF8.self)
  }

  /// The bytes with the value in place of its mark.
  func put(
    into bytes: [UInt8], _ encoding: CaptureEncoding, isHeader: Bool = false
  ) throws(UnfitValue) -> [UInt8] {
    guard contains(bytes, Array(mark.utf8)) else { return bytes }
    if isHeader, text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
      throw UnfitValue(
        name: name, reason: "the captured value has control characters and cannot be a header")
    }
    return replaced(bytes, Array(mark.utf8), Array(encoding.encode(text).utf8))
  }

  /// The address with the value in place of its mark. A value such as `..` would lead to another
  /// path than the catalogue names.
  func put(into url: URLParts) throws(UnfitValue) -> URLParts {
    func filled(_ text: String) -> String {
      String(
        decoding: replaced(
          Array(text.utf8), Array(mark.utf8), Array(CaptureEncoding.percent.encode(self.text).utf8)),
        as: UTF8.self)
    }
    guard let address = try? URLParts(filled(url.text)), address.target == filled(url.target)
    else {
      throw UnfitValue(
        name: name, reason: "with the captured value this is no address, or one of another path")
    }
    return address
  }
}

/// The bytes with every occurrence of `mark` replaced; all others, which need not be text, stay.
private func replaced(_ bytes: [UInt8], _ mark: [UInt8], _ value: [UInt8]) -> [UInt8] {
  var result: [UInt8] = []
  var index = 0
  while index < bytes.count {
    if bytes[index] == mark[0], bytes[index...].starts(with: mark) {
      result += value
      index += mark.count
    } else {
      result.append(bytes[index])
      index += 1
    }
  }
  return result
}
