import Base
import Model
import Probes
import Wire

/// The secrets that a catalogue names, each read once.
struct SecretTable {
  private let access: FileAccess
  private let directory: String?
  private var read: [String: Result<Secret, SecretProblem>] = [:]

  init(_ access: FileAccess, directory: String?) {
    self.access = access
    self.directory = directory
  }

  /// What came of reading the secrets that texts name, with the values of one link for placeholders.
  mutating func find(
    _ texts: [String], _ context: ProbeContext
  ) -> [String: Result<Secret, SecretProblem>] {
    var found: [String: Result<Secret, SecretProblem>] = [:]
    var context = context
    context.passesCaptures = true
    for text in texts {
      var names: [String] = []
      // A placeholder without a value is complained of where the text is used.
      _ = try? context.expand(text) { name in
        names.append(name)
        return []
      }
      for name in names { found[name] = secret(name) }
    }
    return found
  }

  private mutating func secret(_ name: String) -> Result<Secret, SecretProblem> {
    if let former = read[name] { return former }
    let result = access.secret(name, directory)
    read[name] = result
    return result
  }
}

/// Secrets that could not be read, told once for all links of a service that need them.
struct MissingSecrets {
  private var list: [(complaint: Complaint, first: LinkID?, links: Int)] = []
  private var places: [Complaint: Int] = [:]

  mutating func add(_ complaint: Complaint, of link: LinkID?) {
    if let place = places[complaint] {
      list[place].links += 1
    } else {
      places[complaint] = list.count
      list.append((complaint, link, 1))
    }
  }

  func complain(_ complaints: inout Complaints) {
    for (complaint, first, links) in list {
      var told = complaint
      if let first {
        told.message += "; needed by \(first)" + (links > 1 ? " and \(links - 1) more" : "")
      }
      complaints.add(told)
    }
  }
}

extension ProbeContext {
  /// Differs when a secret of the link does, so that a changed one counts as a change.
  var secretsDigest: String {
    if secrets.isEmpty { return "" }
    var text = ""
    for name in secrets.keys.sorted() {
      guard case .success(let secret) = secrets[name] else { continue }
      text += "\n\(name) \(stableHash(String(decoding: secret.bytes, as: UTF8.self)))"
    }
    return text
  }
}
