import Wire

/// Requests are the same in whatever parts they arrive; after a refusal nothing more is read; a
/// refusal has a status that fits and a reason.
func requestViolation(_ bytes: [UInt8]) -> String? {
  let limits = HTTPLimits(headBytes: 2_048, bodyBytes: 1_024, headers: 20)
  let whole = requests(bytes, part: bytes.count, limits)
  for part in [1, 3] where bytes.count <= 4_096 {
    if requests(bytes, part: part, limits) != whole { return "parts of \(part) read otherwise" }
  }
  for event in whole {
    guard case .refused(let status, let reason) = event else { continue }
    if !(400...505).contains(status) || reason.isEmpty { return "refused with \(status) \(reason)" }
  }
  return nil
}

/// The same of answers, as our own client reads them.
func responseViolation(_ bytes: [UInt8]) -> String? {
  let limits = HTTPLimits(headBytes: 2_048, bodyBytes: 1_024, headers: 20)
  let whole = responses(bytes, part: bytes.count, limits)
  for part in [1, 3] where bytes.count <= 4_096 {
    if responses(bytes, part: part, limits) != whole { return "parts of \(part) read otherwise" }
  }
  return nil
}

/// An address that is accepted means the same when its own text is read again, and so does any that
/// a redirect to it gives.
func urlViolation(_ bytes: [UInt8]) -> String? {
  let (first, second) = halves(bytes)
  guard let url = try? URLParts(String(decoding: first, as: UTF8.self)) else { return nil }
  if let problem = changed(url) { return problem }
  guard let target = url.resolving(String(decoding: second, as: UTF8.self)) else { return nil }
  return changed(target)
}

private func changed(_ url: URLParts) -> String? {
  guard let again = try? URLParts(url.text) else {
    return "its own text is no address: \(url.text)"
  }
  return again == url ? nil : "its own text is another address: \(url.text)"
}

private enum Read: Equatable {
  case message(first: String, second: String, headers: [String], body: [UInt8])
  case refused(Int, String)
}

private func requests(_ bytes: [UInt8], part: Int, _ limits: HTTPLimits) -> [Read] {
  var parser = HTTPRequestParser(limits: limits)
  var read: [Read] = []
  for start in stride(from: 0, to: bytes.count, by: max(1, part)) {
    parser.append(Array(bytes[start..<min(bytes.count, start + max(1, part))]))
    reading: while true {
      switch parser.next() {
      case .needMore: break reading
      case .request(let head, let body):
        read.append(
          .message(
            first: head.method, second: head.target,
            headers: head.headers.map { "\($0.name): \($0.value)" }, body: body))
      case .refused(let status, let reason):
        return read + [.refused(status, reason)]
      }
    }
  }
  return read
}

private func responses(_ bytes: [UInt8], part: Int, _ limits: HTTPLimits) -> [Read] {
  var parser = HTTPResponseParser(limits: limits)
  var read: [Read] = []
  for start in stride(from: 0, to: bytes.count + max(1, part), by: max(1, part)) {
    if start < bytes.count {
      parser.append(Array(bytes[start..<min(bytes.count, start + max(1, part))]))
    } else {
      parser.finish()
    }
    reading: while true {
      switch parser.next() {
      case .needMore: break reading
      case .response(let head, let body):
        read.append(
          .message(
            first: "\(head.status)", second: head.reason,
            headers: head.headers.map { "\($0.name): \($0.value)" }, body: body))
      case .failed(let reason):
        return read + [.refused(0, reason)]
      }
    }
  }
  return read
}
