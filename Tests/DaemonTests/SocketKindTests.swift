import Base
import CLinux
import Glibc
import Host
import Testing
import Wire

extension DaemonTests {
  @Suite("Kinds over plain sockets, by the daemon") struct SocketKinds {
    /// A daemon with one link whose only probe is this one, and one attempt of it.
    private func attempt(
      _ probe: String, prefix: [String] = [], prepare: (Daemon) throws -> Void = { _ in }
    ) throws -> Attempt {
      let link = WatchedLink(url: "http://127.0.0.1:1/")
      let daemon = try Daemon()
      try prepare(daemon)
      try daemon.place.write(
        "services/subject.json5",
        """
        { service: "subject", system: "system-subject", owner: "owner", consumers: ["national"],
          probes: [{ every: "24h", timeout: "2s", \(probe) }],
          alert: { failures: { raise: "3 of 5", clearAfter: 2 } } }
        """)
      daemon.prefix += prefix
      try daemon.start()
      defer { daemon.kill() }
      return try daemon.attempt(link)
    }

    @Test("tcp: a banner, and a port where nothing listens")
    func tcp() throws {
      let server = try TestServer { connection in connection.answer(200, "hello") }
      let ask = #"send: "GET / HTTP/1.0\r\n\r\n", expect: { pattern: "^HTTP/1.1 200 " }"#
      let good = try attempt(
        #"kind: "tcp", target: { host: "127.0.0.1", port: \#(server.port) }, \#(ask)"#)
      #expect(good.outcome == "ok", "\(good.sample.sentence)")
      #expect(good.address == "127.0.0.1")
      server.stop()
      let refused = try attempt(#"kind: "tcp", target: "tcp://127.0.0.1:\#(server.port)""#)
      #expect(refused.outcome == "connect.refused")
    }

    @Test("tcp: what is sent may hold a secret, which is shown nowhere")
    func tcpSecret() throws {
      let heads = Recorder<String>()
      let server = try TestServer { connection in
        while let head = connection.rawHead() { heads.append(head) }
      }
      defer { server.stop() }
      let probe =
        #"kind: "tcp", target: "127.0.0.1:\#(server.port)", send: "AUTH {secret:key}\r\n\r\n""#
      let tried = try attempt(probe + #", expect: { text: "never" }"#) { daemon in
        try daemon.place.write("secrets/key", "hidden", mode: 0o600)
      }
      #expect(tried.sample.phase == "answer")
      #expect(heads.all.contains { $0.contains("AUTH hidden") })
      #expect(!tried.steps.joined().contains("hidden"))
    }

    @Test("dns: the machine's own name server is asked, and says that it knows no such name")
    func dns() throws {
      let server = try NameServer(.noSuchName)
      defer { server.stop() }
      let probe = #"kind: "dns", query: "portal.example", edns: false"#
      let unknown = try attempt(probe) { try server.serve($0) }
      #expect(unknown.outcome == "dns.responseCode", "\(unknown.sample.sentence)")
      #expect(unknown.sample.detail == "NXDOMAIN")
      let expected = try attempt(probe + #", expect: { code: "NXDOMAIN" }"#) {
        try server.serve($0)
      }
      #expect(expected.outcome == "ok")
      let nobody = try attempt(#"kind: "dns", query: "portal.example", server: "127.0.0.1:1""#)
      #expect(nobody.outcome == "connect.refused")
    }

    @Test("ping: this machine answers")
    func ping() throws {
      let tried = try attempt(#"kind: "ping", host: "127.0.0.1", interval: "200ms""#)
      #expect(tried.outcome == "ok", "needs root or CAP_NET_RAW: \(tried.sample.sentence)")
    }

    @Test("ping: without the permission it says what to do, and does not blame the host")
    func notPermitted() throws {
      // In a name space of its own the sysctl is at its default, which permits nobody.
      let probe = #"kind: "ping", host: "127.0.0.1", interval: "200ms""#
      let tried = try attempt(
        probe, prefix: ["unshare", "-n", "setpriv", "--bounding-set=-net_raw", "--inh-caps=-all"])
      #expect(tried.outcome == "skipped.notPermitted", "\(tried.sample.sentence)")
      #expect(tried.sample.node["note"]?.string?.contains("ping_group_range") == true)
    }

    @Test("ping: a datagram socket is enough where the sysctl permits it")
    func datagramSocket() throws {
      let permit =
        "ip link set lo up && echo '0 0' >/proc/sys/net/ipv4/ping_group_range && "
        + "exec setpriv --bounding-set=-net_raw --inh-caps=-all \"$@\""
      let tried = try attempt(
        #"kind: "ping", host: "127.0.0.1", interval: "200ms""#,
        prefix: ["unshare", "-n", "sh", "-c", permit, "sh"])
      #expect(tried.outcome == "ok", "\(tried.sample.sentence)")
    }
  }
}
