import Base
import Glibc

/// A PostgreSQL of a test's own, in a directory of its own, on a free port of 127.0.0.1. It does not run
/// as root: then the user of Debian's package runs it. Must be stopped.
final class PostgreSQL {
  static let user = "watcher"
  static let password = "pg-s3cret-value"

  let port: UInt16
  private let place: Workplace
  private let process: ChildProcess

  init() throws {
    place = try Workplace()
    port = try freePort()
    let bin = try Self.programs()
    let data = "\(place.path)/data"
    mkdir(data, 0o700)
    if isRoot {
      guard let owner = getpwnam("postgres") else {
        throw HarnessError("no user postgres: install the Debian package postgresql")
      }
      chown(data, owner.pointee.pw_uid, owner.pointee.pw_gid)
    }
    let passwordFile = try place.write("password", Self.password)
    let made = try ChildProcess.run(
      Self.asUser + [
        "\(bin)/initdb", "--pgdata", data, "--username", Self.user, "--pwfile", passwordFile,
        "--auth", "scram-sha-256", "--no-locale", "--encoding", "UTF8", "--no-sync",
      ], within: .seconds(120))
    guard made.end == .exited(0) else { throw HarnessError("initdb: \(made.output)") }
    process = try ChildProcess(
      Self.asUser + [
        "\(bin)/postgres", "-D", data, "-p", "\(port)", "-c", "listen_addresses=127.0.0.1",
        "-c", "unix_socket_directories=", "-c", "fsync=off",
      ], output: "\(place.path)/output")
    let port = self.port
    try eventually("PostgreSQL accepts", within: .seconds(60)) { [process] in
      if let end = process.poll() { throw HarnessError("postgres: \(end) \(process.output)") }
      let words = ["\(bin)/pg_isready", "-h", "127.0.0.1", "-p", "\(port)", "-q"]
      return try ChildProcess.run(words).end == .exited(0)
    }
  }

  /// SIGINT: a fast shutdown, which does not wait for clients.
  func stop() {
    process.signal(SIGINT)
    if (try? process.waitForEnd()) == nil { process.kill() }
  }

  private static var asUser: [String] {
    isRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : []
  }

  /// The newest version's directory of programs.
  private static func programs() throws -> String {
    let versions = fileNames("/usr/lib/postgresql").compactMap { Int($0) }
    guard let newest = versions.max() else {
      throw HarnessError("no PostgreSQL here: install the Debian package postgresql")
    }
    return "/usr/lib/postgresql/\(newest)/bin"
  }
}
