import Base
import Glibc
import Host
import Testing
import Wire

/// A daemon that watches every shipped sample, and what it has open.
final class WatchedKinds {
  let daemon: Daemon
  let samples: [ShippedSample]
  /// Under what name they ask the loopback.
  var host = "127.0.0.1"
  private var descriptorLimit = DescriptorLimit()

  struct Told: CustomStringConvertible {
    var name: String
    var sentence: String
    /// The last word of the name.
    var cause: String { name.split(separator: ".").last.map(String.init) ?? "" }
    var description: String { "\(name), \(sentence)" }
  }

  init() throws {
    samples = try ShippedSample.all()
    daemon = try Daemon()
    guard !samples.isEmpty else { throw HarnessError("there are no samples") }
  }

  func stop() { daemon.kill() }

  // MARK: The files

  /// Writes the services, asking a server, or only one of them, or none, and has them read.
  func watch(
    _ server: Bystander, _ mood: DaemonTests.Kinds.Mood, timeout: String = "2s",
    pause: String = "200ms"
  ) throws {
    for sample in samples { try write(sample, server, mood, timeout, pause) }
    try read()
  }

  func watch(
    _ server: Bystander, _ mood: DaemonTests.Kinds.Mood, only one: ShippedSample?,
    timeout: String = "2s", pause: String = "200ms"
  ) throws {
    for sample in samples { unlink("\(daemon.place.path)/services/\(sample.name).json5") }
    if let one { try write(one, server, mood, timeout, pause) }
    try read()
  }

  private func write(
    _ sample: ShippedSample, _ server: Bystander, _ mood: DaemonTests.Kinds.Mood,
    _ timeout: String, _ pause: String
  ) throws {
    let text = sample.service(
      host: host, port: Int(server.port), timeout: timeout, pause: pause)
    try daemon.place.write("services/\(sample.name).json5", text)
    for name in sample.secrets {
      try daemon.place.write("secrets/\(name)", sample.secret(name), mode: 0o600)
    }
    guard let program = sample.program else { return }
    try daemon.place.write("plugins/\(program)", "#!/bin/sh\n\(mood.program)\n", mode: 0o755)
    daemon.settings = "exec: { directories: [\"\(daemon.place.path)/plugins\"] },"
  }

  private func read() throws {
    guard daemon.process != nil else { return try daemon.start() }
    let answer = try daemon.post("/v1/reload?yes=true")
    try #require(answer.status == 200, "\(answer)")
  }

  // MARK: Attempts

  func path(_ sample: ShippedSample) -> String { "/v1/links/\(sample.name)/national/try" }

  func attempt(_ sample: ShippedSample, by caller: ControlConnection? = nil) throws -> Told {
    let answer = try (caller ?? daemon.connect()).request("POST", path(sample))
    try #require(answer.status == 200, "\(sample.name): \(answer)")
    let found = try #require(answer.json?["attempts"]?.array?.first?["sample"])
    return Told(
      name: found["outcome"]?.string ?? "", sentence: found["sentence"]?.string ?? "")
  }

  // MARK: What is open

  /// What is open when nothing is under way. The first rounds warm up what is kept for good: threads,
  /// tables of certificates. A round's figure may hold something that is closed later, the lowest of them
  /// hardly ever.
  func baseline() throws -> [String] {
    try DaemonTests.Kinds.Mood.allCases.map { mood in
      let server = try Bystander(mood)
      defer { server.stop() }
      try watch(server, mood)
      for sample in samples { _ = try attempt(sample) }
      return try settled()
    }.min { $0.count < $1.count }!
  }

  func waitUntilNothingIsLeft(_ baseline: [String], _ when: String) throws {
    var open: [String] = []
    do {
      try eventually("\(when) no more descriptors are open than before") {
        open = try descriptors()
        return open.count <= baseline.count
      }
    } catch {
      Issue.record("\(error); open: \(open), before: \(baseline)")
    }
    try eventually("\(when) no process is left") { try children().isEmpty }
  }

  /// What is open once that has stopped changing.
  func settled() throws -> [String] {
    var last = -1
    return try eventually("the number of descriptors stands still", every: .milliseconds(300)) {
      let open = try descriptors()
      defer { last = open.count }
      return open.count == last ? open : nil
    }
  }

  private func pid() throws -> Int32 { try #require(daemon.process).pid }

  /// What each descriptor of the daemon leads to, sorted.
  func descriptors() throws -> [String] {
    let directory = "/proc/\(try pid())/fd"
    return fileNames(directory).compactMap { target(of: "\(directory)/\($0)") }.sorted()
  }

  /// Where a symbolic link leads; `nil` when it has gone since it was listed.
  private func target(of path: String) -> String? {
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = bytes.withUnsafeMutableBytes { readlink(path, $0.baseAddress!, $0.count) }
    return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  private func children() throws -> [Int32] { try children(of: try pid()) }

  private func children(of parent: Int32) throws -> [Int32] {
    fileNames("/proc/\(parent)/task").flatMap { thread in
      (fileText("/proc/\(parent)/task/\(thread)/children") ?? "").split(separator: " ")
    }.compactMap { Int32($0) }
  }

  /// The programs that it runs, and what they have started.
  func session() throws -> [Int32] {
    let programs = try children()
    return try programs + programs.flatMap { try children(of: $0) }
  }

  /// Lets the daemon open so many descriptors more, or as many as at first.
  func leave(_ count: Int?) throws { try descriptorLimit.leave(count, to: try pid()) }
}

/// How many descriptors a process may open.
struct DescriptorLimit {
  private var atFirst: Int?

  /// Lets a process open so many descriptors more, or as many as at first.
  mutating func leave(_ count: Int?, to pid: Int32) throws {
    let line = fileText("/proc/\(pid)/limits")?.split(separator: "\n").first {
      $0.hasPrefix("Max open files")
    }
    let now = line?.split(separator: " ").compactMap { Int($0) }.first
    var limit = try #require(atFirst ?? now)
    atFirst = limit
    if let count {
      // The numbers that are free, lowest first, are those that the kernel would give.
      let taken = Set(fileNames("/proc/\(pid)/fd").compactMap { Int($0) })
      var free = 0
      limit = 0
      while free < count || taken.contains(limit) {
        if !taken.contains(limit) { free += 1 }
        limit += 1
      }
    }
    let words = ["prlimit", "--pid", "\(pid)", "--nofile=\(limit):"]
    let done = try ChildProcess.run(words)
    guard done.end == .exited(0) else { throw HarnessError("prlimit: \(done.output)") }
  }
}

/// A server that says nothing, one that refuses, or one that hangs up; on TCP and UDP alike.
final class Bystander {
  let port: UInt16
  private let server: TestServer?
  private var packets: Int32 = -1

  init(_ mood: DaemonTests.Kinds.Mood) throws {
    let server = try TestServer { connection in
      if mood == .silent { while connection.rawHead() != nil {} }
    }
    port = server.port
    if mood == .refusing {
      server.stop()
      self.server = nil
      return
    }
    self.server = server
    guard mood == .silent else { return }
    packets = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(packets, $0, size) }
    }
    guard code == 0 else { throw HarnessError("bind UDP \(port): \(errno)") }
  }

  func stop() {
    server?.stop()
    if packets >= 0 { close(packets) }
    packets = -1
  }
}
