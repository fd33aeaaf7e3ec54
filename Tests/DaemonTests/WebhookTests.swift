import Base
import Glibc
import Host
import Testing
import Wire

extension DaemonTests {
  @Suite("Webhooks") struct Webhooks {
    /// A link that fails for as long as `status` says so.
    private func subject(_ status: Shared<Int>) throws -> (server: TestServer, link: WatchedLink) {
      let server = try TestServer { connection in
        while connection.request() != nil { connection.answer(status.current) }
      }
      return (server, WatchedLink(url: "\(server.url)/", every: "100ms"))
    }

    private func signature(_ webhook: ReceivedWebhook, key: [UInt8]) -> String {
      let signed = Array("\(webhook.id).\(webhook.timestamp).".utf8) + webhook.body
      return "v1,\(base64Encode(hmacSHA256(key: key, message: signed)))"
    }

    @Test("an alert is told once, signed, and says what happened")
    func signed() throws {
      let (server, link) = try subject(Shared(500))
      defer { server.stop() }
      let receiver = try WebhookReceiver()
      defer { receiver.stop() }
      let daemon = try Daemon.running([link], tellingPort: receiver.port)
      let webhook = try receiver.waitForAccepted(1)[0]
      #expect(webhook.signatures == [signature(webhook, key: WebhookReceiver.key)])
      let seconds = try #require(Int64(webhook.timestamp))
      #expect(abs(Clock.wall.seconds - seconds) < 60)
      #expect(webhook.type == "incident.opened")
      let data = try #require(webhook.json?["data"])
      #expect(data["links"]?.array?.compactMap(\.string) == [link.id])
      #expect(data["severity"]?.string == "critical")
      #expect(data["conditions"]?.array?.first?["cause"]?.string == "http.status")
      #expect(webhook.id == "\(webhook.incident)-\(webhook.sequence)")
      let count = try daemon.samples(link).count
      try eventually("the link goes on failing") { try daemon.samples(link).count >= count + 5 }
      #expect(receiver.received.count == 1)
      #expect(try daemon.status()["delivery"]?["pending"]?.int == 0)
    }

    @Test("while keys are changed, both sign")
    func twoKeys() throws {
      let (server, link) = try subject(Shared(500))
      defer { server.stop() }
      let receiver = try WebhookReceiver()
      defer { receiver.stop() }
      let other = Array("another key of thirty-two octets".utf8)
      let daemon = try Daemon(
        [link], settings: WebhookReceiver.settings(port: receiver.port))
      try daemon.place.write(
        "secrets/ops",
        "whsec_\(base64Encode(other))\nwhsec_\(base64Encode(WebhookReceiver.key))\n", mode: 0o600)
      try daemon.start()
      let webhook = try receiver.waitForAccepted(1)[0]
      #expect(
        webhook.signatures == [
          signature(webhook, key: other), signature(webhook, key: WebhookReceiver.key),
        ])
    }

    @Test("a receiver that fails gets the same event again")
    func retried() throws {
      let (server, link) = try subject(Shared(500))
      defer { server.stop() }
      let receiver = try WebhookReceiver(status: 500)
      defer { receiver.stop() }
      let daemon = try Daemon.running([link], tellingPort: receiver.port)
      try eventually("it is told") { receiver.received.count >= 1 }
      try eventually("the failure shows") {
        try daemon.status()["delivery"]?["receivers"]?.array?.first?["lastError"]?.string?
          .contains("500") == true
      }
      receiver.status.current = 200
      let accepted = try receiver.waitForAccepted(1)[0]
      for earlier in receiver.received.all {
        #expect(earlier.id == accepted.id)
        #expect(earlier.body == accepted.body)
      }
    }

    @Test("a receiver that is down gets the event once it is there")
    func absentReceiver() throws {
      let (server, link) = try subject(Shared(500))
      defer { server.stop() }
      let port = try freePort()
      let daemon = try Daemon.running([link], tellingPort: port)
      try eventually("the failure shows") {
        try daemon.status()["delivery"]?["receivers"]?.array?.first?["lastError"]?.string != nil
      }
      #expect(fileNames("\(daemon.state)/alerts/open").count == 1, "the file is there at once")
      let receiver = try WebhookReceiver(port: port)
      defer { receiver.stop() }
      #expect(try receiver.waitForAccepted(1)[0].type == "incident.opened")
    }

    @Test("the events of an incident come in order, whatever failed before")
    func order() throws {
      let status = Shared(500)
      let (server, link) = try subject(status)
      defer { server.stop() }
      let receiver = try WebhookReceiver(status: 500)
      defer { receiver.stop() }
      let daemon = try Daemon.running([link], tellingPort: receiver.port)
      try daemon.waitForState("down", of: link)
      status.current = 200
      try daemon.waitForState("up", of: link)
      try eventually("the opening was refused") { receiver.received.count >= 1 }
      receiver.status.current = 200
      let accepted = try receiver.waitForAccepted(2)
      #expect(accepted.map(\.type) == ["incident.opened", "incident.resolved"])
      #expect(accepted[0].incident == accepted[1].incident)
      #expect(accepted[0].sequence < accepted[1].sequence)
      #expect(
        receiver.received.all.filter { $0.status == 500 }.allSatisfy { $0.id == accepted[0].id },
        "the end is not told before the beginning is taken")
    }

    @Test("an event that was not accepted survives a crash of the daemon")
    func crash() throws {
      let status = Shared(500)
      let (server, link) = try subject(status)
      defer { server.stop() }
      let receiver = try WebhookReceiver(status: 503)
      defer { receiver.stop() }
      let daemon = try Daemon.running([link], tellingPort: receiver.port)
      try eventually("it is told") { receiver.received.count >= 1 }
      let first = receiver.received.all[0]
      status.current = 200
      try daemon.waitForState("up", of: link)
      try eventually("the end is on the disk") {
        fileNames("\(daemon.state)/alerts/closed").count == 1
      }
      daemon.kill()
      receiver.status.current = 200
      try daemon.start()
      let accepted = try receiver.waitForAccepted(2)
      #expect(accepted.map(\.type) == ["incident.opened", "incident.resolved"])
      #expect(accepted[0].id == first.id)
      #expect(accepted[0].body == first.body)
      #expect(accepted[1].incident == first.incident)
    }

    @Test("a receiver that hangs does not keep the others waiting")
    func hangingReceiver() throws {
      let (server, link) = try subject(Shared(500))
      defer { server.stop() }
      let hanging = try TestServer { $0.hold() }
      defer { hanging.stop() }
      let receiver = try WebhookReceiver()
      defer { receiver.stop() }
      let daemon = try Daemon(
        [link],
        settings: """
          webhooks: [
            { name: "stuck", url: "\(hanging.url)/", secret: "{secret:ops}", timeout: "30s" },
            { name: "ops", url: "http://127.0.0.1:\(receiver.port)/", secret: "{secret:ops}" },
          ],
          """)
      try WebhookReceiver.writeSecret(daemon)
      try daemon.start()
      #expect(try receiver.waitForAccepted(1)[0].type == "incident.opened")
      let began = Clock.instant
      #expect(try daemon.stop() == .exited(0), "nor the daemon from its end")
      #expect(Clock.instant - began < .seconds(10))
    }

    @Test("a secret that others may read is refused, and not shown")
    func openSecret() throws {
      let daemon = try Daemon(settings: WebhookReceiver.settings(port: 1))
      try WebhookReceiver.writeSecret(daemon, mode: 0o644)
      #expect(try daemon.startInVain() == .exited(78))
      #expect(daemon.log.contains("secrets/ops may be read by others"))
      #expect(!daemon.log.contains(base64Encode(WebhookReceiver.key)))
    }
  }
}
