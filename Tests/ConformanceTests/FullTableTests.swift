import Base
import Glibc
import Host
import Model
import Probes
import Synchronization
import Testing

/// The parts of Host that attempts are made with, each with room for a single one, which may be taken.
private final class SmallHost {
  enum Table: String, CaseIterable {
    case sockets
    case lookUps
    case programs
  }

  /// What an attempt came to, as far as it was followed.
  enum Followed {
    case ended(ProbeResult)
    case waits
    /// It wants what has no table here.
    case isElsewhere
  }

  let reactor: Reactor
  private(set) var sockets: SocketExchanges!
  private(set) var resolver: Resolver!
  private(set) var spawner: Spawner!
  /// Look-ups do not come back before it is open.
  private let gate = Gate()
  private var events: [(token: Token, event: ProbeEvent)] = []
  private var number: UInt32 = 0

  init() throws {
    reactor = try Reactor()
    sockets = SocketExchanges(reactor: reactor, capacity: 1) { [unowned self] token, event, _ in
      events.append((token, event))
    }
    let gate = self.gate
    resolver = try Resolver(
      reactor: reactor, threads: 1, queue: 1,
      lookup: { host, _ in
        if host.hasPrefix("slow") { gate.waitUntilOpen() }
        return .addresses(["127.0.0.1"], took: .zero)
      },
      onAnswer: { [unowned self] token, answer in
        guard case .addresses(let list, let took, let waited) = answer else { return }
        events.append((token, .resolved(addresses: list, took: took, waited: waited)))
      })
    spawner = try Spawner(reactor: reactor, atOnce: 1) { [unowned self] token, result in
      events.append((token, .exited(result)))
    }
  }

  func stop() {
    gate.open()
    spawner.close()
  }

  func newToken() -> Token {
    number += 1
    return Token(index: number, generation: 1)
  }

  /// Takes all the room that a table has; what is given back frees it.
  func fill(_ table: Table) throws -> () throws -> Void {
    let token = newToken()
    switch table {
    case .sockets:
      // The discard service of the loopback: nothing is sent there.
      _ = sockets.connect(token, SocketTarget(.udp, address: "127.0.0.1", port: 9))
      #expect(sockets.inUseCount == 1)
      return { [sockets] in sockets?.cancel(token) }
    case .lookUps:
      let waiting = newToken()
      let now = Clock.instant
      _ = resolver.resolve("slow-1.example", family: .any, token: token, at: now)
      // The one thread has it, and the queue has room again for the next.
      try waitUntilBegun(token)
      _ = resolver.resolve("slow-2.example", family: .any, token: waiting, at: now)
      return { [self] in
        gate.open()
        try run("the look-ups are back") { self.events.count == 2 }
        events.removeAll()
      }
    case .programs:
      let spawn = Spawn(
        program: "/bin/sleep", arguments: ["600"], environment: [], timeLimit: .minutes(10),
        outputLimitBytes: 1_024)
      #expect(spawner.start(spawn, token: token, at: Clock.instant) == nil)
      return { [self] in
        spawner.cancel(token)
        try run("it has ended") { self.spawner.count == 0 }
      }
    }
  }

  /// Until a look-up is no longer in the queue.
  func waitUntilBegun(_ token: Token) throws {
    try run("the look-up has begun") {
      self.resolver.queueWait(of: token, at: Clock.instant).isOver
    }
  }

  /// Keeps the one thread of look-ups until it is let go.
  func holdLookUps() throws -> () -> Void {
    let token = newToken()
    _ = resolver.resolve("slow-1.example", family: .any, token: token, at: Clock.instant)
    try waitUntilBegun(token)
    return { [gate] in gate.open() }
  }

  /// Those whom something was told.
  var heard: [Token] { events.map(\.token) }

  /// Lets the loop run until it has come to something; the bound is met only by a test that fails.
  func run(_ what: Comment, until isDone: () -> Bool) throws {
    let end = Clock.instant + .seconds(30)
    while !isDone(), Clock.instant < end { try reactor.round(longest: .milliseconds(20)) }
    try #require(isDone(), what)
  }

  /// Follows an attempt up to its end, or to where it waits for one of these tables.
  func follow(_ machine: inout any Probe, _ token: Token, until table: Table) throws -> Followed {
    var event: ProbeEvent? = .start
    for _ in 0..<64 {
      guard let next = event else { return .waits }
      let action = machine.step(next, at: Clock.instant)
      switch action {
      case .resolve(let host, let family):
        let now = Clock.instant
        switch resolver.resolve(host, family: family, token: token, at: now) {
        case .busy: event = .timedOut(waitingInOurQueue: true)
        case .known(.addresses(let list, let took, let waited)):
          event = .resolved(addresses: list, took: took, waited: waited)
        case .known, .pending:
          if table == .lookUps { return .waits }
          try run("the name is looked up") { !self.events.isEmpty }
          event = events.removeFirst().event
        }
      case .connect(let target):
        // Nobody is asked but this machine.
        var here = target
        here.address = "127.0.0.1"
        event = table == .sockets ? sockets.connect(token, here) : nil
      case .spawn(let spawn):
        event =
          table == .programs
          ? spawner.start(spawn, token: token, at: Clock.instant).map { .exited($0) } : nil
      case .finish(let result): return .ended(result)
      case .transfer, .examine, .token, .send, .receive, .wait: return .isElsewhere
      }
    }
    return .isElsewhere
  }
}

/// A gate at which threads wait.
private final class Gate: Sendable {
  private let isOpen = Atomic<Bool>(false)

  func open() { isOpen.store(true, ordering: .relaxed) }
  func waitUntilOpen() { while !isOpen.load(ordering: .relaxed) { usleep(1_000) } }
}

@Suite("Every kind and full tables", .serialized)
struct FullTableTests {
  /// The kinds that ask something of a table, by a good start.
  private func users(of table: SmallHost.Table) -> [Subject] {
    Subject.all.filter { subject in
      var machine = subject.make()
      var world = SimulatedWorld(.good)
      var event: ProbeEvent? = .start
      for _ in 0..<64 {
        guard let next = event else { return false }
        let action = machine.step(next, at: world.now)
        switch (action, table) {
        case (.connect, .sockets), (.resolve, .lookUps), (.spawn, .programs): return true
        default: event = world.answer(action)
        }
      }
      return false
    }
  }

  @Test(
    "a table that is full is not blamed on the link, and has its room again afterwards",
    arguments: SmallHost.Table.allCases)
  fileprivate func full(_ table: SmallHost.Table) throws {
    let users = users(of: table)
    #expect(!users.isEmpty)
    let host = try SmallHost()
    defer { host.stop() }
    let free = try host.fill(table)
    for subject in users {
      var machine = subject.make()
      let token = host.newToken()
      guard case .ended(let result) = try host.follow(&machine, token, until: table) else {
        Issue.record("\(subject): it does not end at a table that is full")
        continue
      }
      #expect(result.outcome.isSkipped, "\(subject): \(result.outcome.name)")
      let room: [Outcome] = [.skipped(.tableFull), .skipped(.resolverBusy)]
      #expect(room.contains(result.outcome), "\(subject): \(result.outcome.name)")
    }
    try free()
    #expect(host.sockets.inUseCount == 0 && host.spawner.count == 0)
    // Each takes the one place and gives it back: the next one finds it.
    for subject in users {
      var machine = subject.make()
      let token = host.newToken()
      let followed = try host.follow(&machine, token, until: table)
      if case .ended(let result) = followed {
        // Where this machine permits no echoes.
        let isPermitted = result.outcome != .skipped(.notPermitted)
        #expect(!result.outcome.isSkipped || !isPermitted, "\(subject): there is room again")
      }
      try host.waitUntilBegun(token)
      host.sockets.cancel(token)
      host.resolver.cancel(token)
      host.spawner.cancel(token)
      try host.run("\(subject) has let go") {
        host.sockets.inUseCount == 0 && host.spawner.count == 0
      }
    }
  }

  @Test("what is taken away while its name is looked up hears no more of it")
  func cancelledLookUp() throws {
    let users = users(of: .lookUps)
    #expect(!users.isEmpty)
    for subject in users {
      let host = try SmallHost()
      defer { host.stop() }
      let letGo = try host.holdLookUps()
      var machine = subject.make()
      let token = host.newToken()
      guard case .waits = try host.follow(&machine, token, until: .lookUps) else {
        Issue.record("\(subject): it does not wait for its name")
        continue
      }
      #expect(!host.resolver.queueWait(of: token, at: Clock.instant).isOver)
      host.resolver.cancel(token)
      #expect(host.resolver.queueWait(of: token, at: Clock.instant) == QueueWait(), "\(subject)")
      letGo()
      // The queue is worked off in order: what is asked for later comes back later.
      let later = host.newToken()
      try host.run("there is room for one more") {
        if case .busy = host.resolver.resolve(
          "later.example", family: .any, token: later, at: Clock.instant)
        {
          return false
        }
        return true
      }
      try host.run("a later look-up is back") { host.heard.contains(later) }
      #expect(!host.heard.contains(token), "\(subject)")
    }
  }
}
