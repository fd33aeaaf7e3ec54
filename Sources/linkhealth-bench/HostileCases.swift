import Base
import Glibc
import Host

/// A server that means harm, or a program that does, and what an attempt there must come to.
struct HostileCase {
  var name: String
  /// The keys of the probe, as JSON5.
  var probe: String
  /// One of these is the outcome.
  var outcomes: [String]
  var pluginDirectory: String?
  var stop: () -> Void
}

/// All of them, each made when its turn has come.
var hostileCases: [(Workbench) throws -> HostileCase] {
  [
    decompressionBomb, layeredBomb, layeredTransfer, manyHeaders, drippingSteps, dnsLoop,
    dnsPointers, dnsRecords, pluginFlood, pluginFigures, longChain, longJSON, longXML,
  ]
}

// MARK: - HTTP

/// A case of a server that sends the same answer to every request.
private func answers(
  _ name: String, headers: String = "", _ body: [UInt8], request: String = "",
  limits: String = "body: \"1MiB\"", expect: String = "text: [\"needle\"]", outcomes: [String]
) throws -> HostileCase {
  let server = try HostileServer { connection in
    guard connection.awaitRequest() else { return }
    connection.answer(headers, body)
  }
  return HostileCase(
    name: name,
    probe: """
      kind: "http", request: { url: "http://127.0.0.1:\(server.port)/", \(request) },
          limits: { \(limits) }, expect: { \(expect) }
      """, outcomes: outcomes, stop: server.stop)
}

/// 64 MiB of zeros in 64 KiB.
private func decompressionBomb(_ workbench: Workbench) throws -> HostileCase {
  let bytes = try made(workbench, "head -c 64M /dev/zero | gzip -9")
  return try answers(
    "bomb", headers: "Content-Encoding: gzip\r\n", bytes, request: "compressed: true",
    outcomes: ["body.tooLarge"])
}

/// What unpacks to 256 MiB of a packed text of nothing: no bound on what comes out is ever reached.
private func layers(_ workbench: Workbench) throws -> [UInt8] {
  // The header of a gzip file (RFC 1952 section 2.3), then stored blocks of no bytes (RFC 1951
  // section 3.2.4).
  let blocks = (0..<(1 << 20) / 5).flatMap { _ in [0, 0, 0, 0xFF, 0xFF] as [UInt8] }
  try writeFile("\(workbench.directory)/blocks", blocks)
  try writeFile("\(workbench.directory)/head", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3])
  return try made(
    workbench,
    "{ cat head; for i in $(seq 256); do cat blocks; done; } | gzip -1 | gzip -9")
}

private func layeredBomb(_ workbench: Workbench) throws -> HostileCase {
  try answers(
    "layers", headers: "Content-Encoding: gzip, gzip, gzip\r\n", try layers(workbench),
    request: "compressed: true", outcomes: ["body.badEncoding"])
}

/// The same where nobody has asked for anything packed.
private func layeredTransfer(_ workbench: Workbench) throws -> HostileCase {
  try answers(
    "transferCoding", headers: "Transfer-Encoding: gzip, gzip, gzip\r\n", try layers(workbench),
    outcomes: ["http.malformed"])
}

private func manyHeaders(_ workbench: Workbench) throws -> HostileCase {
  try answers(
    "headers", headers: String(repeating: "a:b\r\n", count: 250_000), [],
    limits: "headers: \"256KiB\"", outcomes: ["http.headerTooLarge"])
}

private func longJSON(_ workbench: Workbench) throws -> HostileCase {
  let item = #"{"code":"01","name":"Hà Nội","on":true,"n":[1,2.5,-3e2]},"#
  let text = "[" + String(repeating: item, count: 1_000_000 / item.utf8.count) + "1]"
  return try answers(
    "json", Array(text.utf8),
    expect: "json: [{ path: \"[0].code\", equals: \"01\" }]", outcomes: ["ok", "body.tooComplex"])
}

private func longXML(_ workbench: Workbench) throws -> HostileCase {
  let item = #"<n:item code="01"><name>Hà Nội</name>&lt;&#65;</n:item>"#
  let text =
    "<n:list xmlns:n=\"urn:n\">" + String(repeating: item, count: 1_000_000 / item.utf8.count)
    + "</n:list>"
  return try answers(
    "xml", Array(text.utf8),
    expect: "body: \"xml\", xml: [{ path: \"/list/item/name\" }]",
    outcomes: ["ok", "body.tooComplex"])
}

private func drippingSteps(_ workbench: Workbench) throws -> HostileCase {
  let server = try HostileServer { connection in
    while connection.awaitRequest() {
      connection.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n".utf8))
      connection.drip(20, every: .milliseconds(4))
    }
  }
  let steps = (1...20).map {
    "{ name: \"s\($0)\", request: { url: \"http://127.0.0.1:\(server.port)/\($0)\" } }"
  }
  return HostileCase(
    name: "drip", probe: "kind: \"steps\", steps: [\(steps.joined(separator: ", "))]",
    outcomes: ["body.timedOut", "http.timedOut"], stop: server.stop)
}

// MARK: - DNS

private func dnsProbe(_ port: UInt16, _ transport: String, _ expect: String = "") -> String {
  """
  kind: "dns", query: "portal.example", type: "TXT", server: "127.0.0.1:\(port)",
      transport: "\(transport)", expect: { \(expect) }
  """
}

/// Two pointers that lead to each other (RFC 1035 section 4.1.4).
private func dnsLoop(_ workbench: Workbench) throws -> HostileCase {
  let server = try PacketServer { query in
    let place = (question(of: query)?.count ?? 0)
    let pointer = { (target: Int) in [0xC0 | UInt8(target >> 8), UInt8(target & 0xFF)] }
    return answerToQuestion(query, pointer(place + 2) + pointer(place))
  }
  return HostileCase(
    name: "dnsLoop", probe: dnsProbe(server.port, "udp"), outcomes: ["dns.malformed"],
    stop: server.stop)
}

/// A case of a server that sends the same records over TCP.
private func dnsOverTCP(
  _ name: String, records: Int, _ bytes: [UInt8], outcomes: [String]
) throws -> HostileCase {
  let server = try HostileServer { connection in
    guard let query = connection.receive(), query.count > 2,
      let answer = answerToQuestion(Array(query.dropFirst(2)), records: records, bytes)
    else { return }
    connection.send([UInt8(answer.count >> 8), UInt8(answer.count & 0xFF)] + answer)
  }
  return HostileCase(
    name: name, probe: dnsProbe(server.port, "tcp"), outcomes: outcomes, stop: server.stop)
}

/// Each name points to the one before, so that the last is as long as all.
private func dnsPointers(_ workbench: Workbench) throws -> HostileCase {
  var bytes: [UInt8] = []
  var last = 12
  let records = 1_000
  // "portal.example" is 16 bytes in the question, behind which stand type and class.
  let start = 12 + 16 + 4
  for _ in 0..<records {
    let place = start + bytes.count
    bytes += [0xC0 | UInt8(last >> 8), UInt8(last & 0xFF), 0, 16, 0, 1, 0, 0, 0, 60, 0, 2, 1, 0x61]
    last = place
  }
  return try dnsOverTCP(
    "dnsPointers", records: records, bytes, outcomes: ["dns.malformed"])
}

/// As much right answer as there can be, each byte of which is written as four when it is shown.
private func dnsRecords(_ workbench: Workbench) throws -> HostileCase {
  let text = [UInt8](repeating: 1, count: 50)
  var bytes: [UInt8] = []
  for number in 0..<1_000 {
    let bytesOfNumber = [UInt8(number >> 8), UInt8(number & 0xFF)]
    bytes += [0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, 53, 52] + text + bytesOfNumber
  }
  return try dnsOverTCP("dnsRecords", records: 1_000, bytes, outcomes: ["ok"])
}

// MARK: - Programs

private func plugin(
  _ workbench: Workbench, _ name: String, _ script: String, outcomes: [String]
) throws -> HostileCase {
  let directory = "\(workbench.directory)/plugins"
  guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
    throw SystemError.last("mkdir", directory)
  }
  try writeFile("\(directory)/\(name)", Array("#!/bin/sh\n\(script)\n".utf8))
  guard chmod("\(directory)/\(name)", 0o700) == 0 else {
    throw SystemError.last("chmod", "\(directory)/\(name)")
  }
  return HostileCase(
    name: name, probe: "kind: \"exec\", program: \"\(name)\", limits: { output: \"1MiB\" }",
    outcomes: outcomes, pluginDirectory: directory, stop: {})
}

private func pluginFlood(_ workbench: Workbench) throws -> HostileCase {
  try plugin(workbench, "pluginFlood", "exec yes", outcomes: ["plugin.outputTooLarge"])
}

/// As many figures as there is room for, all of the same name.
private func pluginFigures(_ workbench: Workbench) throws -> HostileCase {
  try plugin(
    workbench, "pluginFigures", "printf 'fine|'; yes a=1 | head -c 1000000", outcomes: ["ok"])
}

// MARK: - TLS

/// A chain near to what OpenSSL takes at most, 100 KiB, with keys of 4,096 bits.
private func longChain(_ workbench: Workbench) throws -> HostileCase {
  let home = "\(workbench.directory)/chain"
  guard mkdir(home, 0o700) == 0 else { throw SystemError.last("mkdir", home) }
  _ = try made(
    workbench,
    #"""
    cd chain
    printf 'basicConstraints=critical,CA:TRUE\n' >authority
    names=IP:127.0.1.1
    for i in $(seq 2 10); do names=$names,IP:127.0.1.$i; done
    printf 'subjectAltName=%s\n' "$names" >server
    openssl genrsa -out key 4096 2>/dev/null
    openssl req -x509 -key key -days 2 -subj '/CN=top' -out ca.pem
    last=ca.pem
    for i in $(seq 70); do
      openssl req -new -key key -subj "/CN=between $i" |
        openssl x509 -req -days 2 -CA $last -CAkey key -set_serial $i -extfile authority \
          -out between-$i.pem 2>/dev/null
      last=between-$i.pem
    done
    openssl req -new -key key -subj '/CN=server' |
      openssl x509 -req -days 2 -CA $last -CAkey key -set_serial 99 -extfile server \
        -out server.pem 2>/dev/null
    cat server.pem >all.pem
    for i in $(seq 70 -1 1); do cat between-$i.pem >>all.pem; done
    """#)
  let server = try WebServer(
    workbench,
    certificates: Certificates(
      caFile: "\(home)/ca.pem", certificate: "\(home)/all.pem", key: "\(home)/key"))
  return HostileCase(
    name: "tlsChain",
    probe: """
      kind: "tls", target: "127.0.1.1:\(server.port)", allowUntidy: true, warn: [],
          tls: { caFile: "\(home)/ca.pem" }
      """, outcomes: ["ok", "tls.unknownIssuer", "tls.incompleteChain"]
  ) { server.stop(workbench) }
}

/// What a script writes in the workbench's directory.
private func made(_ workbench: Workbench, _ script: String) throws -> [UInt8] {
  let child = try workbench.startToEnd(
    ["/bin/sh", "-euc", "cd \"$0\"; \(script)", workbench.directory], name: "script")
  return try workbench.output(of: child, within: .seconds(120))
}
