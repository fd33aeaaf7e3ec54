import Base
import Model
import Probes
import Wire

/// The secrets that a catalogue names, each read once.
struct SecretTable {
  private let access: FileAccess
  private let directory: String?
  /// The days on which secrets stop being good, as the configuration has them.
  private let expiries: [String: WrittenExpiry]
  /// By whose clock last days are named.
  private let timeZone: TimeAmount
  private var read: [String: Result<Secret, SecretProblem>] = [:]

  init(_ access: FileAccess, _ sources: CatalogueSources) {
    self.access = access
    directory = sources.secretsDirectory
    expiries = sources.secretExpiries
    timeZone = sources.defaults.timeZone
  }

  /// The names of those that something asked for.
  var names: Set<String> { Set(read.keys) }

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
    let result = access.secret(name, directory).map { secret in
      // What somebody has written knows more than the secret says of itself.
      var expiry = expiries[name]?.expiry ?? secretExpiry(of: secret.bytes)
      expiry?.zone = timeZone
      return Secret(name: name, bytes: secret.bytes, expiry: expiry)
    }
    read[name] = result
    return result
  }

  /// Of the secrets that texts name, the one that stops being good first; of several the first by name.
  mutating func firstToExpire(_ texts: [String], _ context: ProbeContext) -> ExpiringSecret? {
    if texts.isEmpty { return nil }
    let found = find(texts, context).values.compactMap { try? $0.get() }
    return found.compactMap { secret in
      secret.expiry.map { ExpiringSecret(name: secret.name, expiry: $0) }
    }.min { ($0.expiry.end, $0.name) < ($1.expiry.end, $1.name) }
  }
}

/// The last day of a secret, as the configuration has it.
struct WrittenExpiry {
  var expiry: SecretExpiry
  var origin: Origin
}

/// Notes each secret that `secretExpiry` names and that no probe and no token uses: nobody would be warned of
/// its last day. One that cannot be read is complained of already.
func noteUnusedExpiries(
  _ sources: CatalogueSources, used: Set<String>, _ access: FileAccess,
  _ complaints: inout Complaints
) {
  let unused = sources.secretExpiries.filter { name, _ in
    guard !used.contains(name) else { return false }
    if case .success = access.secret(name, sources.secretsDirectory) { return true }
    return false
  }
  for (name, written) in unused.sorted(by: { $0.key < $1.key }) {
    complaints.add(
      Complaint(
        file: written.origin.file, position: written.origin.position,
        keyPath: written.origin.keyPath,
        message: "no probe and no token uses the secret \(name): nobody is warned of its last day",
        kind: .unused))
  }
}

/// Reads `secretExpiry`: the last days of secrets, by their names, for those that do not say it themselves.
/// A name that is no secret's is complained of like any other that is missing.
func readSecretExpiries(
  _ parent: inout FieldReader, timeZone: TimeAmount, _ access: FileAccess, directory: String?,
  _ complaints: inout Complaints
) -> [String: WrittenExpiry] {
  guard var reader = parent.object("secretExpiry", &complaints) else { return [:] }
  var expiries: [String: WrittenExpiry] = [:]
  for name in reader.allMembers().map(\.key) {
    guard let text = reader.string(name, &complaints) else { continue }
    guard let day = CivilDay(text) else {
      reader.complain(
        name,
        "expected the last day on which the secret is good, such as \"2027-03-31\", got "
          + "\"\(printable(text, limit: 40))\"", &complaints)
      continue
    }
    expiries[name] = WrittenExpiry(
      expiry: SecretExpiry(
        end: (day + 1).start(zone: timeZone), isCertificate: false, zone: timeZone),
      origin: Origin(reader, name))
    if case .failure(let problem) = access.secret(name, directory) {
      reader.complainOfSecret(name, problem.message, &complaints)
    }
  }
  reader.finish(&complaints)
  if expiries.count > Limits.secretExpiries {
    parent.complain(
      "secretExpiry", "expected at most \(Limits.secretExpiries) secrets", &complaints)
  }
  return expiries
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
      if let expiry = secret.expiry { text += " \(expiry.end.milliseconds)" }
    }
    return text
  }
}
