import Base
import Model
import Wire

private let consumersExpected =
  "expected \"provinces\", a list such as [\"national\"] or [\"ha-noi\", \"hue\"], "
  + "or { provinces: \"all\", except: [\"ha-noi\"] }"

/// Reads whom a service is for. Without a table (its own file was wrong) only shapes are checked.
func readConsumers(
  _ reader: inout FieldReader, _ table: ConsumerTable?, _ complaints: inout Complaints
) -> [Consumer] {
  reader.require("consumers", &complaints)
  guard let node = reader.node("consumers") else { return [] }
  let origin = Origin(reader, "consumers")
  switch node.value {
  case .string("provinces"):
    return table?.provinces ?? []
  case .array(let elements):
    let list = SlugList(elements, origin, table, allowsNational: true)
    return nonEmpty(list.consumers(&complaints), elements, origin, &complaints)
  case .object:
    guard var choice = reader.object("consumers", &complaints) else { return [] }
    let chosen = readProvinceChoice(&choice, table, &complaints)
    choice.finish(&complaints)
    return chosen
  default:
    origin.complain(consumersExpected, &complaints)
    return []
  }
}

/// Reads `{ provinces: "all", except: [...] }`.
private func readProvinceChoice(
  _ reader: inout FieldReader, _ table: ConsumerTable?, _ complaints: inout Complaints
) -> [Consumer] {
  var chosen: [Consumer] = []
  reader.require("provinces", &complaints)
  if let node = reader.node("provinces") {
    let origin = Origin(reader, "provinces")
    switch node.value {
    case .string("all"): chosen = table?.provinces ?? []
    case .array(let elements):
      let list = SlugList(elements, origin, table, allowsNational: false)
      chosen = nonEmpty(list.consumers(&complaints), elements, origin, &complaints)
    default: origin.complain("expected \"all\" or a list of provinces", &complaints)
    }
  }
  guard let node = reader.node("except") else { return chosen }
  guard case .array(let elements) = node.value else {
    reader.complain("except", "expected a list of provinces", &complaints)
    return chosen
  }
  let list = SlugList(elements, Origin(reader, "except"), table, allowsNational: false)
  let except = Set(list.consumers(&complaints).map(\.slug))
  let left = chosen.filter { !except.contains($0.slug) }
  if left.isEmpty && !chosen.isEmpty {
    reader.complain("except", "leaves no consumer", &complaints)
  }
  return left
}

private func nonEmpty(
  _ consumers: [Consumer], _ elements: [JSONNode], _ origin: Origin,
  _ complaints: inout Complaints
) -> [Consumer] {
  if elements.isEmpty { origin.complain("expected at least one consumer", &complaints) }
  return consumers
}

/// A list of consumers as written.
private struct SlugList {
  private let elements: [JSONNode]
  private let origin: Origin
  private let table: ConsumerTable?
  private let allowsNational: Bool

  init(_ elements: [JSONNode], _ origin: Origin, _ table: ConsumerTable?, allowsNational: Bool) {
    self.elements = elements
    self.origin = origin
    self.table = table
    self.allowsNational = allowsNational
  }

  /// Those that are known, each once, in the order of the list.
  func consumers(_ complaints: inout Complaints) -> [Consumer] {
    var found: [Consumer] = []
    var first: [String: Position] = [:]
    for (index, element) in elements.enumerated() {
      let place = Origin(
        file: origin.file, position: element.position, keyPath: "\(origin.keyPath)[\(index)]")
      guard let slug = element.string else {
        place.complain("expected the name of a consumer such as \"ha-noi\"", &complaints)
        continue
      }
      if let former = first[slug] {
        place.complain(
          "\"\(printable(slug, limit: 64))\" was given before, at \(former)", &complaints)
        continue
      }
      first[slug] = element.position
      if let consumer = consumer(slug) {
        found.append(consumer)
      } else if table != nil {
        place.complain(unknown(slug, complaints), &complaints)
      }
    }
    return found
  }

  private func consumer(_ slug: String) -> Consumer? {
    if allowsNational && slug == Consumer.national.slug { return .national }
    return table?.province(slug)
  }

  private func unknown(_ slug: String, _ complaints: Complaints) -> String {
    if slug == Consumer.national.slug { return "\"national\" is no province" }
    let known = (table?.provinceSlugs ?? []) + (allowsNational ? [Consumer.national.slug] : [])
    return "no province \"\(printable(slug, limit: 64))\"" + suggestion(slug, known, complaints)
  }
}

/// `; did you mean "…"?` or nothing. Looks at a bounded number of names, and at none once nobody will
/// see the answer.
func suggestion(_ word: String, _ known: some Collection<String>, _ complaints: Complaints)
  -> String
{
  guard !complaints.isFull, let meant = nearest(word, among: Array(known.prefix(2_000))) else {
    return ""
  }
  return "; did you mean \"\(meant)\"?"
}
