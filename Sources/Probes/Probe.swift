import Base
import Model
import Wire

/// Which addresses of a name an attempt may use.
package enum AddressFamily: String, Sendable, Hashable, CaseIterable {
  case any
  case ipv4
  case ipv6
}

/// What happens to a running attempt.
package enum ProbeEvent: Sendable {
  case start
  /// The numeric addresses of the name, best first; `took` is the look-up's own time, without
  /// the time that it `waited` for a free thread, and zero when the answer was remembered.
  case resolved(addresses: [String], took: TimeAmount, waited: TimeAmount = .zero)
  case notResolved(ResolveCause, took: TimeAmount, waited: TimeAmount = .zero)
  case transferred(TransferResult)
  case examined(Examined)
  /// The token that was asked for.
  case token(Secret)
  /// No token can be had now.
  case noToken
  /// The socket is connected; at once for those that send single packets.
  case connected(took: TimeAmount)
  /// All of it has been handed to the kernel.
  case sent
  /// A packet, or the next bytes of a stream, and when they came to this machine.
  case received([UInt8], at: Instant)
  /// Nothing came within the time that was given for it.
  case receivedNothing
  /// The other side has ended the stream.
  case closed
  /// The socket could not be opened, connected or used, and is closed.
  case socketFailed(SocketFailure)
  /// The time to be waited is over.
  case waited
  /// The program has ended, or was ended.
  case exited(SpawnResult)
  /// The attempt's time is up. `waitingInOurQueue`: what it waits for had not even begun, so this
  /// says nothing about the link. `waited`: how long it was or has been in that queue.
  case timedOut(waitingInOurQueue: Bool, waited: TimeAmount = .zero)
}

/// What an attempt's look-up has spent in our own queue.
package struct QueueWait: Sendable, Hashable {
  package var isOver: Bool
  package var waited: TimeAmount

  package init(isOver: Bool = true, waited: TimeAmount = .zero) {
    self.isOver = isOver
    self.waited = waited
  }
}

/// What a running attempt wants done next; exactly one at a time.
package enum ProbeAction: Sendable {
  case resolve(host: String, family: AddressFamily)
  case transfer(Transfer)
  /// Work too long for the loop, to be run on another thread.
  case examine(Examination)
  /// The token of that name, which may have to be fetched first; answered by `.token` or `.noToken`.
  case token(String)
  /// Opens a socket, answered by `.connected` or `.socketFailed`; an attempt has one at a time, and a
  /// new one closes the former.
  case connect(SocketTarget)
  /// Sends bytes, as one packet where the socket has packets; answered by `.sent` or `.socketFailed`.
  case send([UInt8])
  /// Waits for the next packet or bytes, at most `limit` of them; answered by `.received`, `.closed`,
  /// `.socketFailed`, or by `.receivedNothing` after `within`.
  case receive(limit: Int, within: TimeAmount)
  /// Answered by `.waited`.
  case wait(TimeAmount)
  /// Runs a program, answered by `.exited`.
  case spawn(Spawn)
  /// Ends the attempt; whatever it holds, such as a socket, is released.
  case finish(ProbeResult)
}

/// What an attempt showed.
package struct ProbeResult: Sendable {
  package var outcome: Outcome
  package var flags: SampleFlags
  package var timings: PhaseTimings
  package var httpStatus: UInt16
  package var bodyBytes: Int
  /// The numeric address that was talked to last; nil when it did not come to that.
  package var address: String?
  /// What was done, in words; kept only when tracing.
  package var steps: [String]
  /// See ``Model/Sample/note``.
  package var note = ""
  package var readings: [Reading] = []
  /// A token that the attempt was issued.
  package var grant: TokenGrant?
  /// The token with which the attempt was refused.
  package var rejectedToken: Secret?

  package init(
    outcome: Outcome, flags: SampleFlags = [], timings: PhaseTimings = .init(),
    httpStatus: UInt16 = 0, bodyBytes: Int = 0, address: String? = nil, steps: [String] = []
  ) {
    self.outcome = outcome
    self.flags = flags
    self.timings = timings
    self.httpStatus = httpStatus
    self.bodyBytes = bodyBytes
    self.address = address
    self.steps = steps
  }

  /// Counts a look-up of a name among the phases.
  mutating func addLookup(_ took: TimeAmount) {
    let microseconds = UInt32(clamping: took.microseconds)
    timings =
      timings
      + PhaseTimings(resolveMicroseconds: microseconds, totalMicroseconds: microseconds)
  }

  /// Adds a line to what was done, which is bounded: `try` prints it all.
  mutating func addStep(_ line: String) {
    if steps.count < 64 { steps.append(line) }
  }
}

/// A kind of check: a state machine over one attempt, and the reader of its own settings.
package protocol Probe: SendableMetatype {
  associatedtype Options: Sendable

  /// The word that names the kind in the catalogue.
  static var kind: String { get }

  /// Reads the kind's settings from a probe's object; nil after complaints.
  static func decode(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> Options?

  /// The settings as they hold, defaults included, by the keys of the catalogue: `request.method`.
  /// Secrets appear by their names only.
  static func settings(of options: Options) -> [(key: String, value: String)]

  /// Whom the attempts ask, `host:port`, for the budget of politeness; nil for nobody in particular.
  static func target(of options: Options) -> String?

  /// Where the attempts ask in full, such as a URL, by which a reload tells that a link's endpoint is
  /// another; the target unless the kind says more.
  static func address(of options: Options) -> String?

  /// Whether an attempt begins with a handshake, which costs a hundred times as much as the rest; no,
  /// unless the kind says so.
  static func usesTLS(_ options: Options) -> Bool

  /// The tokens of the configuration that attempts ask for; none, unless the kind says so.
  static func tokens(of options: Options) -> [String]

  /// A machine for one attempt that must end within `timeout`.
  init(_ options: Options, timeout: TimeAmount, tracing: Bool)

  /// Hands over a random number before the first event, to a kind that must not be guessed.
  mutating func seed(_ entropy: UInt64)

  /// Takes an event and says what to do next. After `.finish` no event follows.
  mutating func step(_ event: ProbeEvent, at now: Instant) -> ProbeAction
}

extension Probe {
  package mutating func seed(_ entropy: UInt64) {}
  package static func address(of options: Options) -> String? { target(of: options) }
  package static func usesTLS(_ options: Options) -> Bool { false }
  package static func tokens(of options: Options) -> [String] { [] }
}

/// Every kind of check. A new kind is one file and one word here.
package let probeKinds: [any Probe.Type] = [
  HTTPProbe.self,
  StepsProbe.self,
  TLSProbe.self,
  TCPProbe.self,
  DNSProbe.self,
  PingProbe.self,
  ExecProbe.self,
  OAuth2Probe.self,
]

/// Starts an attempt of whatever kind the definition names; nil when its kind is not registered or
/// the options are not that kind's. `entropy`: a random number for this attempt.
package func makeProbe(
  _ definition: ProbeDefinition, tracing: Bool, entropy: UInt64 = 0
) -> (any Probe)? {
  func open<Kind: Probe>(_ kind: Kind.Type) -> (any Probe)? {
    guard let options = definition.options as? Kind.Options else { return nil }
    var machine = Kind(options, timeout: definition.timeout, tracing: tracing)
    machine.seed(entropy)
    return machine
  }
  if definition.kind == HTTPProbe.kind { return open(HTTPProbe.self) }
  if definition.kind == RehearsedProbe.kind { return open(RehearsedProbe.self) }
  guard let kind = probeKinds.first(where: { $0.kind == definition.kind }) else { return nil }
  return open(kind)
}

/// The kind's own settings of a probe as they hold; empty where its kind is not registered.
package func probeSettings(_ definition: ProbeDefinition) -> [(key: String, value: String)] {
  func open<Kind: Probe>(_ kind: Kind.Type) -> [(key: String, value: String)]? {
    (definition.options as? Kind.Options).map(kind.settings)
  }
  return probeKinds.first { $0.kind == definition.kind }.flatMap { open($0) } ?? []
}

/// The tokens that the attempts of a probe ask for.
package func probeTokens(_ definition: ProbeDefinition) -> [String] {
  func open<Kind: Probe>(_ kind: Kind.Type) -> [String]? {
    (definition.options as? Kind.Options).map(kind.tokens)
  }
  return probeKinds.first { $0.kind == definition.kind }.flatMap { open($0) } ?? []
}

/// Whom the attempts of a probe ask, `host:port`; nil where its kind is not registered.
package func probeTarget(_ definition: ProbeDefinition) -> String? {
  func open<Kind: Probe>(_ kind: Kind.Type) -> String? {
    (definition.options as? Kind.Options).flatMap(kind.target)
  }
  return probeKinds.first { $0.kind == definition.kind }.flatMap { open($0) }
}

/// Where the attempts of a probe ask, in full; nil where its kind is not registered.
package func probeAddress(_ definition: ProbeDefinition) -> String? {
  func open<Kind: Probe>(_ kind: Kind.Type) -> String? {
    (definition.options as? Kind.Options).flatMap(kind.address)
  }
  return probeKinds.first { $0.kind == definition.kind }.flatMap { open($0) }
}

/// Whether the attempts of a probe begin with a handshake.
package func probeUsesTLS(_ definition: ProbeDefinition) -> Bool {
  func open<Kind: Probe>(_ kind: Kind.Type) -> Bool? {
    (definition.options as? Kind.Options).map(kind.usesTLS)
  }
  return probeKinds.first { $0.kind == definition.kind }.flatMap { open($0) } ?? false
}

/// What a kind needs from the catalogue to read its settings.
package struct ProbeContext: Sendable {
  /// Values for `{name}` in strings, such as `endpoint` and `consumer`.
  package var placeholders: [String: String]
  /// Defaults from the configuration.
  package var defaults: ProbeDefaults
  /// What came of reading the secrets that the probe names.
  package var secrets: [String: Result<Secret, SecretProblem>]
  /// The tokens that the configuration has; nil when it is not known.
  package var tokens: [String]?
  /// What the same probe was read as for another link, if nothing was wrong there: a kind may take
  /// from it what cannot differ.
  package var former: (any Sendable)?
  /// The keys whose texts have placeholders, such as `request.url`: all else is alike for all links.
  package var varying: [String] = []
  /// The CA files that the probe names, by the texts that name them, placeholders replaced.
  package var caFiles: [String: FoundFile] = [:]
  /// Whether `{capture:NAME}` is passed over, where only the secrets of a text are looked for.
  package var passesCaptures = false
  /// The programs that the probe names, by the texts that name them; empty where nobody knows where
  /// programs may lie.
  package var programs: [String: FoundFile] = [:]

  package init(
    placeholders: [String: String] = [:], defaults: ProbeDefaults = .init(),
    secrets: [String: Result<Secret, SecretProblem>] = [:], tokens: [String]? = nil
  ) {
    self.placeholders = placeholders
    self.defaults = defaults
    self.secrets = secrets
    self.tokens = tokens
  }

  /// Replaces each `{name}`; throws the first name that has no value. `{{name}}` stands
  /// for `{name}` itself; all other braces, as in a JSON body, stay as they are. `{secret:NAME}` is
  /// handed to `secret`, or has no value.
  package func expand(
    _ text: String, secret: ((_ name: String) -> [UInt8])? = nil
  ) throws(UnknownPlaceholder) -> String {
    guard text.utf8.contains(0x7B) else { return text }
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if bytes[index] == 0x7B, let end = doubledEnd(bytes, from: index) {
        result += bytes[(index + 1)..<(end - 1)]
        index = end
      } else if bytes[index...].starts(with: Self.secretStart) {
        let (name, end) = try secretReference(bytes, from: index)
        guard let secret else { throw UnknownPlaceholder(name: "secret:\(name)") }
        result += secret(name)
        index = end
      } else if bytes[index] == 0x7B, let end = placeholderEnd(bytes, from: index + 1) {
        let name = String(decoding: bytes[(index + 1)..<end], as: UTF8.self)
        let captured = passesCaptures && name.hasPrefix("capture:") ? "" : nil
        guard let value = placeholders[name] ?? captured else {
          throw UnknownPlaceholder(name: name)
        }
        result += Array(value.utf8)
        index = end + 1
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static let secretStart = Array("{secret:".utf8)

  /// The name in a `{secret:NAME}` that begins here, its own placeholders replaced, and where the
  /// reference ends. A name that cannot be one is thrown without being repeated.
  private func secretReference(
    _ bytes: [UInt8], from start: Int
  ) throws(UnknownPlaceholder) -> (name: String, end: Int) {
    var name: [UInt8] = []
    var index = start + Self.secretStart.count
    while index < bytes.count {
      if bytes[index] == 0x7D, isSecretName(name) {
        return (String(decoding: name, as: UTF8.self), index + 1)
      } else if bytes[index] == 0x7B, let end = placeholderEnd(bytes, from: index + 1) {
        let inner = String(decoding: bytes[(index + 1)..<end], as: UTF8.self)
        guard let value = placeholders[inner] else { throw UnknownPlaceholder(name: inner) }
        name += Array(value.utf8)
        index = end + 1
      } else if bytes[index] == 0x7D || bytes[index] == 0x7B {
        break
      } else {
        name.append(bytes[index])
        index += 1
      }
    }
    throw UnknownPlaceholder(name: "secret:")
  }

  /// Behind the end of `{{name}}`, if that is what begins here.
  private func doubledEnd(_ bytes: [UInt8], from start: Int) -> Int? {
    guard start + 1 < bytes.count, bytes[start + 1] == 0x7B else { return nil }
    let isSecret = bytes[(start + 1)...].starts(with: Self.secretStart)
    let closing = isSecret ? bytes[start...].firstIndex(of: 0x7D) : nil
    guard let end = closing ?? placeholderEnd(bytes, from: start + 2), end + 1 < bytes.count,
      bytes[end + 1] == 0x7D
    else { return nil }
    return end + 2
  }

  /// Where the `}` stands if a name of letters, digits, `-`, `_` and `:` comes first.
  private func placeholderEnd(_ bytes: [UInt8], from start: Int) -> Int? {
    var index = start
    while index < bytes.count {
      switch bytes[index] {
      case 0x7D: return index > start ? index : nil
      case 0x61...0x7A, 0x41...0x5A, 0x30...0x39, 0x2D, 0x5F, 0x3A: index += 1
      default: return nil
      }
    }
    return nil
  }
}

/// A `{name}` that has no value here.
package struct UnknownPlaceholder: Error, Sendable {
  package var name: String
}

extension ProbeContext {
  /// Why a placeholder has no value, in words for a complaint.
  package func problem(_ unknown: UnknownPlaceholder) -> String {
    if unknown.name == "secret:" {
      return "a secret is named as {secret:NAME}, NAME being 1 to 64 letters, digits, \"-\", \"_\" "
        + "and inner \".\""
    }
    if unknown.name.hasPrefix("secret:") {
      return "no secret may stand here: {secret:NAME} goes into \"request.headers\", "
        + "\"request.body\", \"auth\", \"tls.clientCertificate\", \"tls.clientKey\", "
        + "\"environment\", and \"send\" of a tcp probe"
    }
    let known = placeholders.keys.sorted().map { "{\($0)}" }.joined(separator: ", ")
    return "no value for {\(unknown.name)}; known here: \(known.isEmpty ? "none" : known)"
  }
}

/// A file that a setting names: where it is, and why it cannot be read, if so.
package struct FoundFile: Sendable, Hashable {
  package var path: String
  package var problem: String?

  package init(path: String, problem: String? = nil) {
    self.path = path
    self.problem = problem
  }
}

/// Settings of probes that the configuration gives for all.
package struct ExpiryDays: Sendable, Hashable {
  /// Nil: the steps of the kind.
  package var warn: [Int]?
  /// A step besides.
  package var critical: Int?

  package init(warn: [Int]? = nil, critical: Int? = nil) {
    self.warn = warn
    self.critical = critical
  }

  /// The steps of a probe that says `own` itself.
  package func steps(own: [Int]?, usual: [Int]) -> [Int] {
    let days = own ?? warn ?? usual
    guard let critical, !days.contains(critical) else { return days }
    return days + [critical]
  }
}

package struct ProbeDefaults: Sendable, Hashable {
  package var userAgent: String
  /// The CA bundle for probes that name none; nil means the system's.
  package var caFile: String?
  package var proxy: String?
  package var sourceAddress: String?
  package var family: AddressFamily
  /// The numeric addresses of the machine's name servers.
  package var nameServers: [String]
  package var exec = ExecDefaults()
  /// When probes warn of certificates that expire; nil where nothing is said of it.
  package var expiry: ExpiryDays?

  package init(
    userAgent: String = "linkhealth", caFile: String? = nil, proxy: String? = nil,
    sourceAddress: String? = nil, family: AddressFamily = .any,
    nameServers: [String] = ["127.0.0.1"]
  ) {
    self.userAgent = userAgent
    self.caFile = caFile
    self.proxy = proxy
    self.sourceAddress = sourceAddress
    self.family = family
    self.nameServers = nameServers
  }
}
