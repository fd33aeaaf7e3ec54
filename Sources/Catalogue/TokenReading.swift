import Base
import Model
import Probes
import Wire

/// Reads the `tokens` of a configuration: each becomes a link of its own, `token/NAME`, whose one
/// probe fetches the token. After complaints there are fewer than there should be.
func readTokens(
  _ parent: inout FieldReader, _ sources: CatalogueSources, _ access: FileAccess,
  secrets used: inout Set<String>, _ complaints: inout Complaints
) -> [Link] {
  guard var reader = credentialFree(&parent, &complaints) else { return [] }
  var files = TokenFiles(
    secrets: SecretTable(access, sources),
    caFiles: CAFileTable(access))
  var links: [Link] = []
  for member in reader.allMembers() {
    guard isSlug(member.key) else {
      complaints.add(
        file: reader.file, position: member.keyPosition, keyPath: reader.path,
        message: slugExpected(member.key))
      continue
    }
    if let link = readToken(member, reader, sources, &files, &complaints) { links.append(link) }
  }
  used = files.secrets.names
  if links.count > Limits.tokens {
    parent.complain("tokens", "expected at most \(Limits.tokens) tokens", &complaints)
  }
  return links
}

private func credentialFree(
  _ parent: inout FieldReader, _ complaints: inout Complaints
) -> FieldReader? {
  guard let node = parent.node("tokens") else { return nil }
  guard node.object != nil else {
    // Without the value, which may be a secret.
    parent.complain("tokens", "expected an object { NAME: { url, ... } }", &complaints)
    return nil
  }
  return parent.object("tokens", &complaints)
}

/// What tokens name beside the configuration file.
private struct TokenFiles {
  var secrets: SecretTable
  var caFiles: CAFileTable
}

private func readToken(
  _ member: JSONMember, _ parent: FieldReader, _ sources: CatalogueSources,
  _ files: inout TokenFiles, _ complaints: inout Complaints
) -> Link? {
  let path = parent.keyPath(member.key)
  guard member.node.object != nil else {
    complaints.add(
      file: parent.file, position: member.node.position, keyPath: path,
      message: "expected an object { url, clientId, clientSecret }")
    return nil
  }
  guard
    var reader = FieldReader(
      member.node, file: parent.file, path: path, complaints: &complaints)
  else { return nil }
  let id = LinkID(service: tokenService, consumer: member.key)
  let timeout = reader.duration("timeout", range: Ranges.timeout, &complaints)
  let every =
    reader.duration("every", range: Ranges.every, &complaints) ?? Defaults.tokenEvery
  var context = ProbeContext(
    placeholders: ["token": member.key], defaults: sources.defaults.probe)
  context.secrets = files.secrets.find(secretTexts(in: member.node), context)
  context.caFiles = files.caFiles.find(
    caFileTexts(in: member.node), context, from: directory(of: parent.file))
  var own = Complaints()
  let options = OAuth2Probe.decode(&reader, context, &own)
  reader.finish(&own)
  var missing = MissingSecrets()
  for complaint in own.take(.secret) { missing.add(complaint, of: id) }
  for complaint in own.list { complaints.add(complaint) }
  missing.complain(&complaints)
  guard let options else { return nil }
  var probe = ProbeDefinition(
    name: OAuth2Probe.kind, kind: OAuth2Probe.kind, every: every / Int64(sources.accelerate),
    timeout: timeout ?? sources.defaults.timeout, retryEvery: Limits.retryEvery,
    retryLimit: Defaults.retries, options: options)
  probe.expiringSecret = files.secrets.firstToExpire(secretTexts(in: member.node), context)
  var link = Link(
    id: id, serviceName: LocalizedName(en: "Access token", vi: "Mã truy cập"),
    consumerName: LocalizedName(en: member.key, vi: member.key), system: tokenService,
    owner: tokenService, route: [],
    alert: sources.defaults.alert.rules(every: every, accelerate: sources.accelerate),
    probes: [probe],
    location: SourceLocation(
      file: parent.file, line: member.keyPosition.line, column: member.keyPosition.column))
  link.role = .token
  link.sources = SettingSources(
    writtenSettings(of: member.node, file: parent.file, under: "probes[0]."))
  link.fingerprint = stableHash(
    "\(digest(of: member.node)) \(sources.defaults.digest) \(sources.accelerate)"
      + context.secretsDigest)
  return link
}

/// Links of such a service could not be told from those of the tokens.
func complainOfServiceNamedToken(
  _ links: [Link], _ tokens: [Link], _ complaints: inout Complaints
) {
  guard let token = tokens.first?.location,
    let link = links.first(where: { $0.id.service == tokenService })
  else { return }
  let place = link.location.map { " at \($0)" } ?? ""
  complaints.add(
    file: token.file,
    position: Position(line: token.line, column: token.column, offset: 0), keyPath: "tokens",
    message: "the catalogue's service \"\(tokenService)\"\(place) has the name that the links of "
      + "tokens need; give the service another")
}
