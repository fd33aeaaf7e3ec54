import Base
import Glibc
import Host
import Testing
import Wire

extension DaemonTests {
  @Suite("Restarts") struct Restarts {
    /// A server that answers with a status that the test changes.
    private func answering(_ status: Shared<Int>, _ requests: Recorder<String>) throws -> TestServer
    {
      try TestServer { connection in
        while let request = connection.request() {
          requests.append(request.head.path)
          connection.answer(status.current)
        }
      }
    }

    @Test("an open incident goes on under its id over a restart and is not told again")
    func openIncident() throws {
      let server = try answering(Shared(500), Recorder())
      defer { server.stop() }
      let receiver = try WebhookReceiver()
      defer { receiver.stop() }
      let link = WatchedLink(url: "\(server.url)/", every: "100ms")
      let daemon = try Daemon.running([link], tellingPort: receiver.port)
      let opened = try receiver.waitForAccepted(1)[0]
      #expect(opened.type == "incident.opened")
      #expect(try daemon.stop() == .exited(0))
      try daemon.start()
      #expect(try daemon.incidents().map { $0["id"]?.string } == [opened.incident])
      try eventually("the link has been looked at again") {
        try daemon.get("/v1/links/\(link.id)").json?["link"]?["state"]?.string == "down"
      }
      let count = try daemon.samples(link).count
      try eventually("and again") { try daemon.samples(link).count >= count + 6 }
      #expect(try daemon.incidents().map { $0["id"]?.string } == [opened.incident])
      #expect(receiver.received.count == 1)
      #expect(fileNames("\(daemon.state)/alerts/open") == ["\(opened.incident).json"])
    }

    @Test("a recovery while the daemon was down is told")
    func recovery() throws {
      let status = Shared(500)
      let server = try answering(status, Recorder())
      defer { server.stop() }
      let receiver = try WebhookReceiver()
      defer { receiver.stop() }
      let link = WatchedLink(url: "\(server.url)/", every: "100ms")
      let daemon = try Daemon.running([link], tellingPort: receiver.port)
      let opened = try receiver.waitForAccepted(1)[0]
      try daemon.stop()
      status.current = 200
      try daemon.start()
      let resolved = try receiver.waitForAccepted(2)[1]
      #expect(resolved.type == "incident.resolved")
      #expect(resolved.incident == opened.incident)
      #expect(resolved.sequence == opened.sequence + 1)
      try eventually("the file is closed") {
        fileNames("\(daemon.state)/alerts/closed") == ["\(opened.incident).json"]
          && fileNames("\(daemon.state)/alerts/open").isEmpty
      }
    }

    @Test("a pause stops all traffic, over a restart too, until it is resumed")
    func pause() throws {
      let requests = Recorder<String>()
      let server = try answering(Shared(200), requests)
      defer { server.stop() }
      let link = WatchedLink(url: "\(server.url)/", every: "100ms")
      let daemon = try Daemon.running([link])
      try eventually("it is watched") { requests.count > 0 }
      let answer = try daemon.post(
        "/v1/links/\(link.id)/pause", body: "{\"reason\": \"night work\"}")
      #expect(answer.json?["paused"]?.bool == true, "\(answer.text)")
      try eventually("what was on its way has ended") {
        try daemon.status()["schedule"]?["inFlight"]?.int == 0
      }
      let before = requests.count
      try daemon.stop()
      try daemon.start()
      try eventually("runs are skipped") {
        try daemon.samples(link).suffix(3).allSatisfy { $0.outcome == "skipped.paused" }
      }
      let shown = try daemon.get("/v1/links/\(link.id)").json?["link"]
      #expect(shown?["marks"]?.array?.compactMap(\.string) == ["paused"])
      #expect(shown?["state"]?.string == "unknown", "unknown is never up")
      #expect(requests.count == before)
      try daemon.post("/v1/links/\(link.id)/resume")
      try eventually("it is watched again") { requests.count > before }
    }

    @Test("a refused credential gets no fast confirmation, another failure does")
    func refusedCredential() throws {
      let requests = Recorder<String>()
      let server = try TestServer { connection in
        while let request = connection.request() {
          requests.append(request.head.path)
          connection.answer(request.head.path == "/refusing" ? 401 : 500)
        }
      }
      defer { server.stop() }
      let links = ["refusing", "failing"].map { name in
        WatchedLink(
          service: name, url: "\(server.url)/\(name)", every: "1s",
          probe: "retryEvery: \"100ms\", retries: 3,", alert: "failures: \"60 of 64\"")
      }
      let daemon = try Daemon.running(links)
      try eventually("another failure is confirmed") {
        try daemon.samples(links[1]).contains(where: \.isConfirmation)
      }
      try eventually("the credential was refused twice") {
        try daemon.samples(links[0]).count { $0.detail == "401" } >= 2
      }
      #expect(try !daemon.samples(links[0]).contains(where: \.isConfirmation))
    }
  }
}
