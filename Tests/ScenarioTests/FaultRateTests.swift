import Base
import Testing

@testable import Scenario

@Suite struct FaultRateTests {
  private func picks(
    _ rate: Double, _ count: Int, spread: Spread = .even, phase: UInt64 = 0, seed: UInt64 = 1
  ) throws -> [Bool] {
    var generator = SeededGenerator(seed: seed)
    var picker = FaultPicker(rate: try #require(FaultRate(rate)), spread: spread, phase: phase)
    return (0..<count).map { _ in picker.next(&generator) }
  }

  @Test(
    "an even spread gives the exact number in any run of ten",
    arguments: [0.1, 0.3, 0.5, 0.6, 0.9], [0, 1, 333_333, 999_999, UInt64.max])
  func exactInTen(rate: Double, phase: UInt64) throws {
    let picks = try picks(rate, 200, phase: phase)
    for start in 0...190 {
      let faults = picks[start..<start + 10].count { $0 }
      #expect(faults == Int((rate * 10).rounded()), "from \(start)")
    }
  }

  @Test(
    "a rate that is no whole number of ten is off by less than one",
    arguments: [0.25, 0.333, 0.7071])
  func nearly(rate: Double) throws {
    let picks = try picks(rate, 1_000, phase: stableHash("a/b"))
    for length in [1, 7, 10, 100] {
      for start in 0...(1_000 - length) {
        let faults = picks[start..<start + length].count { $0 }
        #expect(abs(Double(faults) - rate * Double(length)) < 1)
      }
    }
  }

  @Test("two successes never follow each other at a rate of 0.6, two faults never at 0.3")
  func neighbours() throws {
    let often = try picks(0.6, 500, phase: 123_456)
    #expect(!zip(often, often.dropFirst()).contains { !$0 && !$1 })
    let seldom = try picks(0.3, 500, phase: 123_456)
    #expect(!zip(seldom, seldom.dropFirst()).contains { $0 && $1 })
  }

  @Test(
    "a rate of 0 picks none and a rate of 1 all, however they are spread",
    arguments: Spread.allCases)
  func extremes(spread: Spread) throws {
    #expect(try picks(0, 100, spread: spread, phase: 999_999).allSatisfy { !$0 })
    #expect(try picks(1, 100, spread: spread, phase: 7).allSatisfy { $0 })
  }

  @Test("a random spread is that of its seed, and near the rate in the long run")
  func random() throws {
    let first = try picks(0.3, 10_000, spread: .random, seed: 5)
    #expect(try picks(0.3, 10_000, spread: .random, seed: 5) == first)
    #expect(try picks(0.3, 10_000, spread: .random, seed: 6) != first)
    #expect((2_800...3_200).contains(first.count { $0 }))
  }

  @Test("a share outside 0 to 1 is no rate", arguments: [-0.1, 1.1, .nan, .infinity])
  func outside(share: Double) {
    #expect(FaultRate(share) == nil)
  }
}

@Suite struct DelayTests {
  private func draws(_ delay: Delay, _ count: Int = 2_000, seed: UInt64 = 1) -> [TimeAmount] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in delay.draw(&generator) }
  }

  private static let distributions: [Delay] = [
    .constant(.seconds(1)), .uniform(min: .seconds(1), max: .seconds(3)),
    .normal(mean: .seconds(2), deviation: .milliseconds(500)),
    .heavyTail(median: .milliseconds(100), max: .seconds(30)),
  ]

  @Test("a seed gives the same lengths every time", arguments: distributions)
  func deterministic(delay: Delay) {
    #expect(draws(delay, seed: 3) == draws(delay, seed: 3))
    if case .constant = delay { return }
    #expect(draws(delay, seed: 3) != draws(delay, seed: 4))
  }

  @Test("lengths keep within their bounds and around their middle")
  func shapes() {
    let uniform = draws(.uniform(min: .seconds(1), max: .seconds(3)))
    #expect(uniform.allSatisfy { (.seconds(1)...(.seconds(3))).contains($0) })
    #expect((900...1_100).contains(uniform.count { $0 < .seconds(2) }))

    let normal = draws(.normal(mean: .seconds(2), deviation: .milliseconds(500)))
    let within = normal.count { abs($0.seconds - 2) < 0.5 }
    #expect((1_280...1_440).contains(within), "some 68 % lie within one deviation")

    let tail = draws(.heavyTail(median: .milliseconds(100), max: .seconds(30)), 10_000)
    #expect((4_800...5_200).contains(tail.count { $0 < .milliseconds(100) }))
    #expect((400...600).contains(tail.count { $0 > .seconds(1) }), "one in twenty")
    #expect(tail.allSatisfy { $0 >= .milliseconds(50) && $0 <= .seconds(30) })
  }

  @Test("a bell that reaches below zero is cut there")
  func neverNegative() {
    let lengths = draws(.normal(mean: .milliseconds(1), deviation: .seconds(1)))
    #expect(lengths.allSatisfy { $0 >= .zero } && lengths.contains(.zero))
  }
}
