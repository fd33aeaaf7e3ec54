import Base
import Glibc
import Host
import Testing
import Wire

extension DaemonTests {
  @Suite("Reloads") struct Reloads {
    private func failing() throws -> TestServer {
      try TestServer { connection in
        while connection.request() != nil { connection.answer(500) }
      }
    }

    @Test("a reload adds, removes and changes links, and those that stay keep their state")
    func good() throws {
      let server = try failing()
      defer { server.stop() }
      let kept = WatchedLink(service: "kept", url: "\(server.url)/", every: "100ms")
      let removed = WatchedLink(service: "removed", url: "\(server.url)/", every: "100ms")
      var changed = WatchedLink(service: "changed", url: "\(server.url)/", every: "100ms")
      let daemon = try Daemon.running([kept, removed, changed])
      for link in [kept, removed, changed] { try daemon.waitForState("down", of: link) }
      // Incidents show once they are on the disk.
      let before = try eventually("the incidents are open") {
        let open = try incidents(daemon)
        return open.count == 3 ? open : nil
      }

      try daemon.watch(WatchedLink(service: "added", url: "\(server.url)/", every: "100ms"))
      unlink("\(daemon.place.path)/services/removed.json5")
      changed.timeout = "1s"
      try daemon.watch(changed)
      let answer = try daemon.post("/v1/reload")
      #expect(answer.status == 200, "\(answer.text)")
      let json = try #require(answer.json)
      #expect(json["links"]?.int == 3)
      #expect(json["added"]?.int == 1)
      #expect(json["removed"]?.int == 1)
      #expect(json["changed"]?.int == 1)

      #expect(try daemon.linkState(kept) == "down", "at once, without new attempts")
      #expect(try daemon.linkState(changed) == "down")
      #expect(try daemon.get("/v1/links/\(removed.id)").status == 404)
      try eventually("the incident of the link that went is resolved") {
        try daemon.incidents("resolved").map { $0["id"]?.string } == [before[removed.id]]
      }
      let after = try incidents(daemon)
      #expect(after == before.filter { $0.key != removed.id })
      try eventually("the new link is watched") {
        try !daemon.samples(WatchedLink(service: "added", url: "")).isEmpty
      }
    }

    /// The open incidents' ids by their links.
    private func incidents(_ daemon: Daemon) throws -> [String: String] {
      var ids: [String: String] = [:]
      for incident in try daemon.incidents() {
        ids[incident["links"]?.array?.first?.string ?? ""] = incident["id"]?.string
      }
      return ids
    }

    @Test("a plan says what would change and changes nothing")
    func plan() throws {
      let one = WatchedLink(service: "one", url: "http://127.0.0.1:1/")
      var two = WatchedLink(service: "two", url: "http://127.0.0.1:1/")
      let three = WatchedLink(service: "three", url: "http://127.0.0.1:1/")
      let daemon = try Daemon.running([one, two, three])
      unlink("\(daemon.place.path)/services/three.json5")
      two.alert = "failures: \"2 of 3\""
      try daemon.watch(two)
      try daemon.watch(WatchedLink(service: "four", url: "http://127.0.0.1:1/"))
      let answer = try daemon.post("/v1/reload?plan=true")
      #expect(answer.status == 200, "\(answer.text)")
      let plan = try #require(answer.json)
      #expect(plan["applied"]?.bool == false)
      #expect((plan["links"]?.int, plan["unchanged"]?.int) == (3, 1))
      #expect(plan["added"]?["links"]?.array?.map(\.string) == ["four/national"])
      #expect(plan["removed"]?["links"]?.array?.map(\.string) == ["three/national"])
      let changed = plan["changed"]?["links"]?.array?.first
      #expect(changed?["link"]?.string == "two/national")
      #expect(changed?["changes"]?.array?.map(\.string) == ["rules"])
      let rule = plan["rules"]?["changed"]?["rules"]?.array?.first
      #expect(rule?["was"]?.string == "3 of 5, clear after 2")
      #expect(rule?["becomes"]?.string == "2 of 3, clear after 2")
      #expect(try daemon.get("/v1/links/three/national").status == 200)
      #expect(try daemon.get("/v1/links/four/national").status == 404)
      #expect(try daemon.post("/v1/reload?pla=true").status == 400)
      #expect(try daemon.post("/v1/reload?plan=maybe").status == 400)
    }

    @Test("a reload that drops more than a third of the links needs a yes; SIGHUP has none")
    func dropsTooMuch() throws {
      let links = ["one", "two", "three"].map {
        WatchedLink(service: $0, url: "http://127.0.0.1:1/")
      }
      let daemon = try Daemon.running(links)
      for link in links.dropFirst() {
        unlink("\(daemon.place.path)/services/\(link.service).json5")
      }
      let answer = try daemon.post("/v1/reload")
      #expect(answer.status == 409)
      #expect(answer.errorCode == "dropsTooMuch")
      #expect(answer.json?["removed"]?["total"]?.int == 2)
      #expect(answer.json?["dropsTooMuch"]?.bool == true)
      #expect(try daemon.get("/v1/links").json?["total"]?.int == 3)
      let told = daemon.logLines(with: "drops more than a third").count
      #expect(told == 1)
      try #require(daemon.process).signal(SIGHUP)
      try eventually("the refusal is in the log") {
        daemon.logLines(with: "drops more than a third").count == 2
      }
      #expect(try daemon.get("/v1/links").json?["total"]?.int == 3)
      #expect(try daemon.post("/v1/reload?yes=true").status == 200)
      #expect(try daemon.get("/v1/links").json?["total"]?.int == 1)
    }

    @Test("a reload with mistakes tells them all to the caller and the log; the running files stay")
    func bad() throws {
      let server = try failing()
      defer { server.stop() }
      let link = WatchedLink(url: "\(server.url)/", every: "100ms")
      let daemon = try Daemon.running([link])
      try daemon.watch(WatchedLink(service: "one", url: "ftp://127.0.0.1/", every: "1fortnight"))
      try daemon.place.write("services/two.json5", "{ service: \"two\", ")
      let answer = try daemon.post("/v1/reload")
      #expect(answer.status == 422)
      #expect(answer.errorCode == "badConfiguration")
      let complaints = try #require(answer.json?["complaints"]?.array)
      #expect(complaints.count >= 3)
      for complaint in complaints {
        #expect(complaint["file"]?.string?.contains("/services/") == true)
        #expect((complaint["line"]?.int ?? 0) >= 1)
        #expect((complaint["column"]?.int ?? 0) >= 1)
        let message = try #require(complaint["message"]?.string)
        #expect(daemon.log.contains(message))
      }
      #expect(try daemon.get("/v1/links").json?["total"]?.int == 1)
      let count = try daemon.samples(link).count
      try eventually("the running link goes on") { try daemon.samples(link).count > count }
    }

    @Test("SIGHUP reloads too, and tells mistakes in the log")
    func hangUp() throws {
      let daemon = try Daemon.running([WatchedLink(url: "http://127.0.0.1:1/")])
      let process = try #require(daemon.process)
      try daemon.watch(WatchedLink(service: "more", url: "http://127.0.0.1:1/"))
      process.signal(SIGHUP)
      try eventually("the new link is there") {
        try daemon.get("/v1/links").json?["total"]?.int == 2
      }
      try daemon.watch(WatchedLink(service: "worse", url: "http://127.0.0.1:1/", every: "0s"))
      process.signal(SIGHUP)
      try eventually("the mistake is told") {
        !daemon.logLines(with: "services/worse.json5:2:").isEmpty
      }
      try eventually("and what became of it") {
        !daemon.logLines(with: "the running one stays").isEmpty
      }
      #expect(try daemon.get("/v1/links").json?["total"]?.int == 2)
      #expect(process.isRunning)
    }
  }
}
