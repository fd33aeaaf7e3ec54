import Base
import Wire

/// A number that stands for what a value says, whatever its layout, comments and order of keys.
/// `leavingOut`: keys of the object that do not count.
func digest(of node: JSONNode, leavingOut keys: String...) -> UInt64 {
  var text: [UInt8] = []
  if !keys.isEmpty, case .object(let members) = node.value {
    appendObject(members.filter { !keys.contains($0.key) }, to: &text)
  } else {
    append(node, to: &text)
  }
  return stableHash(String(decoding: text, as: UTF8.self))
}

/// Depth is bounded by the parser's limits.
private func append(_ node: JSONNode, to text: inout [UInt8]) {
  switch node.value {
  case .null: text.append(UInt8(ascii: "n"))
  case .bool(let value): text.append(UInt8(ascii: value ? "t" : "f"))
  case .number(let number): appendCounted("#", number.text, to: &text)
  case .string(let string): appendCounted("\"", string, to: &text)
  case .array(let elements):
    text.append(UInt8(ascii: "["))
    for element in elements { append(element, to: &text) }
    text.append(UInt8(ascii: "]"))
  case .object(let members): appendObject(members, to: &text)
  }
}

private func appendObject(_ members: [JSONMember], to text: inout [UInt8]) {
  text.append(UInt8(ascii: "{"))
  for member in members.sorted(by: { $0.key < $1.key }) {
    appendCounted("\"", member.key, to: &text)
    append(member.node, to: &text)
  }
  text.append(UInt8(ascii: "}"))
}

/// With its length before it, so that no text can be taken for the start of what follows.
private func appendCounted(_ mark: String, _ string: String, to text: inout [UInt8]) {
  text += Array("\(mark)\(string.utf8.count):".utf8)
  text += Array(string.utf8)
}
