import Base
import Glibc
import Model
import Probes
import Synchronization
import Testing

@testable import Host

/// Look-ups that end when the test says so.
private final class Gate: Sendable {
  private let isOpen = Atomic<Bool>(false)

  func open() { isOpen.store(true, ordering: .releasing) }

  func wait() {
    let end = Clock.instant + .seconds(10)
    while !isOpen.load(ordering: .acquiring), Clock.instant < end { usleep(200) }
  }
}

@Suite("Look-ups of names")
struct ResolverTests {
  private static func token(_ number: UInt32) -> Token { Token(index: number, generation: 1) }

  /// A resolver with one thread; the look-up of `slow` ends at the gate.
  private final class World {
    let reactor: Reactor
    let gate = Gate()
    private(set) var answers: [Token: Resolver.Answer] = [:]
    private(set) var resolver: Resolver!

    init() throws {
      reactor = try Reactor()
      let gate = gate
      resolver = try Resolver(
        reactor: reactor, threads: 1,
        lookup: { host, _ in
          if host == "slow" { gate.wait() }
          return .addresses(["127.0.0.1"], took: .seconds(host == "slow" ? 9 : 0))
        },
        onAnswer: { [unowned self] token, answer in answers[token] = answer })
    }

    deinit { gate.open() }

    func run(until isDone: () -> Bool) throws {
      let end = Clock.instant + .seconds(10)
      while !isDone(), Clock.instant < end { try reactor.round(longest: .milliseconds(5)) }
      #expect(isDone())
    }

    func waited(_ number: UInt32) -> (took: TimeAmount, waited: TimeAmount)? {
      guard case .addresses(_, let took, let waited) = answers[token(number)] else { return nil }
      return (took, waited)
    }
  }

  @Test("waiting for a free thread is told apart from the look-up, for each who asked")
  func waiting() throws {
    let world = try World()
    let (slow, quick, late) = (Self.token(1), Self.token(2), Self.token(3))
    let asked = Clock.instant - .seconds(5)
    _ = world.resolver.resolve("slow", family: .any, token: slow, at: asked)
    _ = world.resolver.resolve("quick", family: .any, token: quick, at: asked)
    try world.run { world.resolver.queueWait(of: slow, at: Clock.instant).isOver }
    _ = world.resolver.resolve("slow", family: .any, token: late, at: Clock.instant)
    let now = asked + .seconds(30)
    #expect(
      world.resolver.queueWait(of: quick, at: now)
        == QueueWait(isOver: false, waited: .seconds(30)))
    let begun = world.resolver.queueWait(of: slow, at: now)
    #expect(begun.waited >= .seconds(5) && begun.waited < .seconds(30))
    #expect(world.resolver.queueWait(of: late, at: now) == QueueWait())
    world.gate.open()
    try world.run { world.waited(1) != nil && world.waited(2) != nil && world.waited(3) != nil }
    #expect(world.waited(1).map { $0.waited >= .seconds(5) } == true)
    #expect(world.waited(2).map { $0.waited >= .seconds(5) } == true)
    let joined = try #require(world.waited(3))
    #expect(joined.waited == .zero)
    #expect(joined.took < .seconds(9), "who came late has not waited for all of it")
  }

  @Test("a remembered answer takes no time")
  func remembered() throws {
    let world = try World()
    world.gate.open()
    _ = world.resolver.resolve("slow", family: .any, token: Self.token(1), at: Clock.instant)
    try world.run { world.waited(1) != nil }
    let again = world.resolver.resolve(
      "slow", family: .any, token: Self.token(2), at: Clock.instant)
    guard case .known(.addresses(_, let took, let waited)) = again else {
      Issue.record("expected a remembered answer")
      return
    }
    #expect((took, waited) == (.zero, .zero))
  }
}
