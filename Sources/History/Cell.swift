import Base
import Model

/// How long a cell is.
package enum CellSpan: UInt8, Sendable, Hashable, CaseIterable {
  case fiveMinutes = 0
  case hour = 1

  package var length: TimeAmount { self == .hour ? .hours(1) : .minutes(5) }

  /// The start of the cell in which a time lies: cells begin at whole multiples of their length
  /// since the epoch, in UTC.
  package func start(of time: WallTime) -> WallTime {
    WallTime(nanoseconds: number(of: time) * length.nanoseconds)
  }

  /// Which cell since the epoch a time lies in.
  func number(of time: WallTime) -> Int64 {
    let length = length.nanoseconds
    let whole = time.nanoseconds / length
    return time.nanoseconds % length < 0 ? whole - 1 : whole
  }
}

/// What one probe showed in five minutes or an hour. Several cells of the same time add up: a clock
/// that was set back makes such, and so does the end of a block within a cell.
package struct Cell: Hashable, Sendable {
  package var span: CellSpan
  /// A multiple of the span.
  package var start: WallTime
  package var tally = Tally()

  package init(span: CellSpan, start: WallTime, tally: Tally = Tally()) {
    self.span = span
    self.start = start
    self.tally = tally
  }

  package var end: WallTime { start + span.length }

  /// How much of the cell nobody looked.
  package var unknownMilliseconds: Int64 {
    max(0, span.length.milliseconds - tally.observedMilliseconds)
  }
}

extension AttemptCounts {
  package init(_ cell: borrowing Cell) {
    self.init(
      time: cell.start, total: UInt32(clamping: cell.tally.attemptsCounted),
      failed: UInt32(clamping: cell.tally.failures))
  }
}

extension [Cell] {
  /// Adds to the cell of a time, which is made where it is missing. Times mostly ascend, so the
  /// search begins at the end.
  mutating func withCell(_ span: CellSpan, at time: WallTime, _ change: (inout Tally) -> Void) {
    let start = span.start(of: time)
    var place = count
    while place > 0, self[place - 1].start > start { place -= 1 }
    if place == 0 || self[place - 1].start != start {
      insert(Cell(span: span, start: start), at: place)
      place += 1
    }
    change(&self[place - 1].tally)
  }

  /// The same time in hours.
  package var hours: [Cell] {
    var hours: [Cell] = []
    for cell in self {
      hours.withCell(.hour, at: cell.start) { $0.add(cell.tally) }
    }
    return hours
  }

  /// Adds cells of the same span.
  package mutating func merge(_ others: [Cell]) {
    for cell in others { merge(cell) }
  }

  /// Adds a cell, without keeping its room.
  package mutating func merge(_ cell: borrowing Cell) {
    let (span, start) = (cell.span, cell.start)
    if let last, last.start >= start {
      withCell(span, at: start) { $0.add(cell.tally) }
    } else {
      append(Cell(span: span, start: start))
      self[count - 1].tally.add(cell.tally)
    }
  }
}
