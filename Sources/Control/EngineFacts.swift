import Base
import Engine
import Model

/// What the views need of the engine beyond its lists, gathered here so that it is asked in one way.
extension Engine {
  func isPaused(_ link: Int) -> Bool { !pauses.isEmpty && pauses[links[link].link.id] != nil }

  /// Whether a promised connection has not come about by its day.
  func isOverdue(_ link: Int, _ state: LinkState, at now: Now) -> Bool {
    guard state == .notConnected, links[link].connectedAt == nil,
      let planned = links[link].link.planned
    else { return false }
    return planned.isOverdue(at: now.wall)
  }

  /// When a planned connection first held; nil for one that has not, or was never planned.
  func connectedAt(_ link: Int) -> WallTime? { links[link].connectedAt }

}

/// An answer that is written piece by piece, so that a long one never holds the loop.
package protocol PiecewiseAnswer: Sendable {
  var isDone: Bool { get }
  /// The next piece; empty when this turn brought nothing to send yet.
  mutating func nextPiece(_ engine: borrowing Engine, at now: Now) -> [UInt8]
}
