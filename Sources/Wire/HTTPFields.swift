/// Reading of header lines, for requests and responses alike (RFC 9110 section 5, RFC 9112 section 5).
package typealias HTTPHeaders = [(name: String, value: String)]

/// The first value of a header, its name compared without case.
func headerValue(_ name: String, in headers: HTTPHeaders) -> String? {
  headers.first { equalsIgnoringCase($0.name, name) }?.value
}

/// The members of all values of a header that is a comma-separated list, in lower case.
func listMembers(_ name: String, in headers: HTTPHeaders) -> [String] {
  var members: [String] = []
  for header in headers where equalsIgnoringCase(header.name, name) {
    for member in header.value.utf8.split(separator: UInt8(ascii: ",")) {
      let trimmed = trimmingSpace(Array(member)[...])
      if !trimmed.isEmpty { members.append(String(decoding: trimmed, as: UTF8.self).lowercased()) }
    }
  }
  return members
}

/// Whether the connection outlives the message (RFC 9112 section 9.3).
func keepsConnection(minorVersion: Int, _ headers: HTTPHeaders) -> Bool {
  let options = listMembers("Connection", in: headers)
  if options.contains("close") { return false }
  return minorVersion >= 1 || options.contains("keep-alive")
}

func equalsIgnoringCase(_ a: String, _ b: String) -> Bool {
  a.utf8.elementsEqual(b.utf8) { $0 == $1 || (isLetter($0) && $0 ^ $1 == 0x20) }
}

/// `tchar` of RFC 9110 section 5.6.2.
func isTokenCharacter(_ byte: UInt8) -> Bool {
  isLetter(byte) || isDigit(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
}

func isToken(_ bytes: some Collection<UInt8>) -> Bool {
  !bytes.isEmpty && bytes.allSatisfy(isTokenCharacter)
}

/// Reads header lines. Their bytes are known to hold no control character but the tab.
func parseHeaders(
  _ lines: ArraySlice<Range<Int>>, in bytes: [UInt8]
) throws(HTTPRefusal) -> HTTPHeaders {
  var headers: HTTPHeaders = []
  headers.reserveCapacity(lines.count)
  for line in lines {
    let text = bytes[line]
    if text.first == 0x20 || text.first == 0x09 {
      throw HTTPRefusal(400, "a header line that starts with white space")
    }
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else {
      throw HTTPRefusal(400, "a header line without a colon")
    }
    let name = text[..<colon]
    if name.last == 0x20 || name.last == 0x09 {
      throw HTTPRefusal(400, "white space between a header's name and its colon")
    }
    guard isToken(name) else { throw HTTPRefusal(400, "a header's name is not a token") }
    let value = trimmingSpace(text[(colon + 1)...])
    headers.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
  }
  return headers
}

/// The length that `Content-Length` gives; nil without one. One header with one number is accepted
/// (RFC 9110 section 8.6); repeated ones are refused even when they agree.
func contentLength(_ headers: HTTPHeaders, limit: Int) throws(HTTPRefusal) -> Int? {
  var length: Int?
  for header in headers where equalsIgnoringCase(header.name, "Content-Length") {
    guard length == nil else { throw HTTPRefusal(400, "more than one Content-Length") }
    let digits = header.value.utf8
    guard !digits.isEmpty, digits.allSatisfy(isDigit) else {
      throw HTTPRefusal(400, "Content-Length is not a number")
    }
    guard let number = Int(header.value), number <= limit else {
      throw HTTPRefusal(413, "the body is larger than \(limit) bytes")
    }
    length = number
  }
  return length
}

func trimmingSpace(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
  var trimmed = bytes.drop { $0 == 0x20 || $0 == 0x09 }
  while trimmed.last == 0x20 || trimmed.last == 0x09 { trimmed.removeLast() }
  return trimmed
}
