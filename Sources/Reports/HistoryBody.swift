import Base
import History
import Model

/// Nobody waits for the answer any more.
package struct HistoryCancelled: Error, Sendable {
  package init() {}
}

/// Makes the answer to a question about the past. It may take long: `isCancelled` is asked between
/// stretches of at most ``Limits/reportCells`` cells, and ends it with ``HistoryCancelled``.
package func historyBody(
  _ request: HistoryRequest, _ source: inout some HistorySource,
  isCancelled: () -> Bool = { false }
) throws -> [UInt8] {
  switch request.question {
  case .series(let question): try seriesBody(question, request, &source, isCancelled)
  case .availability(let question): try availabilityBody(question, request, &source, isCancelled)
  case .comparison(let question): try comparisonBody(question, request, &source, isCancelled)
  case .export(let question): try exportBody(question, request, &source, isCancelled)
  }
}

/// The cells to answer from: fine ones for short periods of which they are kept.
func cellSpan(for period: Period, now: WallTime, in source: some HistorySource) -> CellSpan {
  period.length <= .hours(48) && source.isFinelyKept(from: period.from, now: now)
    ? .fiveMinutes : .hour
}
