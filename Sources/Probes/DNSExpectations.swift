import Base
import Model
import Wire

/// What a name server's answer must look like.
package struct DNSExpectations: Sendable {
  package var responseCode: UInt16
  /// The records in canonical form: all of them and no others.
  package var answers: [String]?
  /// At least one of these.
  package var anyOf: [String]?
  package var authoritative: Bool
  package var slow: TimeAmount?

  package init(
    responseCode: UInt16 = 0, answers: [String]? = nil, anyOf: [String]? = nil,
    authoritative: Bool = false, slow: TimeAmount? = nil
  ) {
    self.responseCode = responseCode
    self.answers = answers
    self.anyOf = anyOf
    self.authoritative = authoritative
    self.slow = slow
  }

  func judge(_ message: DNSMessage, _ records: DNSRecords) -> Outcome {
    if message.responseCode != responseCode {
      return .dns(.responseCode(DNSMessage.word(responseCode: message.responseCode)))
    }
    if authoritative, !message.isAuthoritative { return .dns(.notAuthoritative) }
    if records.isTangled { return .dns(.malformed("aliases without an end")) }
    guard responseCode == 0 else { return .ok }
    let texts = records.texts
    if texts.isEmpty { return .dns(.noRecords) }
    let found = Set(texts)
    if let answers {
      if let missing = answers.first(where: { !found.contains($0) }) {
        return .dns(.recordMissing(shown(missing)))
      }
      let wanted = Set(answers)
      if let other = texts.first(where: { !wanted.contains($0) }) {
        return .dns(.unexpectedRecord(shown(other)))
      }
    }
    if let anyOf, !anyOf.contains(where: found.contains) {
      return .dns(.recordMissing(shown(anyOf.joined(separator: " or "))))
    }
    return .ok
  }

  private func shown(_ text: String) -> String {
    String(text.prefix(Limits.outcomeDetailCharacters))
  }
}

/// The records that answer a question, aliases followed within the answer.
struct DNSRecords {
  private(set) var texts: [String] = []
  /// The shortest time that one of them may be kept.
  private(set) var timeToLive: UInt32?
  /// The aliases lead in a circle, or too far.
  private(set) var isTangled = false

  init(_ message: DNSMessage, _ question: DNSQuestion) {
    var name = question.name
    if question.type != .cname {
      var aliases: [DNSName: DNSRecord] = [:]
      for record in message.answers where record.alias != nil { aliases[record.name] = record }
      var followed = 0
      while let record = aliases[name], let alias = record.alias {
        followed += 1
        guard followed <= Limits.dnsAliases else {
          isTangled = true
          return
        }
        note(record.timeToLive)
        name = alias
      }
    }
    for record in message.answers
    where record.type == question.type.rawValue && record.name == name {
      guard let text = record.text else { continue }
      note(record.timeToLive)
      texts.append(text)
    }
    if texts.isEmpty { timeToLive = nil }
  }

  private mutating func note(_ lifetime: UInt32) {
    timeToLive = min(timeToLive ?? lifetime, lifetime)
  }
}
