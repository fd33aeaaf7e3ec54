import Base
import Model

/// Cells as bytes: variable-length numbers, seven bits to a byte and the lowest first (as in LEB128),
/// because most figures of most cells are small. `deploy/docs/history-format.md` is the specification.
package enum CellCode {
  /// What a cell's second number says beside its span.
  private enum Mark {
    static let hour: UInt64 = 1
    /// Up for all of its span, and no other time: no times follow.
    static let wholeUp: UInt64 = 2
    static let maintenance: UInt64 = 4
    static let slow: UInt64 = 8
    static let confirmations: UInt64 = 16
    static let latencies: UInt64 = 32
    static let known: UInt64 = 63
  }

  /// How far latencies can be told coarser so that cells fit: each level halves the number of buckets.
  package static let coarsest = 5
  /// Behind the coarsest level latencies keep their least, mean and greatest only.
  package static let withoutBuckets = coarsest + 1

  /// A hundred and forty years of waiting: no cell sees so much.
  private static let latencySumMaximum = UInt64(1) << 52

  /// Cells in the order of time, as bytes of at most `limit`: as exact as fits.
  ///
  /// Nil when even the coarsest does not.
  package static func encoded(_ cells: [Cell], limit: Int) -> [UInt8]? {
    for level in 0...withoutBuckets {
      var bytes: [UInt8] = [UInt8(level)]
      bytes.appendNumber(UInt64(cells.count))
      var before: [Int64] = [0, 0]
      for cell in cells { append(cell, level: level, to: &bytes, before: &before) }
      if bytes.count <= limit { return bytes }
    }
    return nil
  }

  private static func append(
    _ cell: Cell, level: Int, to bytes: inout [UInt8], before: inout [Int64]
  ) {
    let tally = cell.tally
    let number = cell.span.number(of: cell.start)
    let spanIndex = Int(cell.span.rawValue)
    bytes.appendNumber(zigzag(number - before[spanIndex]))
    before[spanIndex] = number + 1
    let wholeUp =
      tally.upMilliseconds == cell.span.length.milliseconds && tally.downMilliseconds == 0
    let maintenance = tally.maintenanceUpMilliseconds + tally.maintenanceDownMilliseconds > 0
    var marks = UInt64(cell.span.rawValue)
    if wholeUp { marks |= Mark.wholeUp }
    if maintenance { marks |= Mark.maintenance }
    if tally.slow > 0 { marks |= Mark.slow }
    if tally.confirmations > 0 { marks |= Mark.confirmations }
    if !tally.latencies.isEmpty { marks |= Mark.latencies }
    bytes.appendNumber(marks)
    if !wholeUp {
      bytes.appendTime(tally.upMilliseconds)
      bytes.appendTime(tally.downMilliseconds)
    }
    if maintenance {
      bytes.appendTime(tally.maintenanceUpMilliseconds)
      bytes.appendTime(tally.maintenanceDownMilliseconds)
    }
    bytes.appendNumber(tally.attempts.reduce(0) { $1 > 0 ? $0 + 1 : $0 })
    for phase in tally.attempts.indices where tally.attempts[phase] > 0 {
      bytes.appendNumber(UInt64(phase))
      bytes.appendNumber(UInt64(tally.attempts[phase]))
    }
    if tally.slow > 0 { bytes.appendNumber(UInt64(tally.slow)) }
    if tally.confirmations > 0 { bytes.appendNumber(UInt64(tally.confirmations)) }
    if !tally.latencies.isEmpty { appendLatencies(tally, level: level, to: &bytes) }
  }

  private static func appendLatencies(_ tally: Tally, level: Int, to bytes: inout [UInt8]) {
    bytes.appendNumber(min(tally.latencySumMicroseconds, latencySumMaximum))
    bytes.appendNumber(UInt64(tally.latencyMinimumMicroseconds))
    bytes.appendNumber(
      UInt64(tally.latencyMaximumMicroseconds) - UInt64(tally.latencyMinimumMicroseconds))
    guard level < withoutBuckets else {
      bytes.appendNumber(min(tally.latencies.total, UInt64(UInt32.max)))
      return
    }
    // Neighbours of one group are told as one.
    var groups: [(index: Int, count: UInt64)] = []
    groups.reserveCapacity(32)
    tally.latencies.forEachEntry { bucket, count in
      let index = Int(bucket) >> level
      if let last = groups.last, last.index == index {
        groups[groups.count - 1].count += UInt64(count)
      } else {
        groups.append((index, UInt64(count)))
      }
    }
    bytes.appendNumber(UInt64(groups.count))
    var before = 0
    for group in groups {
      bytes.appendNumber(UInt64(group.index - before))
      bytes.appendNumber(group.count)
      before = group.index + 1
    }
  }

  // MARK: - Reading

  /// Hands over the cells of a span in turn; false where the bytes are not what ``encoded`` makes.
  ///
  /// - Parameters:
  ///   - withLatencies: whether the buckets are wanted; stepping over them is much faster.
  ///   - hoursComeFirst: whether no hour follows a cell of five minutes: where hours are wanted, nobody
  ///     looks at what is behind them.
  ///   - body: gets the same cell again and again, with other content.
  package static func read(
    _ bytes: ArraySlice<UInt8>, span: CellSpan, withLatencies: Bool, hoursComeFirst: Bool = false,
    _ body: (borrowing Cell) -> Void
  ) -> Bool {
    var words: [UInt64] = []
    words.appendBytes(bytes)
    return read(
      words, at: 0, count: bytes.count, span: span, withLatencies: withLatencies,
      hoursComeFirst: hoursComeFirst, body)
  }

  /// The same of so many bytes from the start of a word on.
  static func read(
    _ words: [UInt64], at place: Int, count byteCount: Int, span: CellSpan, withLatencies: Bool,
    hoursComeFirst: Bool, _ body: (borrowing Cell) -> Void
  ) -> Bool {
    var reader = NumberReader(words, at: place, count: byteCount)
    guard let level = reader.next(), level <= withoutBuckets, let count = reader.next(),
      count <= UInt64(byteCount)
    else { return false }
    var before: (minutes: Int64, hours: Int64) = (0, 0)
    var cell = Cell(span: span, start: WallTime(nanoseconds: 0))
    for _ in 0..<count {
      guard let delta = reader.next(), let marks = reader.next(), marks <= Mark.known else {
        return false
      }
      cell.span = marks & Mark.hour != 0 ? .hour : .fiveMinutes
      let isWanted = cell.span == span
      if !isWanted, span == .hour, hoursComeFirst { return true }
      let hasStart =
        cell.span == .hour
        ? readStart(delta, &before.hours, &cell) : readStart(delta, &before.minutes, &cell)
      guard hasStart, readTally(&reader, marks, Int(level), isWanted && withLatencies, &cell)
      else { return false }
      if isWanted { body(cell) }
    }
    return reader.isAtEnd
  }

  private static func readStart(
    _ delta: UInt64, _ before: inout Int64, _ cell: inout Cell
  ) -> Bool {
    let length = cell.span.length
    let (number, overflow) = before.addingReportingOverflow(unzigzag(delta))
    let last = RingFormat.milliseconds.upperBound / length.milliseconds
    guard !overflow, number.magnitude <= UInt64(last) else { return false }
    before = number + 1
    cell.start = WallTime(nanoseconds: number * length.nanoseconds)
    return true
  }

  private static func readTally(
    _ reader: inout NumberReader, _ marks: UInt64, _ level: Int, _ withLatencies: Bool,
    _ cell: inout Cell
  ) -> Bool {
    cell.tally.clear()
    if marks & Mark.wholeUp != 0 {
      cell.tally.upMilliseconds = cell.span.length.milliseconds
    } else {
      guard let up = reader.time(), let down = reader.time() else { return false }
      cell.tally.upMilliseconds = up
      cell.tally.downMilliseconds = down
    }
    if marks & Mark.maintenance != 0 {
      guard let up = reader.time(), let down = reader.time() else { return false }
      cell.tally.maintenanceUpMilliseconds = up
      cell.tally.maintenanceDownMilliseconds = down
    }
    guard readCounts(&reader, marks, &cell.tally) else { return false }
    guard marks & Mark.latencies != 0 else { return true }
    return readLatencies(&reader, level, withLatencies, &cell.tally)
  }

  private static func readCounts(
    _ reader: inout NumberReader, _ marks: UInt64, _ tally: inout Tally
  ) -> Bool {
    guard let phases = reader.next(), phases <= 256 else { return false }
    for _ in 0..<phases {
      guard let phase = reader.next(), phase <= 255, let amount = reader.count() else {
        return false
      }
      // A phase that a newer program knows is left out; so is its attempt.
      tally.count(UInt8(phase), by: amount)
    }
    if marks & Mark.slow != 0 {
      guard let slow = reader.count() else { return false }
      tally.slow = slow
    }
    if marks & Mark.confirmations != 0 {
      guard let confirmations = reader.count() else { return false }
      tally.confirmations = confirmations
    }
    return true
  }

  private static func readLatencies(
    _ reader: inout NumberReader, _ level: Int, _ wanted: Bool, _ tally: inout Tally
  ) -> Bool {
    guard let sum = reader.next(), sum <= latencySumMaximum, let least = reader.count(),
      let more = reader.count(), UInt64(least) + UInt64(more) <= UInt64(UInt32.max),
      let groups = reader.next()
    else { return false }
    if wanted {
      tally.latencySumMicroseconds = sum
      tally.latencyMinimumMicroseconds = least
      tally.latencyMaximumMicroseconds = least + more
    }
    if level == withoutBuckets {
      // Their number alone is known; the mean stands for each.
      guard let count = UInt32(exactly: groups), count > 0 else { return false }
      if wanted {
        let mean = UInt32(clamping: sum / UInt64(count))
        tally.latencies.add(count, inBucket: LatencyDistribution.bucket(microseconds: mean))
      }
      return true
    }
    guard groups > 0, groups <= 256 else { return false }
    guard wanted else { return reader.skip(2 * groups) }
    // Half a group, to its midst.
    let half = (UInt64(1) << UInt64(level)) >> 1
    var index: UInt64 = 0
    return tally.latencies.add(many: Int(groups)) {
      guard let (step, count) = reader.pair(), count > 0, step <= 255 else { return nil }
      let lower = (index + step) << UInt64(level)
      guard lower <= 255 else { return nil }
      index += step + 1
      return (UInt8(min(255, lower + half)), count)
    }
  }

  private static func zigzag(_ value: Int64) -> UInt64 {
    UInt64(bitPattern: (value << 1) ^ (value >> 63))
  }

  private static func unzigzag(_ value: UInt64) -> Int64 {
    Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }
}

extension [UInt8] {
  mutating func appendNumber(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }

  mutating func appendTime(_ milliseconds: Int64) {
    appendNumber(UInt64(UInt32(clamping: milliseconds)))
  }
}

/// Reads variable-length numbers from words; nil where there is none.
struct NumberReader {
  private let words: [UInt64]
  /// In bytes.
  private var place: Int
  private let end: Int

  /// - Parameters:
  ///   - place: the word in whose first byte they begin.
  ///   - count: how many bytes there are; they must lie within the words.
  init(_ words: [UInt64], at place: Int, count: Int) {
    self.words = words
    self.place = place * 8
    end = place * 8 + count
  }

  var isAtEnd: Bool { place == end }

  /// The next eight bytes, the first one lowest; zeros behind the words. Some must be left.
  @inline(__always)
  private var ahead: UInt64 {
    let index = place >> 3
    let shift = UInt64(place & 7) << 3
    let word = words.word(index) &>> shift
    guard shift > 0, index + 1 < words.count else { return word }
    return word | words.word(index + 1) &<< (64 - shift)
  }

  @inline(__always)
  mutating func next() -> UInt64? {
    guard place < end else { return nil }
    let bytes = ahead
    guard bytes & 0x80 != 0 else {
      place += 1
      return bytes & 0x7F
    }
    return long()
  }

  /// Two numbers, of which the second fits in 32 bits.
  @inline(__always)
  mutating func pair() -> (UInt64, UInt32)? {
    guard place + 1 < end else { return nil }
    let bytes = ahead
    guard bytes & 0x8080 != 0 else {
      place += 2
      return (bytes & 0x7F, UInt32(truncatingIfNeeded: bytes >> 8 & 0x7F))
    }
    guard let first = next(), let second = count() else { return nil }
    return (first, second)
  }

  /// Steps over some numbers, eight bytes at a time, without looking at what they are: each ends with a
  /// byte whose eighth bit is not set. False where there are fewer.
  mutating func skip(_ count: UInt64) -> Bool {
    var rest = count
    while rest > 0 {
      guard place < end else { return false }
      let size = min(8, end - place)
      var ends = ~ahead & 0x8080_8080_8080_8080
      if size < 8 { ends &= (1 &<< UInt64(size * 8)) - 1 }
      let found = UInt64(ends.nonzeroBitCount)
      guard found >= rest else {
        rest -= found
        place += size
        continue
      }
      for _ in 1..<rest { ends &= ends - 1 }
      place += ends.trailingZeroBitCount >> 3 + 1
      rest = 0
    }
    return true
  }

  /// A number of more than one byte.
  private mutating func long() -> UInt64? {
    let bytes = ahead
    let ends = ~bytes & 0x8080_8080_8080_8080
    guard ends != 0 else { return veryLong() }
    let length = ends.trailingZeroBitCount >> 3 + 1
    guard place + length <= end else { return nil }
    place += length
    // Its bytes' seven bits, put side by side: first of two, then of four, then of all eight.
    var value = bytes & 0x7F7F_7F7F_7F7F_7F7F & (.max &>> UInt64(64 - 8 * length))
    value = value & 0x007F_007F_007F_007F | (value & 0x7F00_7F00_7F00_7F00) &>> 1
    value = value & 0x0000_3FFF_0000_3FFF | (value & 0x3FFF_0000_3FFF_0000) &>> 2
    return value & 0x0FFF_FFFF | (value & 0x0FFF_FFFF_0000_0000) &>> 4
  }

  /// A number of more than eight bytes.
  private mutating func veryLong() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while place < end, shift < 64 {
      let byte = words.word(place >> 3) &>> (UInt64(place & 7) << 3) & 0xFF
      place += 1
      value |= (byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  @inline(__always)
  mutating func count() -> UInt32? { next().flatMap { UInt32(exactly: $0) } }

  /// Milliseconds that one cell can hold, even if a clock showed its time often.
  @inline(__always)
  mutating func time() -> Int64? { next().flatMap { $0 <= UInt64(UInt32.max) ? Int64($0) : nil } }
}
