/// Why a path was refused, and at which byte.
package struct JSONPathError: Error, Sendable, Hashable, CustomStringConvertible {
  package var message: String
  package var offset: Int

  package var description: String { "\(message) (at byte \(offset) of the path)" }
}

/// The way to one value of a JSON document: `status`, `data.items[0].code`, `$.a["x y"]`.
///
/// Keys stand bare after a dot, or quoted in brackets, where `\"`, `\'` and `\\` are the escapes;
/// array elements count from 0. A leading `$` is optional, and on its own means the whole document.
/// Wildcards, `..`, filters and negative indices of RFC 9535 are refused: a path names one value.
package struct JSONPath: Sendable, Hashable {
  package static let bytesLimit = 256
  package static let stepsLimit = 32

  private enum Step: Sendable, Hashable {
    case key(String)
    case index(Int)
  }

  package let text: String
  private let steps: [Step]

  package init(_ text: String) throws(JSONPathError) {
    guard text.utf8.count <= Self.bytesLimit else {
      throw JSONPathError(
        message: "the path is longer than \(Self.bytesLimit) bytes", offset: Self.bytesLimit)
    }
    var reader = Reader(text)
    var steps: [Step] = []
    while let step = try reader.next() {
      guard steps.count < Self.stepsLimit else {
        throw JSONPathError(
          message: "the path has more than \(Self.stepsLimit) steps", offset: reader.stepStart)
      }
      steps.append(step)
    }
    self.text = text
    self.steps = steps
  }

  /// The value that the path leads to; nil where a key or an element is missing, or a value on the
  /// way is of another kind.
  package func evaluate(_ node: JSONNode) -> JSONNode? {
    var current = node
    for step in steps {
      switch step {
      case .key(let key):
        guard let value = current[key] else { return nil }
        current = value
      case .index(let index):
        guard let elements = current.array, index < elements.count else { return nil }
        current = elements[index]
      }
    }
    return current
  }

  package static func == (a: Self, b: Self) -> Bool { a.steps == b.steps }
  package func hash(into hasher: inout Hasher) { hasher.combine(steps) }
}

extension JSONPath {
  private struct Reader {
    private let bytes: [UInt8]
    private var index = 0
    private(set) var stepStart = 0
    private var isFirst = true

    init(_ text: String) {
      bytes = Array(text.utf8)
      if bytes.first == UInt8(ascii: "$"), bytes.count == 1 || ".[".utf8.contains(bytes[1]) {
        index = 1
        isFirst = false
      }
    }

    /// The next step; nil at the end of the path.
    mutating func next() throws(JSONPathError) -> Step? {
      stepStart = index
      guard let byte = peek else {
        if isFirst { throw error("the path is empty; $ means the whole document") }
        return nil
      }
      defer { isFirst = false }
      if byte == UInt8(ascii: "[") { return try bracketed() }
      if byte == UInt8(ascii: ".") {
        if isFirst { throw error("a path begins with a key, not with a dot") }
        index += 1
      } else if !isFirst {
        throw error("expected a dot or a bracket")
      }
      return .key(try bareKey())
    }

    private mutating func bareKey() throws(JSONPathError) -> String {
      let start = index
      while let byte = peek, byte != UInt8(ascii: "."), byte != UInt8(ascii: "[") {
        if byte == UInt8(ascii: "*") { throw error("wildcards are not supported") }
        if byte <= 0x20 || byte == 0x7F || "\"'\\]".utf8.contains(byte) {
          throw error("a key with this character must be quoted: [\"...\"]")
        }
        index += 1
      }
      if index == start {
        throw error(
          peek == UInt8(ascii: ".") ? "descending with .. is not supported" : "a key is missing")
      }
      return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func bracketed() throws(JSONPathError) -> Step {
      index += 1
      let step: Step
      switch peek {
      case UInt8(ascii: "\""), UInt8(ascii: "'"): step = .key(try quotedKey())
      case UInt8(ascii: "*"): throw error("wildcards are not supported")
      case UInt8(ascii: "?"): throw error("filters are not supported")
      case UInt8(ascii: "-"): throw error("indices count from the start, from 0")
      default: step = .index(try elementIndex())
      }
      guard peek == UInt8(ascii: "]") else { throw error("expected ]") }
      index += 1
      return step
    }

    private mutating func elementIndex() throws(JSONPathError) -> Int {
      let start = index
      while let byte = peek, isDigit(byte) { index += 1 }
      guard index > start else { throw error("expected an index or a quoted key") }
      guard index - start <= 9,
        let value = Int(String(decoding: bytes[start..<index], as: UTF8.self))
      else { throw error("the index is too large", at: start) }
      return value
    }

    private mutating func quotedKey() throws(JSONPathError) -> String {
      let start = index
      let quote = bytes[index]
      var key: [UInt8] = []
      index += 1
      while let byte = peek {
        index += 1
        if byte == quote { return String(decoding: key, as: UTF8.self) }
        if byte == UInt8(ascii: "\\") {
          guard let escaped = peek, "\"'\\".utf8.contains(escaped) else {
            throw error("only \\\", \\' and \\\\ are escapes", at: index - 1)
          }
          index += 1
          key.append(escaped)
        } else {
          key.append(byte)
        }
      }
      throw error("the quoted key is not closed", at: start)
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private func error(_ message: String, at place: Int? = nil) -> JSONPathError {
      JSONPathError(message: message, offset: place ?? index)
    }
  }
}
