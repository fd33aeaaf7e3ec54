import Model

typealias SuspicionRule = @Sendable (SuspicionFacts) -> [Evidence]

/// The table of `deploy/docs/suspected-side.md`, in its order.
let suspicionRules: [SuspicionRule] = [
  ourSight, ourMachine, patternShape, hopStanding, siblings, answersOfServers, silence, names,
  certificates, refusals,
]

private func ourSight(_ facts: SuspicionFacts) -> [Evidence] {
  if facts.canaries.isBlind {
    return [
      Evidence(
        .us, 4,
        facts.canaries.isDeceived
          ? "the link that must fail does not" : "no canary answers (\(facts.canaries.failing))")
    ]
  }
  // That our network carries says nothing of our machine and of what we show to servers.
  if facts.canaries.isSeeing, !facts.isOfOurMachine, !facts.isOfOurCredential {
    return [Evidence(.us, -4, "canaries answer (\(facts.canaries.answering))")]
  }
  return []
}

private func ourMachine(_ facts: SuspicionFacts) -> [Evidence] {
  if facts.mostly(.deniedHere) { return [Evidence(.us, 4, "this machine does not permit it")] }
  if facts.mostly(.notMeasured) { return [Evidence(.us, 4, "our own runs told nothing")] }
  if facts.mostly(.proxy) { return [Evidence(.us, 3, "our proxy fails")] }
  if facts.mostly(.ourSecret) {
    return [Evidence(.us, 4, "what we show to the server will not last")]
  }
  return []
}

private func patternShape(_ facts: SuspicionFacts) -> [Evidence] {
  // Whom it hits says nothing of whose it is then.
  if facts.isOfOurMachine { return [] }
  let bad = facts.bad
  switch facts.kind {
  case .vantage:
    // Canaries alone may have told of it, and nothing fail.
    guard facts.owners > 1 else { return [] }
    return [Evidence(.us, 3, "nearly everything fails, of \(facts.owners) owners")]
  case .system where !facts.isPart, .owner where !facts.isPart:
    guard facts.provinces > 1 else { return [] }
    return [
      Evidence(.provider, 3, "it fails for \(facts.provinces) provinces (\(counted(bad, "link")))")
    ]
  case .system:
    return [
      Evidence(
        .provider, 1, "it fails in the same way for \(counted(facts.provinces, "province"))")
    ]
  case .province:
    return [
      Evidence(.consumer, 3, "\(counted(facts.systems, "system")) fail for this province alone")
    ]
  default: return []
  }
}

private func hopStanding(_ facts: SuspicionFacts) -> [Evidence] {
  guard let hop = facts.hop else { return [] }
  switch facts.hopStanding {
  case .failing: return [Evidence(.hop(hop), 4, "the hop \(hop) that they pass is failing itself")]
  case .answering:
    return facts.kind == .route
      ? [Evidence(.hop(hop), 2, "all that passes the hop \(hop) fails, though it answers")]
      : [Evidence(.network, -2, "the hop \(hop) answers")]
  case .alike:
    return facts.kind == .route
      ? [Evidence(.hop(hop), 2, "all that passes the hop \(hop) is degraded, and so is the hop")]
      : []
  case .unknown:
    return facts.kind == .route
      ? [Evidence(.hop(hop), 2, "all that passes the hop \(hop) fails; its own state is unknown")]
      : []
  }
}

private func siblings(_ facts: SuspicionFacts) -> [Evidence] {
  if facts.isOfOurMachine { return [] }
  var list: [Evidence] = []
  if facts.sameServicesUp > 0, facts.kind == .province || facts.kind == .point || facts.isPart {
    list.append(
      Evidence(
        .provider, -1,
        "the same service works for others (\(counted(facts.sameServicesUp, "link")))"))
    if facts.kind == .province {
      list.append(
        Evidence(
          .consumer, 1,
          "the same services work for others (\(counted(facts.sameServicesUp, "link")))"))
    }
  }
  if facts.sameProvincesUp > 0, facts.kind != .province {
    list.append(
      Evidence(
        .consumer, -1,
        "other services of the same provinces work (\(counted(facts.sameProvincesUp, "link")))")
    )
    if facts.kind == .system || facts.kind == .owner {
      list.append(
        Evidence(
          .provider, 1,
          "other services of the same provinces work (\(counted(facts.sameProvincesUp, "link")))"))
    }
  }
  return list
}

private func answersOfServers(_ facts: SuspicionFacts) -> [Evidence] {
  var list: [Evidence] = []
  if facts.mostly(.serverError, .applicationCode, .wrongAnswer) {
    // In a row the answer may as well be the province's own.
    list.append(
      Evidence(.provider, facts.kind == .province ? 1 : 2, "the server answers with its own errors")
    )
  }
  if facts.mostly(.gatewayError) {
    list.append(
      Evidence(.provider, 1, "a gateway answers that it cannot reach what lies behind it"))
    if let hop = facts.hop, facts.hopStanding != .answering {
      list.append(Evidence(.hop(hop), 1, "a gateway answers that it cannot reach what lies behind"))
    }
  }
  if facts.isMostlyAnswered {
    list.append(Evidence(.network, -3, "answers arrive, so the network carries"))
    if facts.kind != .vantage || !facts.canaries.isDeceived, !facts.isOfOurCredential {
      list.append(Evidence(.us, -2, "answers arrive"))
    }
  }
  return list
}

private func silence(_ facts: SuspicionFacts) -> [Evidence] {
  if facts.mostly(.refused) {
    return [
      Evidence(.network, -2, "the machine is reached and refuses"),
      Evidence(.provider, facts.kind == .province ? 0 : 1, "the machine refuses connections"),
    ].filter { $0.weight != 0 }
  }
  if facts.mostly(.unreachable) {
    return [Evidence(.network, 3, "a router tells that there is no way")]
  }
  if facts.isMostlySilent {
    return [Evidence(.network, 2, "nothing comes back at all")]
  }
  return []
}

private func names(_ facts: SuspicionFacts) -> [Evidence] {
  if facts.mostly(.resolverSilent) {
    return [
      Evidence(
        .resolver, facts.systems > 1 ? 4 : 2,
        "names are not looked up (\(counted(facts.systems, "system")))")
    ]
  }
  if facts.mostly(.nameUnknown) {
    return facts.systems > 2 && facts.provinces > 2
      ? [Evidence(.resolver, 3, "the names of \(facts.systems) systems are unknown at once")]
      : [Evidence(.provider, 1, "the name does not exist")]
  }
  return []
}

private func certificates(_ facts: SuspicionFacts) -> [Evidence] {
  if facts.mostly(.intermediateExpired) {
    return [
      Evidence(
        .certificateAuthority, facts.owners > 1 ? 4 : 2,
        "an issuer's certificate has expired (\(counted(facts.owners, "owner")))"),
      Evidence(.provider, facts.owners > 1 ? 0 : 2, "it sends an issuer's expired certificate"),
    ].filter { $0.weight != 0 }
  }
  if facts.mostly(.certificateExpired) {
    return facts.kind == .province
      ? [Evidence(.consumer, 2, "the certificates shown for this province have expired")]
      : facts.owners > 1
        ? [Evidence(.us, 2, "certificates of many owners expire at once: is our clock right?")]
        : [Evidence(.provider, 3, "the certificate has expired")]
  }
  if facts.mostly(.certificateUntrusted) {
    return facts.owners > 1 && facts.kind != .province
      ? [
        Evidence(.certificateAuthority, 3, "certificates of \(facts.owners) owners are untrusted"),
        Evidence(.us, 2, "our file of authorities may lack one"),
      ]
      : [
        Evidence(.provider, 1, "the certificate is not trusted"),
        Evidence(.us, 1, "our file of authorities may lack one"),
      ]
  }
  return []
}

/// Our credentials are refused, or the answer is about somebody else: both sides say it is the other's.
private func refusals(_ facts: SuspicionFacts) -> [Evidence] {
  if facts.mostly(.credentialRefused, .ourCertificate) {
    // One by one a server may have forgotten us; for all of a column or a row it is the credential, which one
    // side has changed and the other not.
    return [
      Evidence(.us, facts.kind == .point ? 2 : 4, "our credential is refused"),
      Evidence(.provider, 1, "the server refuses the credential"),
    ]
  }
  if facts.mostly(.wrongIdentity) {
    return [
      Evidence(.provider, 1, "the answer is about somebody else: a stale list of codes?"),
      Evidence(.consumer, 1, "the answer is about somebody else: a stale list of codes?"),
    ]
  }
  return []
}

extension SuspicionFacts {
  /// Whether what failed did so on this machine, whatever the other side is like.
  fileprivate var isOfOurMachine: Bool { mostly(.deniedHere, .notMeasured, .proxy, .ourSecret) }
  fileprivate var isOfOurCredential: Bool { mostly(.credentialRefused, .ourCertificate) }
}

/// A number with its noun: `1 link`, `2 links`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
