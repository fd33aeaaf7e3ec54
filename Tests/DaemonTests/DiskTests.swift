import Base
import Glibc
import Host
import Testing
import Wire

/// A small file system of a test's own. Needs root; must be unmounted.
private struct SmallDisk {
  let path: String

  init(in place: Workplace, bytes: Int) throws {
    path = "\(place.path)/disk"
    mkdir(path, 0o755)
    let mounted = try ChildProcess.run(
      ["mount", "-t", "tmpfs", "-o", "size=\(bytes)", "none", path])
    guard mounted.end == .exited(0) else { throw HarnessError("mount: \(mounted.output)") }
  }

  func unmount() { _ = try? ChildProcess.run(["umount", "-l", path]) }

  /// Takes all room that is left.
  func fill() {
    let file = open("\(path)/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(file) }
    for size in [64 << 10, 4_096, 1] {
      let block = [UInt8](repeating: 1, count: size)
      while write(file, block, size) > 0 {}
    }
  }

  func empty() { unlink("\(path)/filler") }
}

extension DaemonTests {
  @Suite("A full disk", .enabled(if: isRoot, "needs root to mount")) struct FullDisk {
    @Test("a history for which there is no room is refused at the start, in words")
    func noRoom() throws {
      let daemon = try Daemon()
      let disk = try SmallDisk(in: daemon.place, bytes: 1 << 20)
      defer { disk.unmount() }
      daemon.state = "\(disk.path)/state"
      daemon.ring = "size: \"8MiB\", segment: \"1MiB\""
      #expect(try daemon.startInVain() == .exited(73))
      #expect(daemon.log.contains(daemon.state))
      #expect(daemon.log.contains("ENOSPC"))
      #expect(daemon.log.contains("the history needs \(8 << 20) bytes"), "\(daemon.log)")
    }

    @Test("when the disk fills, samples are recorded and alerts told all the same")
    func fillsLater() throws {
      let status = Shared(200)
      let server = try TestServer { connection in
        while connection.request() != nil { connection.answer(status.current) }
      }
      defer { server.stop() }
      let receiver = try WebhookReceiver()
      defer { receiver.stop() }
      let link = WatchedLink(url: "\(server.url)/", every: "100ms")
      let daemon = try Daemon([link], settings: WebhookReceiver.settings(port: receiver.port))
      try WebhookReceiver.writeSecret(daemon)
      let disk = try SmallDisk(in: daemon.place, bytes: 160 << 20)
      defer {
        daemon.kill()
        disk.unmount()
      }
      daemon.state = "\(disk.path)/state"
      try daemon.start()
      try daemon.waitForState("up", of: link)
      disk.fill()

      status.current = 500
      let opened = try receiver.waitForAccepted(1)[0]
      #expect(opened.type == "incident.opened")
      let count = try daemon.samples(link).count
      try eventually("samples are still recorded") { try daemon.samples(link).count > count + 3 }
      let shown = try daemon.status()
      #expect(shown["history"]?["recording"]?.bool == true)
      #expect(shown["delivery"]?["problem"]?.string?.contains("ENOSPC") == true)
      let health = try daemon.get("/healthz")
      #expect(health.status == 503)
      #expect(health.text.contains("ENOSPC"))

      disk.empty()
      try eventually("the alert's file is written after all") {
        fileNames("\(daemon.state)/alerts/open") == ["\(opened.incident).json"]
      }
      try eventually("and all is well again") { try daemon.get("/healthz").status == 200 }
      #expect(receiver.received.count == 1, "nothing is told twice")
    }
  }
}
