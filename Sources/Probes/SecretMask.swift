import Base
import Model
import Wire

/// Takes secrets out of text before it is shown or kept: a server may repeat what it was sent, in an
/// error's text or in the address of a redirect.
package struct SecretMask: Sendable {
  private struct Form {
    var bytes: [UInt8]
    var label: String
  }

  private var forms: [Form] = []
  /// The places in ``forms`` by the first byte; empty without forms.
  private var places: [[Int]] = []

  /// So much of a secret gives it away, when at least half of it is there.
  private static let tellingBytes = 8
  /// Shorter lines of a PEM file are no secret.
  private static let lineBytes = 16

  package init(_ secrets: [Secret] = []) {
    for secret in secrets { add(secret) }
  }

  package mutating func add(_ secret: Secret) {
    let lines = secret.bytes.split { $0 == 0x0A || $0 == 0x0D }
    for line in lines where lines.count == 1 || line.count >= Self.lineBytes {
      if lines.count > 1, line.starts(with: Array("-----".utf8)) { continue }
      insert(Array(line), secret.label)
      let encoded = Array(percentEncode(String(decoding: line, as: UTF8.self)).utf8)
      if encoded.count != line.count { insert(encoded, secret.label) }
    }
  }

  private mutating func insert(_ bytes: [UInt8], _ label: String) {
    guard let first = bytes.first.map(lowercase) else { return }
    if places.isEmpty { places = Array(repeating: [], count: 256) }
    places[Int(first)].append(forms.count)
    forms.append(Form(bytes: bytes.map(lowercase), label: label))
  }

  /// The text with the label, such as `{secret:NAME}`, for each secret, cut to `limit` characters. Case does not count:
  /// a host name is written small.
  package func masked(_ text: String, limit: Int = 4_096) -> String {
    if forms.isEmpty { return String(text.prefix(limit)) }
    let most = limit > Int.max / 4 ? Int.max : limit * 4
    let result = replaced(Array(text.utf8), most: most, isCut: false)
    return String(String(decoding: result, as: UTF8.self).prefix(limit))
  }

  /// The same for bytes that are yet to be taken apart, without a limit. `isCut`: they go on where they
  /// came from, so a secret may begin at their end, of which nothing is shown then.
  package func masked(_ bytes: [UInt8], isCut: Bool) -> [UInt8] {
    forms.isEmpty ? bytes : replaced(bytes, most: .max, isCut: isCut)
  }

  private func replaced(_ bytes: [UInt8], most: Int, isCut: Bool) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count, result.count < most {
      if let (length, label) = secret(in: bytes, at: index, isCut) {
        result += Array(label.utf8)
        index += length
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return result
  }

  /// How much of a secret stands there at most, if it is enough to count.
  private func secret(
    in bytes: [UInt8], at start: Int, _ isCut: Bool
  ) -> (length: Int, label: String)? {
    var longest: (length: Int, label: String)?
    for place in places[Int(lowercase(bytes[start]))] {
      let form = forms[place]
      var length = 0
      while length < form.bytes.count, start + length < bytes.count,
        lowercase(bytes[start + length]) == form.bytes[length]
      {
        length += 1
      }
      let isTelling = length >= Self.tellingBytes && length * 2 >= form.bytes.count
      let isCutOff = isCut && start + length == bytes.count
      guard length == form.bytes.count || isTelling || isCutOff, length > longest?.length ?? 0
      else { continue }
      longest = (length, form.label)
    }
    return longest
  }
}

extension SecretMask: CustomStringConvertible, CustomReflectable {
  package var description: String { "a mask of \(forms.count) forms" }
  /// Without the forms, which `dump` and the printing of what holds a mask would show.
  package var customMirror: Mirror { Mirror(self, children: ["forms": forms.count]) }
}

private func lowercase(_ byte: UInt8) -> UInt8 {
  (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
}
