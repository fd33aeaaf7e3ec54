import Base
import Model
import Probes
import Wire

/// The addresses of services, as the endpoints file gives them: for a whole service, with
/// `{placeholders}`, or for one link, which goes first. `null` says that there is none.
struct EndpointTable: Sendable {
  private struct Entry: Sendable {
    var template: String?
    var origin: Origin
  }

  private var services: [String: Entry] = [:]
  private var links: [LinkID: Entry] = [:]
  private var told: Set<Complaint> = []
  /// What links have asked for.
  private var asked: Set<String> = []
  private var askedLinks: Set<LinkID> = []
  private var lastAsked: String?
  /// The longest address of a service that was found good: placeholders stand for plain words, so that
  /// none that is as short can be wrong by itself.
  private var goodBytes: [String: Int] = [:]

  /// No endpoints at all.
  init() {}

  init(_ root: JSONNode, file: String, _ complaints: inout Complaints) {
    guard var reader = FieldReader(root, file: file, path: "", complaints: &complaints) else {
      return
    }
    for member in reader.allMembers() {
      let origin = Origin(
        file: file, position: member.node.position, keyPath: reader.keyPath(member.key))
      let entry: Entry
      switch member.node.value {
      case .null: entry = Entry(template: nil, origin: origin)
      case .string(let text): entry = Entry(template: text, origin: origin)
      default:
        origin.complain("expected an http or https address, or null for none", &complaints)
        continue
      }
      if let link = LinkID(member.key) {
        links[link] = entry
      } else if isSlug(member.key) {
        services[member.key] = entry
      } else {
        Origin(file: file, position: member.keyPosition, keyPath: "").complain(
          "expected SERVICE or SERVICE/CONSUMER, got \"\(printable(member.key, limit: 130))\"",
          &complaints)
      }
    }
  }

  /// Complains of entries for services and links that the catalogue does not have. `unsure`: services whose
  /// consumers may not all be known; `areAllNamed`: whether a service that is not there is none.
  func checkNames(
    _ catalogue: [Service], unsure: Set<String>, areAllNamed: Bool, _ complaints: inout Complaints
  ) {
    var consumers: [String: Set<String>] = [:]
    for service in catalogue {
      if let id = service.id { consumers[id, default: []].formUnion(service.consumers.map(\.slug)) }
    }
    let known = catalogue.compactMap(\.id)
    func noService(_ name: String, _ origin: Origin) {
      guard areAllNamed else { return }
      origin.complain(
        "no service \"\(name)\" in the catalogue\(suggestion(name, known, complaints))",
        &complaints)
    }
    let strangers = services.filter { consumers[$0.key] == nil }
    for (name, entry) in inOrder(strangers) { noService(name, entry.origin) }
    let strangeLinks = links.filter { consumers[$0.key.service]?.contains($0.key.consumer) != true }
    var sortedNames: [String: [String]] = [:]
    for (link, entry) in inOrder(strangeLinks) {
      guard let others = consumers[link.service] else {
        noService(link.service, entry.origin)
        continue
      }
      if unsure.contains(link.service) { continue }
      let names = sortedNames[link.service] ?? others.sorted()
      sortedNames[link.service] = names
      let meant = suggestion(link.consumer, names, complaints)
      entry.origin.complain(
        "service \"\(link.service)\" has no consumer \"\(link.consumer)\"\(meant)", &complaints)
    }
  }

  /// Looks at the addresses that no link has asked for, as of services that could not be read, where they have
  /// no placeholders: all mistakes are told in one go.
  mutating func checkOthers(writing: WritingOperations, _ complaints: inout Complaints) {
    let entries =
      inOrder(services.filter { !asked.contains($0.key) }).map(\.value)
      + inOrder(links.filter { !askedLinks.contains($0.key) }).map(\.value)
    for entry in entries {
      guard let text = entry.template, !text.contains("{") else { continue }
      var problem: String?
      do throws(URLError) {
        try Self.check(text)
        problem = writing.operation(in: text).map(writing.refusal)
      } catch {
        problem = Self.expected(error)
      }
      guard let problem else { continue }
      let complaint = Complaint(
        file: entry.origin.file, position: entry.origin.position, keyPath: entry.origin.keyPath,
        message: problem)
      if told.insert(complaint).inserted { complaints.add(complaint) }
    }
  }

  private static func expected(_ error: URLError) -> String {
    "expected an http or https address, or tcp://host:port: \(error.message)"
  }

  /// In the order of the file; dictionaries have none of their own.
  private func inOrder<Key>(_ entries: [Key: Entry]) -> [(key: Key, value: Entry)] {
    entries.sorted { $0.value.origin.position.offset < $1.value.origin.position.offset }
  }

  /// An address is one of the web, or `tcp://host:port` for probes that know no URL.
  private static func check(_ text: String) throws(URLError) {
    if text.hasPrefix("tcp://") { _ = try HostPort(text) } else { _ = try URLParts(text) }
  }

  /// Where the address of a link, or that there is none, is written.
  func location(of link: LinkID) -> SourceLocation? {
    (links[link] ?? services[link.service])?.origin.location
  }

  /// The address of a link; nil when there is none or, after a complaint, when it is wrong.
  mutating func address(
    of link: LinkID, _ context: ProbeContext, writing: WritingOperations,
    _ complaints: inout Complaints
  ) -> String? {
    let own = links[link]
    // A service is asked for link after link.
    if own != nil {
      askedLinks.insert(link)
    } else if lastAsked != link.service {
      lastAsked = link.service
      asked.insert(link.service)
    }
    guard let entry = own ?? services[link.service], let template = entry.template else {
      return nil
    }
    let problem: String
    do throws(UnknownPlaceholder) {
      let text = try context.expand(template)
      let isOwn = own != nil
      if !isOwn, text.utf8.count <= goodBytes[link.service, default: 0] { return text }
      do throws(URLError) {
        try Self.check(text)
        guard let name = writing.operation(in: text) else {
          if !isOwn { goodBytes[link.service] = text.utf8.count }
          return text
        }
        problem = writing.refusal(name)
      } catch {
        problem = Self.expected(error)
      }
    } catch {
      problem = context.problem(error)
    }
    let complaint = Complaint(
      file: entry.origin.file, position: entry.origin.position, keyPath: entry.origin.keyPath,
      message: problem)
    if told.insert(complaint).inserted { complaints.add(complaint) }
    return nil
  }
}
