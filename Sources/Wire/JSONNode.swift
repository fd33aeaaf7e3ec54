/// A place in a text: line and column count from 1 (columns in Unicode scalars), the offset counts
/// bytes from 0. Lines end at LF, CR LF or a lone CR. Kept small because every node carries one.
package struct Position: Sendable, Hashable {
  private var storedLine: UInt32
  private var storedColumn: UInt32
  private var storedOffset: UInt32

  package init(line: Int, column: Int, offset: Int) {
    storedLine = UInt32(clamping: line)
    storedColumn = UInt32(clamping: column)
    storedOffset = UInt32(clamping: offset)
  }

  package var line: Int {
    get { Int(storedLine) }
    set { storedLine = UInt32(clamping: newValue) }
  }
  package var column: Int {
    get { Int(storedColumn) }
    set { storedColumn = UInt32(clamping: newValue) }
  }
  package var offset: Int {
    get { Int(storedOffset) }
    set { storedOffset = UInt32(clamping: newValue) }
  }
}

extension Position: CustomStringConvertible {
  /// `line:column`, as editors take it.
  package var description: String { "\(line):\(column)" }
}

/// A JSON value and where it stood.
package struct JSONNode: Sendable {
  package enum Value: Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONNode])
    /// The members in the order of the text; with `DuplicateKeys.lastWins` a key may recur.
    case object([JSONMember])
  }

  package var value: Value
  package var position: Position

  package init(value: Value, position: Position) {
    self.value = value
    self.position = position
  }
}

/// One key of an object with its value; the key has a position of its own.
package struct JSONMember: Sendable {
  package var key: String
  package var keyPosition: Position
  package var node: JSONNode

  package init(key: String, keyPosition: Position, node: JSONNode) {
    self.key = key
    self.keyPosition = keyPosition
    self.node = node
  }
}

extension JSONNode {
  /// The value of a key; of a repeated key the last. Nil where there is none, or no object.
  /// Keys are compared as Swift compares strings, so two that look the same are the same.
  package subscript(key: String) -> JSONNode? {
    guard case .object(let members) = value else { return nil }
    return members.last { $0.key == key }?.node
  }

  package var isNull: Bool {
    if case .null = value { true } else { false }
  }
  package var string: String? {
    if case .string(let text) = value { text } else { nil }
  }
  package var number: JSONNumber? {
    if case .number(let number) = value { number } else { nil }
  }
  package var bool: Bool? {
    if case .bool(let flag) = value { flag } else { nil }
  }
  package var array: [JSONNode]? {
    if case .array(let elements) = value { elements } else { nil }
  }
  package var object: [JSONMember]? {
    if case .object(let members) = value { members } else { nil }
  }
  /// The number as an `Int`; nil where it is no number, not whole or out of range.
  package var int: Int? { number?.int.flatMap { Int(exactly: $0) } }
}

/// The two grammars of the one parser.
package enum JSONDialect: Sendable {
  /// RFC 8259 to the letter; a byte order mark is refused.
  case json
  /// JSON5 1.0.0; a byte order mark is skipped. A lone surrogate escape is refused here too, since
  /// a Swift string cannot hold it.
  case json5
}

/// What is wrong with a text, and where.
package struct JSONError: Error, Sendable, Hashable {
  package var message: String
  package var position: Position
  /// Whether the text went past one of ``JSONLimits``; it may well be valid.
  package var isLimit: Bool

  package init(message: String, position: Position, isLimit: Bool = false) {
    self.message = message
    self.position = position
    self.isLimit = isLimit
  }
}

/// The bounds within which a text is parsed; what exceeds one is refused.
package struct JSONLimits: Sendable {
  package enum DuplicateKeys: Sendable {
    /// Each repetition is an error that names the first place; the node is still handed over.
    case refused
    /// Repeated keys are kept in order and a look-up finds the last.
    case lastWins
  }

  /// Arrays and objects within each other; ``depthMaximum`` holds beside it.
  package var depth: Int
  /// Bytes of one number as written.
  package var numberBytes: Int
  /// Bytes of one string or key as written, quotes not counted.
  package var stringBytes: Int
  /// Values in the whole text, arrays and objects included.
  package var totalNodes: Int
  /// Duplicate keys told; further ones go unmentioned.
  package var errors: Int
  package var duplicateKeys: DuplicateKeys

  package init(
    depth: Int = 128, numberBytes: Int = 512, stringBytes: Int, totalNodes: Int,
    errors: Int = 1_000, duplicateKeys: DuplicateKeys
  ) {
    self.depth = depth
    self.numberBytes = numberBytes
    self.stringBytes = stringBytes
    self.totalNodes = totalNodes
    self.errors = errors
    self.duplicateKeys = duplicateKeys
  }

  /// The parser descends once per level, so that no caller may ask for more than this.
  package static let depthMaximum = 512

  /// Files of the catalogue and the configuration.
  package static let catalogue = JSONLimits(
    stringBytes: 1 << 20, totalNodes: 4_000_000, duplicateKeys: .refused)
  /// Answers of probed servers, which may be hostile.
  package static let body = JSONLimits(
    stringBytes: 16 << 20, totalNodes: 500_000, duplicateKeys: .lastWins)
  /// Requests on the control socket.
  package static let request = JSONLimits(
    depth: 16, stringBytes: 64 << 10, totalNodes: 4_096, duplicateKeys: .refused)
}
