import Base
import Engine
import Model

/// What the views need of the engine beyond its lists, gathered here so that it is asked in one way.
extension Engine {
  func isPaused(_ link: Int) -> Bool { !pauses.isEmpty && pauses[links[link].link.id] != nil }

  /// Whether a promised connection has not come about by its day.
  func isOverdue(_ link: Int, _ state: LinkState, at now: Now) -> Bool {
    guard state == .notConnected, let planned = links[link].link.planned else { return false }
    return planned.isOverdue(at: now.wall)
  }

  /// When a planned connection first held; nil for one that has not, or was never planned.
  func connectedAt(_ link: Int) -> WallTime? { nil }

  /// What each target host has been asked lately, in no order.
  var hostFigures: [HostFigures] { [] }
}

/// How a host fares under the politeness budget.
struct HostFigures: Sendable {
  var host: String
  var requestsLastMinute: Int
  /// Nil where no budget is set.
  var budgetPerMinute: Int?
  /// Runs that were put off because the budget was spent.
  var refused: Int
}

/// An answer that is written piece by piece, so that a long one never holds the loop.
package protocol PiecewiseAnswer: Sendable {
  var isDone: Bool { get }
  /// The next piece; empty when this turn brought nothing to send yet.
  mutating func nextPiece(_ engine: borrowing Engine, at now: Now) -> [UInt8]
}
