import Base

/// The share of answers that are faulty, in whole millionths, so that sums never round.
package struct FaultRate: Sendable, Hashable {
  package static let whole = 1_000_000
  package let millionths: Int

  /// Nil outside 0 to 1.
  package init?(_ share: Double) {
    guard share >= 0, share <= 1 else { return nil }
    millionths = Int((share * Double(Self.whole)).rounded())
  }

  package static let always = FaultRate(1)!
}

/// How the faulty answers lie among the others.
package enum Spread: String, Sendable, Hashable, CaseIterable {
  /// As evenly as the rate allows; the same in every run.
  case even
  /// Drawn one by one from the link's seeded generator.
  case random
}

/// Decides, answer by answer, which ones are faulty.
///
/// With an even spread this is error diffusion: each answer adds the rate to what is owed, and one
/// that brings the debt to a whole is faulty. In any run of n answers the faults differ from
/// n times the rate by less than one; where that product is whole, they equal it.
package struct FaultPicker: Sendable {
  private let rate: FaultRate
  private let spread: Spread
  private var owedMillionths: Int

  /// `phase` sets where in the pattern the first answer falls; a link's stable hash keeps links of
  /// the same rate from failing in step.
  package init(rate: FaultRate, spread: Spread, phase: UInt64) {
    self.rate = rate
    self.spread = spread
    owedMillionths = Int(phase % UInt64(FaultRate.whole))
  }

  /// Whether the next answer is faulty.
  package mutating func next(_ generator: inout SeededGenerator) -> Bool {
    switch spread {
    case .even:
      owedMillionths += rate.millionths
      guard owedMillionths >= FaultRate.whole else { return false }
      owedMillionths -= FaultRate.whole
      return true
    case .random:
      return generator.below(UInt64(FaultRate.whole)) < UInt64(rate.millionths)
    }
  }
}
