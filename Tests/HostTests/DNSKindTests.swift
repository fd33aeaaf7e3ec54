import Base
import Glibc
import Model
import Probes
import Testing
import Wire

@testable import Host

@Suite("The kind dns over real sockets", .serialized)
struct DNSKindTests {
  private func options(
    _ port: UInt16, _ name: String = "www.portal.example", _ type: DNSType = .a,
    transport: DNSOptions.Transport = .automatic, edns: Bool = true,
    expect: DNSExpectations = .init()
  ) throws -> DNSOptions {
    DNSOptions(
      question: DNSQuestion(try #require(DNSName(name)), type),
      servers: [try HostPort("127.0.0.1:\(port)")], transport: transport,
      udpBytes: edns ? 1_232 : nil, expectations: expect)
  }

  private typealias Row = (
    name: String, type: DNSType, expect: DNSExpectations, outcome: Outcome, note: String
  )

  private static let rows: [Row] = [
    (
      "www.portal.example", .a, .init(answers: ["192.0.2.7", "192.0.2.8"], authoritative: true),
      .ok,
      ""
    ),
    ("www.portal.example", .aaaa, .init(answers: ["2001:db8::7"]), .ok, "2001:db8::7"),
    ("alias.portal.example", .a, .init(anyOf: ["192.0.2.8"]), .ok, ""),
    ("alias.portal.example", .cname, .init(), .ok, "www.portal.example"),
    ("portal.example", .mx, .init(), .ok, "10 mail.portal.example"),
    ("portal.example", .ns, .init(), .ok, "ns.portal.example"),
    ("portal.example", .txt, .init(answers: ["v=spf1 -all"]), .ok, "v=spf1 -all"),
    (
      "portal.example", .soa, .init(), .ok,
      "ns.portal.example admin.portal.example 1 3600 600 86400 300"
    ),
    ("_ldap._tcp.portal.example", .srv, .init(), .ok, "0 5 389 www.portal.example"),
    ("portal.example", .caa, .init(), .ok, "0 issue ca.example"),
    ("ptr.portal.example", .ptr, .init(), .ok, "www.portal.example"),
    (
      "www.portal.example", .a, .init(answers: ["192.0.2.7"]),
      .dns(.unexpectedRecord("192.0.2.8")), ""
    ),
    (
      "www.portal.example", .a, .init(answers: ["192.0.2.7", "192.0.2.8", "192.0.2.9"]),
      .dns(.recordMissing("192.0.2.9")), ""
    ),
    ("www.portal.example", .mx, .init(), .dns(.noRecords), ""),
    ("gone.portal.example", .a, .init(), .dns(.responseCode("NXDOMAIN")), ""),
    ("gone.portal.example", .a, .init(responseCode: 3), .ok, ""),
    ("www.broken.example", .a, .init(), .dns(.responseCode("SERVFAIL")), ""),
    ("www.stranger.example", .a, .init(), .dns(.responseCode("REFUSED")), ""),
    ("large.portal.example", .txt, .init(), .ok, ""),
  ]

  @Test("a real name server's answers are told for what they are")
  func realServer() throws {
    let server = try NameServerDaemon()
    defer { server.stop() }
    let bench = try SocketBench()
    for row in Self.rows {
      for transport in [DNSOptions.Transport.automatic, .tcp] {
        let result = try bench.run(
          DNSProbe.self,
          try options(
            server.port, row.name, row.type, transport: transport, expect: row.expect))
        #expect(result.outcome == row.outcome, "\(row.name) \(row.type.word): \(result.steps)")
        if !row.note.isEmpty { #expect(result.note == row.note) }
      }
    }
  }

  @Test("an answer too large for a packet is fetched over TCP, or told to be cut short")
  func large() throws {
    let server = try NameServerDaemon()
    defer { server.stop() }
    let bench = try SocketBench()
    for edns in [true, false] {
      let whole = try bench.run(
        DNSProbe.self, try options(server.port, "large.portal.example", .txt, edns: edns))
      #expect(whole.outcome == .ok)
      #expect(whole.timings.connectMicroseconds > 0, "it went over TCP: \(whole.steps)")
      #expect(whole.bodyBytes > 3_000)
    }
    let cut = try bench.run(
      DNSProbe.self, try options(server.port, "large.portal.example", .txt, transport: .udp))
    #expect(cut.outcome == .dns(.truncated))
  }

  @Test("a port where nothing listens is told by the kernel")
  func refused() throws {
    let gone = try PacketServer { _ in [] }
    gone.stop()
    let result = try SocketBench().run(DNSProbe.self, try options(gone.port))
    #expect(result.outcome == .connect(.refused))
  }

  /// What a hostile server makes of a question.
  private static let tricks: [(name: String, outcome: Outcome)] = [
    ("loop", .dns(.malformed("a name's pointer leads forward or in a loop"))),
    ("wrong id", .dns(.mismatched)), ("wrong question", .dns(.mismatched)),
    ("silence", .dns(.timedOut)), ("garbage", .dns(.mismatched)), ("echo", .dns(.mismatched)),
    ("cut off", .dns(.malformed("it ends within a record"))),
    ("wrong id, then right", .ok), ("flood", .dns(.mismatched)),
  ]

  @Test("a hostile server is named by what it does", arguments: tricks)
  func hostile(_ trick: (name: String, outcome: Outcome)) throws {
    let name = trick.name
    let server = try PacketServer { Self.answers($0, name) }
    defer { server.stop() }
    let result = try SocketBench().run(
      DNSProbe.self, try options(server.port, "a.example", edns: false), timeout: .milliseconds(700)
    )
    #expect(result.outcome == trick.outcome, "\(result.steps)")
  }

  private static func answers(_ query: [UInt8], _ trick: String) -> [[UInt8]] {
    // a.example, A, IN: the question takes 15 bytes behind the header of 12.
    let start = Array(query[..<2]) + [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0] + Array(query[12..<27])
    let record: [UInt8] = [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]
    let good = start + record
    var wrongID = good
    wrongID[0] ^= 0xFF
    switch trick {
    case "loop": return [start + [0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xC0, 39]]
    case "wrong id": return [wrongID]
    case "wrong question":
      var other = good
      other[13] ^= 1
      return [other]
    case "garbage":
      let first = query[0] ^ 0xFF
      return [[first], [], [first] + [UInt8](repeating: 0xFF, count: 600)]
    case "echo": return [query]
    case "cut off": return [Array(good.dropLast(3))]
    case "wrong id, then right": return [wrongID, good]
    case "flood": return [[UInt8]](repeating: wrongID, count: 400)
    default: return []
    }
  }
}

/// nsd (Debian's package) with a zone of its own on a free port of 127.0.0.1. Must be stopped.
final class NameServerDaemon {
  let port: UInt16
  private let directory: String
  private let pid: pid_t

  init() throws {
    guard access("/usr/sbin/nsd", X_OK) == 0 else {
      throw SystemError(operation: "install Debian's package nsd:", path: "nsd", code: ENOENT)
    }
    directory = "/tmp/linkhealth-nsd-\(getpid())-\(randomSeed() % 1_000_000)"
    mkdir(directory, 0o755)
    port = try freePort()
    try Self.write("\(directory)/nsd.conf", Self.configuration(directory, port))
    try Self.write("\(directory)/portal.zone", Self.zone)
    // What is no zone file leaves its zone unloaded.
    try Self.write("\(directory)/broken.zone", "this is no zone\n")
    pid = try Self.spawn(["/usr/sbin/nsd", "-d", "-c", "\(directory)/nsd.conf"])
    try waitUntilItAnswers()
  }

  func stop() {
    // Where another test has made this process a subreaper, what nsd leaves behind becomes our child.
    let children =
      (try? readWholeFile("/proc/\(pid)/task/\(pid)/children"))?
      .split(separator: UInt8(ascii: " ")) ?? []
    kill(pid, SIGTERM)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    for child in children.compactMap({ pid_t(String(decoding: $0, as: UTF8.self)) }) {
      for _ in 0..<200 where waitpid(child, &status, WNOHANG) == 0 { usleep(10_000) }
    }
    for name in ["nsd.conf", "portal.zone", "broken.zone", "nsd.pid", "nsd.db", "xfrd", "zones"] {
      unlink("\(directory)/\(name)")
    }
    rmdir(directory)
  }

  private static func write(_ path: String, _ text: String) throws {
    let raw = creat(path, 0o644)
    guard raw >= 0 else { throw SystemError.last("creat", path) }
    defer { close(raw) }
    let bytes = Array(text.utf8)
    guard Glibc.write(raw, bytes, bytes.count) == bytes.count else {
      throw SystemError.last("write", path)
    }
  }

  private static func spawn(_ words: [String]) throws -> pid_t {
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    // The tests' threads block signals, which a program would inherit: it could not be ended.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var pid = pid_t()
    let code = posix_spawn(&pid, words[0], &actions, &attributes, &arguments, environ)
    guard code == 0 else { throw SystemError(operation: "posix_spawn", path: words[0], code: code) }
    return pid
  }

  private func waitUntilItAnswers() throws {
    let options = DNSOptions(
      question: DNSQuestion(DNSName("portal.example")!, .soa),
      servers: [try HostPort("127.0.0.1:\(port)")])
    let bench = try SocketBench()
    let end = Clock.instant + .seconds(20)
    while Clock.instant < end {
      let result = try bench.run(DNSProbe.self, options, timeout: .milliseconds(500))
      if result.outcome == .ok { return }
      usleep(20_000)
    }
    stop()
    throw SystemError(operation: "start", path: "nsd", code: ETIMEDOUT)
  }

  private static func configuration(_ directory: String, _ port: UInt16) -> String {
    """
    server:
      ip-address: 127.0.0.1@\(port)
      username: ""
      chroot: ""
      zonesdir: "\(directory)"
      database: ""
      pidfile: "\(directory)/nsd.pid"
      xfrdfile: "\(directory)/xfrd"
      zonelistfile: "\(directory)/zones"
      logfile: "/dev/null"
      server-count: 1
      rrl-ratelimit: 0
    remote-control:
      control-enable: no
    zone:
      name: portal.example
      zonefile: portal.zone
    zone:
      name: broken.example
      zonefile: broken.zone
    """ + "\n"
  }

  private static let zone =
    """
    $ORIGIN portal.example.
    $TTL 60
    @ IN SOA ns admin 1 3600 600 86400 300
    @ IN NS ns
    @ IN MX 10 mail
    @ IN TXT "v=spf1 " "-all"
    @ IN CAA 0 issue "ca.example"
    ns IN A 127.0.0.1
    mail IN A 192.0.2.25
    www IN A 192.0.2.7
    www IN A 192.0.2.8
    www IN AAAA 2001:db8::7
    alias IN CNAME www
    ptr IN PTR www
    _ldap._tcp IN SRV 0 5 389 www

    """ + (0..<16).map { "large IN TXT \"\($0) \(String(repeating: "x", count: 200))\"\n" }.joined()
}

/// A port that was free a moment ago, for UDP and TCP alike as far as one can tell.
func freePort() throws -> UInt16 {
  let listener = try Listener { _ in }
  defer { listener.stop() }
  return listener.port
}
