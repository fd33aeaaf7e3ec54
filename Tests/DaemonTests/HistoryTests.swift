import Base
import Glibc
import Host
import Testing
import Wire

extension DaemonTests {
  @Suite("The past") struct Past {
    private let link = WatchedLink(url: "", every: "60s", timeout: "2s")

    /// A daemon that asks ten times a second, with room for a sample a minute: blocks are made within
    /// seconds.
    private func daemon(_ server: TestServer) throws -> (Daemon, WatchedLink) {
      var link = link
      link.url = "\(server.url)/"
      return (try Daemon([link], settings: "accelerate: 600,"), link)
    }

    private func server() throws -> TestServer {
      try TestServer { connection in while connection.request() != nil { connection.answer(200) } }
    }

    private func blocks(_ daemon: Daemon) throws -> Int {
      try HistoryStore(copy: "\(daemon.state)/history").snapshot.blockCount
    }

    @Test("samples are in blocks and in the ring; kill -9 loses none of either, nor their figures")
    func blocksAndRing() throws {
      let server = try server()
      defer { server.stop() }
      let (daemon, link) = try daemon(server)
      try daemon.start()
      defer { daemon.kill() }
      try eventually("some blocks have been made", within: .seconds(60)) {
        try blocks(daemon) >= 2
      }
      let before = try daemon.samples(link)
      #expect(before.count > 150)
      daemon.kill()
      try daemon.start()
      let after = try daemon.samples(link, limit: 10_000)
      #expect(after.prefix(before.count).map(\.time) == before.map(\.time))
      let report = try #require(try daemon.get("/v1/availability?by=link").json)
      let group = try #require(report["groups"]?.array?.first, "\(report)")
      #expect(group["availability"]?.number?.double == 1)
      #expect((group["attempts"]?.int ?? 0) >= before.count)
      let copied = try ChildProcess.run([
        Programs.control, "history", link.id, "--file", "\(daemon.state)/history", "--csv",
        "--since", "1h", "--step", "1h",
      ])
      #expect(copied.end == .exited(0), "\(copied.output)")
      #expect(copied.output.contains("link,probe,from,to,availability"))
      #expect(copied.output.contains(",1.0,"), "\(copied.output)")
      let none = try ChildProcess.run([
        Programs.control, "history", "other/national", "--file", "\(daemon.state)/history",
      ])
      #expect(none.end == .exited(1))
      #expect(none.output.contains("holds nothing of other/national"))
      let export = try daemon.get("/v1/export?rows=samples&format=csv&link=\(link.id)")
      #expect(export.status == 200)
    }

    @Test("check --sizes tells what the history takes on the disk")
    func sizes() throws {
      let server = try server()
      defer { server.stop() }
      let (daemon, link) = try daemon(server)
      try daemon.writeConfiguration()
      let checked = try ChildProcess.run([
        Programs.control, "check", "--sizes", "--json", daemon.configurationFile,
      ])
      #expect(checked.end == .exited(0), "\(checked.output)")
      let told = try #require(
        parseJSON(Array(checked.output.utf8), dialect: .json, limits: .catalogue).node)
      try daemon.start()
      defer { daemon.kill() }
      try daemon.waitForState("up", of: link)
      var taken = 0
      for part in ["", "/samples", "/five-minutes", "/hours"] {
        let directory = "\(daemon.state)/history\(part)"
        for name in fileNames(directory) where name.contains("-") {
          var status = stat()
          if stat("\(directory)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG {
            taken += Int(status.st_size)
          }
        }
      }
      #expect(told["bytes"]?.int == taken)
    }
  }
}
