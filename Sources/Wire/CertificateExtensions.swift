extension Certificate {
  /// So many extensions are read of one certificate, and so many names or places of one extension.
  private static let extensionsLimit = 64
  private static let namesLimit = 1_024

  /// Reads those that say something here (RFC 5280 section 4.2); others are passed over.
  mutating func readExtensions(_ wrapped: DERElement) throws(DERError) {
    var outer = wrapped.inside
    var list = try outer.next(DERTag.sequence, "the list of extensions").inside
    var count = 0
    while !list.isAtEnd {
      count += 1
      guard count <= Self.extensionsLimit else { throw DERError("too many extensions") }
      var entry = try list.next(DERTag.sequence, "an extension").inside
      let identifier = try entry.next(DERTag.objectIdentifier, "an extension's type").identifier
      _ = try entry.optional(DERTag.boolean)
      let value = try entry.next(DERTag.octetString, "an extension's value").inside
      try readExtension(identifier, value)
    }
  }

  private mutating func readExtension(
    _ identifier: String, _ value: DERReader
  ) throws(DERError) {
    var value = value
    switch identifier {
    case "2.5.29.14":
      subjectKeyID = Array(try value.next(DERTag.octetString, "the key's id").content)
    case "2.5.29.17": try readNames(value.next(DERTag.sequence, "the list of names").inside)
    case "2.5.29.19":
      var constraints = try value.next(DERTag.sequence, "the constraints").inside
      isAuthority = try constraints.optional(DERTag.boolean)?.isTrue ?? false
    case "2.5.29.35":
      try readAuthorityKey(value.next(DERTag.sequence, "the authority's key").inside)
    case "1.3.6.1.5.5.7.1.1":
      try readAccess(value.next(DERTag.sequence, "the authority's places").inside)
    default: break
    }
  }

  /// `SubjectAltName`, section 4.2.1.6: names of DNS and addresses; others are passed over.
  private mutating func readNames(_ names: DERReader) throws(DERError) {
    var names = names
    while !names.isAtEnd {
      let name = try names.next()
      guard dnsNames.count + addresses.count < Self.namesLimit else {
        throw DERError("too many names")
      }
      if name.tag == DERTag.context(2) {
        dnsNames.append(String(decoding: name.content, as: UTF8.self))
      } else if name.tag == DERTag.context(7) {
        addresses.append(addressText(name.content))
      }
    }
  }

  /// `AuthorityKeyIdentifier`, section 4.2.1.1.
  private mutating func readAuthorityKey(_ parts: DERReader) throws(DERError) {
    var parts = parts
    if let id = try parts.optional(DERTag.context(0)) { authorityKeyID = Array(id.content) }
    guard var names = try parts.optional(DERTag.context(1, constructed: true))?.inside else {
      return
    }
    while !names.isAtEnd {
      let name = try names.next()
      guard name.tag == DERTag.context(4, constructed: true) else { continue }
      var directory = name.inside
      authorityIssuer = try CertificateName(
        directory.next(DERTag.sequence, "the authority's issuer"))
    }
  }

  /// `AuthorityInfoAccess`, section 4.2.2.1.
  private mutating func readAccess(_ places: DERReader) throws(DERError) {
    var places = places
    while !places.isAtEnd {
      var place = try places.next(DERTag.sequence, "an authority's place").inside
      let method = try place.next(DERTag.objectIdentifier, "what is to be had there").identifier
      let location = try place.next()
      guard method == "1.3.6.1.5.5.7.48.2", location.tag == DERTag.context(6) else { continue }
      guard issuerLocations.count < Self.namesLimit else { throw DERError("too many places") }
      issuerLocations.append(String(decoding: location.content, as: UTF8.self))
    }
  }
}

/// An address of 4 or 16 bytes in its usual form (RFC 5952 section 4); what is neither, in hexadecimal.
private func addressText(_ bytes: ArraySlice<UInt8>) -> String {
  if bytes.count == 4 { return bytes.map { "\($0)" }.joined(separator: ".") }
  guard bytes.count == 16 else { return hexadecimal(Array(bytes)) }
  let all = Array(bytes)
  let groups = (0..<8).map { UInt16(all[$0 * 2]) << 8 | UInt16(all[$0 * 2 + 1]) }
  var longest = 0..<0
  var start = 0
  while start < 8 {
    var end = start
    while end < 8, groups[end] == 0 { end += 1 }
    if end - start > max(1, longest.count) { longest = start..<end }
    start = max(end, start + 1)
  }
  func text(_ part: some Sequence<UInt16>) -> String {
    part.map { String($0, radix: 16) }.joined(separator: ":")
  }
  if longest.isEmpty { return text(groups) }
  return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
}
