import Base
import Model
import Wire

/// The leaves of an object as they stand in a file, in its order. `leavingOut`: keys of the object
/// itself; `under`: what comes before each key.
func writtenSettings(
  of node: JSONNode, file: String, leavingOut: Set<String> = [], under prefix: String = ""
) -> [EffectiveSetting] {
  guard let members = node.object else { return [] }
  var settings: [EffectiveSetting] = []
  for member in members where !leavingOut.contains(member.key) {
    appendLeaves(of: member.node, key: prefix + member.key, file: file, to: &settings)
  }
  return settings
}

private func appendLeaves(
  of node: JSONNode, key: String, file: String, to settings: inout [EffectiveSetting]
) {
  switch node.value {
  case .object(let members) where !members.isEmpty:
    for member in members {
      appendLeaves(of: member.node, key: "\(key).\(member.key)", file: file, to: &settings)
    }
  case .array(let elements) where elements.contains { $0.object != nil }:
    for (place, element) in elements.enumerated() {
      appendLeaves(of: element, key: "\(key)[\(place)]", file: file, to: &settings)
    }
  default:
    settings.append(
      EffectiveSetting(
        key: key, value: shownValue(node),
        location: SourceLocation(
          file: file, line: node.position.line, column: node.position.column)))
  }
}

private func shownValue(_ node: JSONNode) -> String {
  switch node.value {
  case .null: "null"
  case .bool(let value): value ? "true" : "false"
  case .number(let number): number.text
  case .string(let text): printable(text, limit: 300)
  case .array(let elements): "[" + elements.map(shownValue).joined(separator: ", ") + "]"
  case .object: "{}"
  }
}
