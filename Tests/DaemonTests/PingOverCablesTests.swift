import Base
import Host
import Testing
import Wire

/// A host as echoes find it, and what they must come to.
private struct PingedHost: Sendable, CustomTestStringConvertible {
  var reason: String
  var host: String
  var keys = ""
  var outcome: String
  var detail = ""
  /// What a connection of `tcp` to it comes to, where that is the same trouble.
  var tcp: String?

  var testDescription: String { reason }
  var way: String { "host: \"\(host)\"" }
}

extension DaemonTests {
  /// Real packets, between name spaces:
  ///
  ///     monitor --+-- host: answers; of each peer's echoes three at once, or two
  ///               +-- deaf: answers none, and passes on what it cannot
  @Suite(
    "ping over cables", .enabled(if: isRoot, "needs root to make network name spaces"))
  struct PingOverCables {
    private static let hosts = [
      PingedHost(reason: "a host that answers", host: "198.18.0.2", outcome: "ok"),
      PingedHost(
        reason: "a host that answers no echo", host: "198.18.1.2", outcome: "ping.noReply"),
      PingedHost(
        reason: "two of five are lost, and 40 % may be", host: "198.18.2.2",
        keys: "packets: 5, sourceAddress: \"198.18.2.1\",", outcome: "warning.packetLoss",
        detail: "2 of 5"),
      PingedHost(
        reason: "two of five are lost, and 20 % may be", host: "198.18.2.2",
        keys: "packets: 5, loss: \"20%\", sourceAddress: \"198.18.2.3\",", outcome: "ping.loss",
        detail: "2 of 5"),
      PingedHost(
        reason: "a router tells that it cannot be reached", host: "198.18.9.1",
        outcome: "ping.unreachable", tcp: "connect.hostUnreachable"),
      PingedHost(
        reason: "this machine knows no way to the network", host: "203.0.113.1",
        outcome: "connect.networkUnreachable", tcp: "connect.networkUnreachable"),
      PingedHost(
        reason: "a way that is unreachable here", host: "198.18.8.1",
        outcome: "connect.hostUnreachable", tcp: "connect.hostUnreachable"),
      PingedHost(
        reason: "a way that is prohibited here", host: "198.18.8.2", outcome: "connect.denied",
        tcp: "connect.denied"),
      PingedHost(
        reason: "a way that leads into a black hole here", host: "198.18.8.3",
        outcome: "connect.other", tcp: "connect.other"),
      PingedHost(
        reason: "the same by IPv6", host: "[2001:db8::2]", outcome: "connect.denied",
        tcp: "connect.denied"),
      PingedHost(
        reason: "a router of IPv6 forbids it", host: "[2001:db8:9::1]",
        outcome: "ping.unreachable", tcp: "connect.hostUnreachable"),
      PingedHost(
        reason: "a source address that this machine does not have", host: "198.18.0.2",
        keys: "sourceAddress: \"198.18.0.99\",", outcome: "connect.noLocalAddress",
        tcp: "connect.noLocalAddress"),
    ]

    /// The kernel gives each peer so many answers at once, of those that `icmp_ratemask` names (bit 0:
    /// replies to echoes), as a minute holds of `icmp_ratelimit` milliseconds.
    private func cables() throws -> NameSpaces {
      try NameSpaces(
        ["monitor", "host", "deaf", "lossy"], files: [:],
        script: """
          number=0
          for name in host deaf lossy; do
            ip -n monitor link add $name type veth peer name cable netns $name
            ip -n monitor addr add 198.18.$number.1/24 dev $name
            ip -n monitor link set $name up
            ip -n $name addr add 198.18.$number.2/24 dev cable
            ip -n $name link set cable up
            number=$((number + 1))
          done
          ip -n monitor addr add 198.18.2.3/24 dev lossy
          ip -n monitor route add 198.18.9.1 via 198.18.1.2
          ip -n deaf route add unreachable 198.18.9.1
          ip netns exec deaf sh -ec '
            echo 1 >/proc/sys/net/ipv4/ip_forward
            echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all
            echo 0 >/proc/sys/net/ipv4/icmp_ratelimit'
          ip netns exec lossy sh -ec '
            echo 6169 >/proc/sys/net/ipv4/icmp_ratemask
            echo 20000 >/proc/sys/net/ipv4/icmp_ratelimit'
          ip -n monitor route add unreachable 198.18.8.1
          ip -n monitor route add prohibit 198.18.8.2
          ip -n monitor route add blackhole 198.18.8.3
          ip -n monitor route add prohibit 2001:db8::2
          ip -n monitor addr add 2001:db8:1::1/64 dev deaf nodad
          ip -n deaf addr add 2001:db8:1::2/64 dev cable nodad
          ip -n monitor route add 2001:db8:9::1 via 2001:db8:1::2
          ip -n deaf route add prohibit 2001:db8:9::1
          ip netns exec deaf sh -ec '
            echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
            echo 0 >/proc/sys/net/ipv6/icmp/ratelimit'

          """)
    }

    private func link(_ service: String, _ probe: String) -> WatchedLink {
      var link = WatchedLink(service: service, url: "http://127.0.0.1:1/")
      link.other = "{ every: \"24h\", timeout: \"2s\", \(probe) }"
      return link
    }

    private func pinged(_ row: PingedHost, _ number: Int) -> WatchedLink {
      link("ping-\(number)", "kind: \"ping\", interval: \"200ms\", \(row.keys) \(row.way)")
    }

    private func connected(_ row: PingedHost, _ number: Int) -> WatchedLink {
      let source = row.keys.contains("sourceAddress") ? row.keys : ""
      return link("tcp-\(number)", "kind: \"tcp\", \(source) target: \"\(row.host):7\"")
    }

    private func daemon(
      _ links: [WatchedLink], in spaces: NameSpaces, _ words: [String] = []
    ) throws -> Daemon {
      let daemon = try Daemon(links)
      daemon.prefix = spaces.words("monitor") + words
      try daemon.start()
      return daemon
    }

    @Test("each host is named for what it is, and as tcp names the same trouble")
    func hosts() throws {
      let spaces = try cables()
      let rows = Array(Self.hosts.enumerated())
      let links = rows.flatMap { number, row in
        [pinged(row, number)] + (row.tcp == nil ? [] : [connected(row, number)])
      }
      let daemon = try daemon(links, in: spaces)
      defer { daemon.kill() }
      for (number, row) in rows {
        let tried = try daemon.attempt(pinged(row, number))
        #expect(tried.outcome == row.outcome, "\(row): \(tried.sample.sentence) \(tried.steps)")
        #expect(tried.sample.detail == row.detail, "\(row)")
        guard let tcp = row.tcp else { continue }
        let same = try daemon.attempt(connected(row, number))
        #expect(same.outcome == tcp, "\(row), tcp: \(same.sample.sentence) \(same.steps)")
      }
    }

    @Test("with neither of the two permissions it says what to do; with one of them it works")
    func permissions() throws {
      let spaces = try cables()
      let row = Self.hosts[0]
      let bare = ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-all"]
      let range = "echo '0 0' >/proc/sys/net/ipv4/ping_group_range && exec \"$@\""
      for (words, outcome, reason) in [
        (bare, "skipped.notPermitted", "the sysctl permits nobody, and there is no capability"),
        ([], "ok", "the capability"), (["sh", "-c", range, "sh"] + bare, "ok", "the sysctl"),
      ] {
        let daemon = try daemon([pinged(row, 0)], in: spaces, words)
        defer { daemon.kill() }
        let tried = try daemon.attempt(pinged(row, 0))
        #expect(tried.outcome == outcome, "\(reason): \(tried.sample.sentence)")
        let note = tried.sample.node["note"]?.string ?? ""
        #expect(note.contains("ping_group_range") == (outcome != "ok"), "\(reason): \(note)")
      }
    }
  }
}
