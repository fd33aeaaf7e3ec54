import Base
import Testing

@testable import Model

struct LinkStateTests {
  private static func view(_ condition: ProbeCondition, _ isRequired: Bool) -> ProbeView {
    ProbeView(condition: condition, isRequired: isRequired)
  }

  @Test(
    "probes combine as the page on states says",
    arguments: [
      ([], .unknown, "nobody looks"),
      ([view(.ok, true)], .up, "the only probe is right"),
      ([view(.ok, false)], .unknown, "only the optional is right: that is not enough"),
      ([view(.unknown, true)], .unknown, "nothing was seen"),
      ([view(.impaired, true)], .degraded, "something is wrong, not all"),
      ([view(.failing, true)], .down, "the failure rule holds"),
      ([view(.failing, false)], .unknown, "an optional failure says nothing of the rest"),
      ([view(.ok, true), view(.failing, false)], .degraded, "an optional part is broken"),
      ([view(.ok, true), view(.impaired, false)], .degraded, "an optional part limps"),
      ([view(.ok, true), view(.unknown, false)], .up, "an optional unknown changes nothing"),
      ([view(.ok, true), view(.unknown, true)], .unknown, "unknown is never up"),
      ([view(.impaired, true), view(.unknown, true)], .unknown, "nor degraded"),
      ([view(.unknown, true), view(.failing, true)], .down, "known down outweighs unknown"),
    ] as [([ProbeView], LinkState, String)])
  func table(probes: [ProbeView], state: LinkState, reason: String) {
    #expect(combinedState(of: probes) == state, "\(reason)")
  }

  @Test("all combinations of up to three probes follow the four rules, in any order")
  func allCombinations() {
    let kinds = ProbeCondition.allCases.flatMap { condition in
      [true, false].map { Self.view(condition, $0) }
    }
    func check(_ probes: [ProbeView]) {
      #expect(combinedState(of: probes) == Self.byTheRules(probes), "\(probes)")
    }
    check([])
    for a in kinds {
      check([a])
      for b in kinds {
        check([a, b])
        for c in kinds { check([a, b, c]) }
      }
    }
  }

  /// The four rules as they are written, one after the other.
  private static func byTheRules(_ probes: [ProbeView]) -> LinkState {
    let required = probes.filter(\.isRequired)
    if required.contains(where: { $0.condition == .failing }) { return .down }
    if required.isEmpty || required.contains(where: { $0.condition == .unknown }) {
      return .unknown
    }
    let isImpaired = probes.contains {
      $0.condition == .impaired || $0.condition == .failing
    }
    return isImpaired ? .degraded : .up
  }
}
