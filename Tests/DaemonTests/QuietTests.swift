import Base
import Glibc
import Host
import Testing
import Wire

/// Maintenance and silences through linkhealthctl, in the running daemon.
extension DaemonTests {
  @Suite("Maintenance and silences") struct QuietTests {
    /// Runs linkhealthctl against a daemon; what it prints, and how it ended.
    private func control(_ daemon: Daemon, _ words: String...) throws -> (code: Int32, text: String)
    {
      let output = "\(daemon.place.path)/ctl-\(UInt64.random(in: 0...UInt64.max)).txt"
      let child = try ChildProcess(
        [Programs.control, words[0], "--socket", daemon.socket] + words.dropFirst(), output: output)
      guard case .exited(let code) = try child.waitForEnd() else {
        throw HarnessError("linkhealthctl was killed")
      }
      return (code, child.output)
    }

    @Test("a window given by linkhealthctl holds over kill -9, and samples within it are marked")
    func survives() throws {
      let server = try TestServer { connection in
        while connection.request() != nil {
          connection.answer(503, "the system is under maintenance")
        }
      }
      defer { server.stop() }
      let link = WatchedLink(url: "\(server.url)/", every: "100ms")
      let daemon = try Daemon.running([link])
      try daemon.waitForState("down", of: link)
      #expect(
        try daemon.samples(link).allSatisfy { $0.node["maintenance"]?.bool == false },
        "a page that says maintenance is no window")
      let added = try control(
        daemon, "maintenance", "add", link.id, "--for", "2h", "--reason", "new release")
      #expect(added.code == 0, "\(added.text)")
      daemon.kill()
      _ = try daemon.process?.waitForEnd()
      try daemon.start()
      let list = try control(daemon, "maintenance")
      #expect(list.text.contains("until ") && list.text.contains("new release"), "\(list.text)")
      try eventually("samples are marked") {
        try daemon.samples(link).last?.node["maintenance"]?.bool == true
      }
      try eventually("the link is measured as it is") {
        try daemon.linkState(link) == "down"
      }
      try eventually("reports keep that time apart") {
        let report = try daemon.get("/v1/availability?by=link&service=\(link.service)").json
        let group = report?["groups"]?.array?.first
        return (group?["maintenanceDownMilliseconds"]?.int ?? 0) > 0
          && (group?["downMilliseconds"]?.int ?? 0) > 0
      }
      let shown = try daemon.get("/v1/links/\(link.id)").json?["link"]
      #expect(shown?["marks"]?.array?.compactMap(\.string) == ["maintenance"])
      #expect(shown?["quiet"]?.array?.first?["reason"]?.string == "new release")
      let id = try #require(shown?["quiet"]?.array?.first?["id"]?.string)
      let ended = try control(daemon, "maintenance", "end", id)
      #expect(ended.code == 0, "\(ended.text)")
      try eventually("samples are marked no more") {
        try daemon.samples(link).last?.node["maintenance"]?.bool == false
      }
      let audits = daemon.logLines(with: "maintenance").filter { $0.contains("audit") }
      #expect(audits.contains { $0.contains("maintenance add link \(link.id)") }, "\(audits)")
      #expect(audits.contains { $0.contains("maintenance end \(id)") }, "\(audits)")
    }

    @Test("a silence is kept over kill -9, and its end too")
    func silence() throws {
      let link = WatchedLink(url: "http://127.0.0.1:1/")
      let daemon = try Daemon.running([link])
      let added = try control(
        daemon, "silence", link.id, "--for", "4h", "--reason", "ticket 12", "--severity", "warning")
      #expect(added.code == 0, "\(added.text)")
      func restart() throws {
        daemon.kill()
        _ = try daemon.process?.waitForEnd()
        try daemon.start()
      }
      try restart()
      let silence = try daemon.get("/v1/silences").json?["silences"]?.array?.first
      #expect(silence?["severities"]?.array?.compactMap(\.string) == ["warning"])
      #expect(silence?["reason"]?.string == "ticket 12")
      let id = try #require(silence?["id"]?.string)
      #expect(try control(daemon, "silence", "end", id).code == 0)
      #expect(try control(daemon, "silence", "end", id).code == 1, "it is over already")
      try restart()
      #expect(try daemon.get("/v1/silences").json?["total"]?.int == 0)
      #expect(try daemon.get("/v1/silences?status=all").json?["total"]?.int == 1)
    }

    @Test("windows of a file hold from a reload on, and mistakes in it are told with their place")
    func files() throws {
      let link = WatchedLink(url: "http://127.0.0.1:1/")
      let daemon = try Daemon([link], settings: "maintenance: \"windows.json5\",")
      try daemon.place.write("windows.json5", "[]")
      try daemon.start()
      func window(_ service: String) -> String {
        "[{ id: \"nightly\", services: [\"\(service)\"], announced: \"2025-11-03\", reason: \"r\","
          + " every: { start: \"00:00\", length: \"1d\" } }]"
      }
      try daemon.place.write("windows.json5", window("sobject"))
      let refused = try daemon.post("/v1/reload")
      #expect(refused.status == 422)
      #expect(refused.text.contains("did you mean"), "\(refused.text)")
      try daemon.place.write("windows.json5", window("subject"))
      #expect(try daemon.post("/v1/reload").status == 200)
      let shown = try daemon.get("/v1/links/\(link.id)").json?["link"]
      #expect(shown?["marks"]?.array?.compactMap(\.string) == ["maintenance"])
      let end = try control(daemon, "maintenance", "end", "nightly")
      #expect(end.code == 1 && end.text.contains("windows.json5:1:2"), "\(end.text)")
    }

    @Test("a file of silences that cannot be read is told, and nothing is quiet by it")
    func damaged() throws {
      let link = WatchedLink(url: "http://127.0.0.1:1/")
      let daemon = try Daemon([link])
      try daemon.start()
      try daemon.stop()
      let file = "\(daemon.state)/incidents/quiet.json"
      let handle = try #require(fopen(file, "w"))
      fputs("{ \"version\": 1, \"silences\": [", handle)
      fclose(handle)
      try daemon.start()
      #expect(try daemon.get("/v1/silences").json?["total"]?.int == 0)
      #expect(!daemon.logLines(with: "quiet.json: it is no JSON object").isEmpty)
    }
  }
}
