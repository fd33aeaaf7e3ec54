import Model
import Wire

/// What is to be said of a handshake: the failure first, then what is expected of the certificates, then
/// what will not last, then what is untidy.
struct TLSJudgement {
  private(set) var outcome = Outcome.ok
  private(set) var note = ""
  private(set) var readings: [Reading] = []
  /// What was seen, for people.
  private(set) var lines: [String] = []

  private let chain: ServedChain

  init(_ handshake: Handshake, _ failure: Outcome?, _ options: TLSProbeOptions) {
    chain = ServedChain(handshake, isTrusted: failure == nil && options.transfer.tls.verify)
    read()
    describe(handshake)
    if let failure {
      fail(failure, handshake, options)
      return
    }
    guard let leaf = chain.leaf else {
      // It is trusted, but for how long cannot be told.
      warn(.untidyChain("one cannot be read"), chain.problem ?? "the server sent no certificate")
      return
    }
    lookAtTimes(leaf, handshake, options)
    if outcome == .ok { lookAtNames(leaf, options) }
    if outcome == .ok { lookAtKey(leaf, options) }
    if outcome == .ok { lookAhead(leaf, options) }
    if outcome == .ok, let problem = chain.problem {
      // How long that one holds cannot be told.
      warn(.untidyChain("one cannot be read"), problem)
    }
    if outcome == .ok, !options.allowsUntidyChain, let problem = chain.untidiness {
      let note = chain.outOfTime.map { "\(chain.whose($0)), \(chain.whenNot($0))" }
      warn(.untidyChain(problem), note ?? "")
    }
  }

  private mutating func read() {
    guard let leaf = chain.leaf else { return }
    readings.append(Reading(name: "daysLeft", value: chain.daysLeft(leaf), unit: "days"))
    if let first = chain.firstToExpire {
      readings.append(
        Reading(name: "intermediateDaysLeft", value: chain.daysLeft(first), unit: "days"))
    }
    if leaf.key.bits > 0 { readings.append(Reading(name: "keyBits", value: Double(leaf.key.bits))) }
    readings.append(Reading(name: "chainLength", value: Double(chain.certificates.count)))
  }

  private mutating func describe(_ handshake: Handshake) {
    if let version = handshake.version {
      let cipher = handshake.cipher.isEmpty ? "" : ", \(handshake.cipher)"
      lines.append("TLS \(version.rawValue)\(cipher)")
    }
    lines += chain.lines
    if let problem = chain.untidiness { lines.append("the chain is untidy: \(problem)") }
    if handshake.asksForCertificate { lines.append("the server asks for a client certificate") }
  }

  private mutating func fail(
    _ failure: Outcome, _ handshake: Handshake, _ options: TLSProbeOptions
  ) {
    outcome = failure
    guard case .tls(let cause) = failure else { return }
    let fault = TLSFault(cause, handshake, chain, name: options.name, options.transfer.tls)
    outcome = .tls(fault.cause)
    note = fault.note
    if !note.isEmpty { lines.append(note) }
  }

  /// Where nothing is verified, nobody has looked yet. Whether clients have another in place of one that
  /// has expired is not known then: only where another is sent as well, it is not needed.
  private mutating func lookAtTimes(
    _ leaf: Certificate, _ handshake: Handshake, _ options: TLSProbeOptions
  ) {
    let path = [leaf] + chain.intermediates
    if path.contains(where: { $0.notAfter < chain.now }) {
      fail(.tls(.expired), handshake, options)
    } else if path.contains(where: { $0.notBefore > chain.now }) {
      fail(.tls(.notYetValid), handshake, options)
    }
  }

  private mutating func lookAtNames(_ leaf: Certificate, _ options: TLSProbeOptions) {
    let names = leaf.dnsNames + leaf.addresses
    let missing = options.names.filter { wanted in
      !names.contains { isName(wanted, coveredBy: $0) }
    }
    guard !missing.isEmpty else { return }
    outcome = .tls(.wrongName)
    note = "the certificate is for \(list(names)), not for \(list(missing))"
    lines.append(note)
  }

  private mutating func lookAtKey(_ leaf: Certificate, _ options: TLSProbeOptions) {
    let least =
      switch leaf.key.algorithm {
      case "RSA": options.rsaBits
      case "EC": options.curveBits
      default: nil as Int?
      }
    guard let least, leaf.key.bits < least else { return }
    outcome = .tls(.weakKey)
    note = "\(chain.whose(leaf)): \(leaf.key.text), at least \(least) bits are expected"
    lines.append(note)
  }

  /// The step that the nearest end has reached. Of two that have reached the same, the server's own
  /// certificate counts.
  private mutating func lookAhead(_ leaf: Certificate, _ options: TLSProbeOptions) {
    func step(_ certificate: Certificate) -> Int? {
      let left = certificate.notAfter - chain.now
      return options.warnDays.last { left <= Int64($0) * 86_400 }
    }
    let own = step(leaf)
    let above = chain.firstToExpire.flatMap { certificate in
      step(certificate).map { (certificate, $0) }
    }
    if let (certificate, days) = above, own.map({ days < $0 }) ?? true {
      warn(.intermediateExpires("\(days)"), until(certificate))
    } else if let own {
      warn(.certificateExpires("\(own)"), until(leaf))
    }
  }

  private func until(_ certificate: Certificate) -> String {
    "\(chain.whose(certificate)), valid until \(date(certificate.notAfter))"
  }

  private mutating func warn(_ cause: WarningCause, _ note: String) {
    outcome = .warning(cause)
    self.note = note
    if !note.isEmpty { lines.append(note) }
  }
}

/// Whether a name of a certificate stands for a wanted one; `*.` stands for one label (RFC 9525 section
/// 6.3).
private func isName(_ wanted: String, coveredBy pattern: String) -> Bool {
  let wanted = wanted.lowercased()
  let pattern = pattern.lowercased()
  if wanted == pattern { return true }
  guard pattern.hasPrefix("*."), let dot = wanted.firstIndex(of: ".") else { return false }
  return wanted[dot...] == pattern.dropFirst()
}
