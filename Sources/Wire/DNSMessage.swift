/// Why bytes are no DNS message, in words for an operator.
package struct DNSError: Error, Sendable, Hashable {
  package var message: String
  init(_ message: String) { self.message = message }
}

/// What is asked of a name server (RFC 1035 section 4.1.2), always in class IN.
package struct DNSQuestion: Sendable, Hashable {
  package var name: DNSName
  package var type: DNSType

  package init(_ name: DNSName, _ type: DNSType) {
    self.name = name
    self.type = type
  }

  /// The question as a message (RFC 1035 section 4.1.1); with `udpBytes` it says by EDNS (RFC 6891
  /// section 6.1) how large an answer over UDP may be.
  package func query(
    id: UInt16, recursionDesired: Bool = true, udpBytes: UInt16? = nil
  ) -> [UInt8] {
    var bytes: [UInt8] = [
      UInt8(id >> 8), UInt8(id & 0xFF), recursionDesired ? 1 : 0, 0, 0, 1, 0, 0, 0, 0, 0,
      udpBytes == nil ? 0 : 1,
    ]
    bytes += name.wire
    bytes += [UInt8(type.rawValue >> 8), UInt8(type.rawValue & 0xFF), 0, 1]
    if let udpBytes {
      bytes += [0, 0, 41, UInt8(udpBytes >> 8), UInt8(udpBytes & 0xFF), 0, 0, 0, 0, 0, 0]
    }
    return bytes
  }
}

/// A record of an answer.
package struct DNSRecord: Sendable, Hashable {
  package var name: DNSName
  package var type: UInt16
  package var timeToLive: UInt32
  /// Its content in one form (see ``DNSType/canonical(_:)``); nil for a type that is not read here.
  package var text: String?
  /// The name that an alias leads to.
  package var alias: DNSName?
}

/// A name server's answer, read within bounds: names may point backwards only, so that no loop is
/// possible, and the sections behind the answers are stepped over.
package struct DNSMessage: Sendable, Hashable {
  package var id: UInt16
  package var isResponse: Bool
  package var opcode: UInt8
  package var isAuthoritative: Bool
  package var isTruncated: Bool
  /// With the upper bits that EDNS adds (RFC 6891 section 6.1.3).
  package var responseCode: UInt16
  /// Nil when there is not exactly one of class IN.
  package var question: DNSQuestion?
  package var questionCount: Int
  /// Those of class IN.
  package var answers: [DNSRecord]

  private static let headerBytes = 12

  /// Reads a message. One that says to be cut short may end anywhere behind its question.
  package init(_ bytes: [UInt8], recordLimit: Int) throws(DNSError) {
    guard bytes.count >= Self.headerBytes else { throw DNSError("shorter than its header") }
    var reader = DNSReader(bytes)
    id = try reader.number()
    let flags = try reader.number()
    isResponse = flags & 0x8000 != 0
    opcode = UInt8(flags >> 11 & 0xF)
    isAuthoritative = flags & 0x0400 != 0
    isTruncated = flags & 0x0200 != 0
    responseCode = flags & 0xF
    questionCount = Int(try reader.number())
    let answerCount = Int(try reader.number())
    let otherCount = Int(try reader.number()) + Int(try reader.number())
    answers = []
    guard questionCount <= 1 else { throw DNSError("more than one question") }
    if questionCount == 1 { question = try Self.question(&reader) }
    if isTruncated { return }
    guard answerCount + otherCount <= recordLimit else { throw DNSError("too many records") }
    for _ in 0..<answerCount {
      if let record = try Self.record(&reader) { answers.append(record) }
    }
    for _ in 0..<otherCount {
      if let upper = try Self.stepOver(&reader) { responseCode |= UInt16(upper) << 4 }
    }
    guard reader.isAtEnd else { throw DNSError("bytes behind the last record") }
  }

  private static func question(_ reader: inout DNSReader) throws(DNSError) -> DNSQuestion? {
    let name = try reader.name()
    let type = DNSType(rawValue: try reader.number())
    let isInternet = try reader.number() == 1
    guard let type, isInternet else { return nil }
    return DNSQuestion(name, type)
  }

  private static func record(_ reader: inout DNSReader) throws(DNSError) -> DNSRecord? {
    let name = try reader.name()
    let type = try reader.number()
    let recordClass = try reader.number()
    let timeToLive = try reader.longNumber()
    let end = try reader.dataEnd()
    var record = DNSRecord(name: name, type: type, timeToLive: timeToLive, text: nil)
    guard recordClass == 1, let known = DNSType(rawValue: type) else {
      reader.index = end
      return recordClass == 1 ? record : nil
    }
    let (text, target) = try known.read(&reader, to: end)
    guard reader.index == end else { throw DNSError("a \(known.word) record of a wrong length") }
    record.text = text
    if known == .cname { record.alias = target }
    return record
  }

  /// Steps over a record; the upper bits of the response code where it is EDNS's.
  private static func stepOver(_ reader: inout DNSReader) throws(DNSError) -> UInt8? {
    let start = reader.index
    try reader.skipName()
    let isRoot = reader.index == start + 1
    let type = try reader.number()
    _ = try reader.number()
    let upper = UInt8(try reader.longNumber() >> 24)
    reader.index = try reader.dataEnd()
    return isRoot && type == 41 ? upper : nil
  }

  /// The word for a response code (IANA's registry of RCODEs).
  package static func word(responseCode code: UInt16) -> String {
    responseCodes.first { $0.code == code }?.word ?? "RCODE\(code)"
  }

  /// Those that a setting may name.
  package static let responseCodes: [(code: UInt16, word: String)] = [
    (0, "NOERROR"), (1, "FORMERR"), (2, "SERVFAIL"), (3, "NXDOMAIN"), (4, "NOTIMP"),
    (5, "REFUSED"), (6, "YXDOMAIN"), (7, "YXRRSET"), (8, "NXRRSET"), (9, "NOTAUTH"),
    (10, "NOTZONE"), (16, "BADVERS"),
  ]
}

/// Walks over a message.
struct DNSReader {
  /// Labels and pointers followed in one message. Names are short in it, and long once their pointers
  /// are followed: 64 KiB could be made to be half a million labels, or millions of pointers.
  static let stepsMaximum = 12_288

  let bytes: [UInt8]
  var index = 0
  private var stepsLeft = stepsMaximum

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { index == bytes.count }

  mutating func byte() throws(DNSError) -> UInt8 {
    guard index < bytes.count else { throw DNSError("it ends within a record") }
    index += 1
    return bytes[index - 1]
  }

  mutating func number() throws(DNSError) -> UInt16 {
    let high = try byte()
    return UInt16(high) << 8 | UInt16(try byte())
  }

  mutating func longNumber() throws(DNSError) -> UInt32 {
    let high = try number()
    return UInt32(high) << 16 | UInt32(try number())
  }

  mutating func take(_ count: Int) throws(DNSError) -> [UInt8] {
    guard count <= bytes.count - index else { throw DNSError("it ends within a record") }
    index += count
    return Array(bytes[(index - count)..<index])
  }

  /// Where the record's data ends, by the length that stands before it.
  mutating func dataEnd() throws(DNSError) -> Int {
    let length = Int(try number())
    guard length <= bytes.count - index else { throw DNSError("it ends within a record") }
    return index + length
  }

  /// A name, which may end in a pointer to an earlier place (RFC 1035 section 4.1.4). Each pointer
  /// must lead before the place that the one before it led to.
  mutating func name() throws(DNSError) -> DNSName {
    var wire: [UInt8] = []
    var place = index
    var earliest = index
    var end: Int?
    while true {
      guard place < bytes.count else { throw DNSError("it ends within a name") }
      stepsLeft -= 1
      guard stepsLeft >= 0 else {
        throw DNSError("more than \(Self.stepsMaximum) labels and pointers")
      }
      let length = Int(bytes[place])
      switch length >> 6 {
      case 0:
        if length == 0 {
          index = end ?? place + 1
          return DNSName(wire: wire + [0])
        }
        guard place + 1 + length <= bytes.count else { throw DNSError("it ends within a name") }
        guard wire.count + 2 + length <= DNSName.wireBytes else {
          throw DNSError("a name of over 255 bytes")
        }
        wire += bytes[place...(place + length)]
        place += 1 + length
      case 3:
        guard place + 1 < bytes.count else { throw DNSError("it ends within a name") }
        let target = (length & 0x3F) << 8 | Int(bytes[place + 1])
        end = end ?? place + 2
        guard target < earliest else {
          throw DNSError("a name's pointer leads forward or in a loop")
        }
        earliest = target
        place = target
      default: throw DNSError("a label of an unknown kind")
      }
    }
  }

  /// Steps over a name without following it.
  mutating func skipName() throws(DNSError) {
    while true {
      let length = Int(try byte())
      switch length >> 6 {
      case 0 where length == 0: return
      case 0: _ = try take(length)
      case 3:
        _ = try byte()
        return
      default: throw DNSError("a label of an unknown kind")
      }
    }
  }
}
