import Base
import Model

/// Where questions about the past get their figures: the history of a running daemon, or a copy of it.
package protocol HistorySource {
  associatedtype Failure: Error

  /// From when on there are cells of five minutes; what is older is told by the hour alone. Nil where that
  /// is not known.
  var finelyKeptSince: WallTime? { get }

  /// Hands over the cells of a probe that begin within `times`, mostly from the oldest to the newest.
  /// There may be several of the same time: they add up. A time without a cell is unknown.
  ///
  /// - Parameters:
  ///   - withLatencies: whether the tallies' latencies are wanted; without them it is much faster.
  ///   - body: must not keep the cell: the next one may use its room.
  mutating func cells(
    of key: ProbeKey, in times: Range<WallTime>, span: CellSpan, withLatencies: Bool,
    _ body: (borrowing Cell) -> Void
  ) throws(Failure)

  /// The same for many probes at once, in any order; `body` gets the probe's index in `keys`. A source
  /// that has files reads each of them once.
  mutating func cells(
    ofEach keys: [ProbeKey], in times: Range<WallTime>, span: CellSpan, withLatencies: Bool,
    _ body: (Int, borrowing Cell) -> Void
  ) throws(Failure)

  /// The same of hours, where only their sum is asked for: instead of the cells of a probe from one time
  /// within `times` to another the source may hand over what they add up to, as one cell with the start
  /// of the first of them, and says so.
  mutating func sums(
    ofEach keys: [ProbeKey], in times: Range<WallTime>, withLatencies: Bool,
    _ body: (Int, borrowing Cell, _ isSum: Bool) -> Void
  ) throws(Failure)

  /// The samples of a probe with times within `times`, in the order of writing: the last `limit`.
  mutating func samples(
    of key: ProbeKey, in times: Range<WallTime>, limit: Int
  ) throws(Failure) -> [Sample]
}

extension HistorySource {
  package var finelyKeptSince: WallTime? { nil }

  /// Whether there are cells of five minutes from a time on.
  package func isFinelyKept(from time: WallTime, now: WallTime) -> Bool {
    time >= finelyKeptSince ?? now - Limits.fineCellsKept
  }

  package mutating func cells(
    ofEach keys: [ProbeKey], in times: Range<WallTime>, span: CellSpan, withLatencies: Bool,
    _ body: (Int, borrowing Cell) -> Void
  ) throws(Failure) {
    for (index, key) in keys.enumerated() {
      try cells(of: key, in: times, span: span, withLatencies: withLatencies) { body(index, $0) }
    }
  }

  package mutating func sums(
    ofEach keys: [ProbeKey], in times: Range<WallTime>, withLatencies: Bool,
    _ body: (Int, borrowing Cell, _ isSum: Bool) -> Void
  ) throws(Failure) {
    try cells(ofEach: keys, in: times, span: .hour, withLatencies: withLatencies) {
      body($0, $1, false)
    }
  }
}
