/// An HTTP/1.1 response as bytes (RFC 9112 section 4).
///
/// `Content-Length` and `Connection` are written here; such headers of the caller, headers whose
/// names are not tokens, and control characters in values do not get through, so that no text from
/// outside can add a header. With `headOnly`, the answer to a `HEAD`, the body is only counted.
package func httpResponse(
  status: Int, headers: [(String, String)] = [], body: [UInt8] = [], keepAlive: Bool,
  headOnly: Bool = false
) -> [UInt8] {
  precondition((200...599).contains(status), "a final status")
  var bytes = Array("HTTP/1.1 \(status) \(reasonPhrase(status))\r\n".utf8)
  // A 304 would have to tell the length of the answer that it stands for; it need not tell any.
  let hasBody = status != 204 && status != 304
  appendHeaders(headers, contentLength: hasBody ? body.count : nil, to: &bytes)
  if !keepAlive { bytes += Array("Connection: close\r\n".utf8) }
  bytes += [0x0D, 0x0A]
  if hasBody && !headOnly { bytes += body }
  return bytes
}

/// An HTTP/1.1 request as bytes, its headers written as ``httpResponse(status:headers:body:keepAlive:headOnly:)``
/// writes them; nil when method, target or host could not be read back as such.
package func httpRequest(
  method: String, target: String, host: String, headers: [(String, String)] = [],
  body: [UInt8] = [], keepAlive: Bool = true
) -> [UInt8]? {
  let targetBytes = target.utf8
  guard isToken(method.utf8), targetBytes.first == UInt8(ascii: "/"),
    targetBytes.allSatisfy({ isTargetCharacter($0) || $0 == UInt8(ascii: "%") }),
    host.utf8.allSatisfy({ isUnreserved($0) || "[]:".utf8.contains($0) })
  else { return nil }
  var bytes = Array("\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n".utf8)
  let hasLength = !body.isEmpty || method == "POST" || method == "PUT"
  appendHeaders(headers, contentLength: hasLength ? body.count : nil, to: &bytes)
  if !keepAlive { bytes += Array("Connection: close\r\n".utf8) }
  return bytes + [0x0D, 0x0A] + body
}

private func appendHeaders(
  _ headers: [(String, String)], contentLength: Int?, to bytes: inout [UInt8]
) {
  let framing = ["content-length", "transfer-encoding", "connection", "host"]
  for (name, value) in headers where isToken(name.utf8) && !framing.contains(name.lowercased()) {
    bytes += Array(name.utf8)
    bytes += [UInt8(ascii: ":"), 0x20]
    bytes += value.utf8.map { $0 == 0x7F || ($0 < 0x20 && $0 != 0x09) ? 0x20 : $0 }
    bytes += [0x0D, 0x0A]
  }
  if let contentLength { bytes += Array("Content-Length: \(contentLength)\r\n".utf8) }
}

/// The words beside a status; RFC 9110 section 15 where this project answers with it.
private func reasonPhrase(_ status: Int) -> String {
  switch status {
  case 200: "OK"
  case 201: "Created"
  case 202: "Accepted"
  case 204: "No Content"
  case 304: "Not Modified"
  case 400: "Bad Request"
  case 401: "Unauthorized"
  case 403: "Forbidden"
  case 404: "Not Found"
  case 405: "Method Not Allowed"
  case 408: "Request Timeout"
  case 409: "Conflict"
  case 413: "Content Too Large"
  case 414: "URI Too Long"
  case 415: "Unsupported Media Type"
  case 417: "Expectation Failed"
  case 422: "Unprocessable Content"
  case 429: "Too Many Requests"
  case 431: "Request Header Fields Too Large"
  case 500: "Internal Server Error"
  case 501: "Not Implemented"
  case 502: "Bad Gateway"
  case 503: "Service Unavailable"
  case 504: "Gateway Timeout"
  case 505: "HTTP Version Not Supported"
  default: status < 400 ? "Done" : "Failed"
  }
}
