import Base
import History
import Model
import Reports
import Testing
import Wire

/// A history that is made up: samples, from which the cells come as the daemon makes them, and cells
/// that are given as they are.
struct MadeHistory: HistorySource {
  var samples: [ProbeKey: [Sample]] = [:]
  var cells: [ProbeKey: [Cell]] = [:]
  /// The questions that were asked.
  var asked = 0
  var finelyKeptSince: WallTime?

  enum Failure: Error { case none }

  mutating func cells(
    of key: ProbeKey, in times: Range<WallTime>, span: CellSpan, withLatencies: Bool,
    _ body: (borrowing Cell) -> Void
  ) throws(Failure) {
    asked += 1
    let fine = cells[key] ?? []
    for cell in span == .hour ? fine.hours : fine where times.contains(cell.start) { body(cell) }
  }

  mutating func samples(
    of key: ProbeKey, in times: Range<WallTime>, limit: Int
  ) throws(Failure) -> [Sample] {
    asked += 1
    return (samples[key] ?? []).filter { times.contains($0.time) }.suffix(limit)
  }

  /// Takes samples, in the order of writing, and makes their cells.
  mutating func record(_ key: ProbeKey, every: TimeAmount, _ list: [Sample]) {
    var builder = CellBuilder(every: every)
    for sample in list { builder.add(sample) }
    samples[key, default: []] += list
    var all = cells[key] ?? []
    all.merge(builder.cells)
    cells[key] = all
  }
}

/// The same, which hands over the sums of whole days where it may.
struct SummedHistory: HistorySource {
  var hours: MadeHistory
  private(set) var sumsGiven = 0

  init(hours: MadeHistory) { self.hours = hours }

  mutating func cells(
    of key: ProbeKey, in times: Range<WallTime>, span: CellSpan, withLatencies: Bool,
    _ body: (borrowing Cell) -> Void
  ) throws(MadeHistory.Failure) {
    try hours.cells(of: key, in: times, span: span, withLatencies: withLatencies, body)
  }

  mutating func sums(
    ofEach keys: [ProbeKey], in times: Range<WallTime>, withLatencies: Bool,
    _ body: (Int, borrowing Cell, _ isSum: Bool) -> Void
  ) throws(MadeHistory.Failure) {
    let day = TimeAmount.hours(24)
    for (index, key) in keys.enumerated() {
      var cells: [Cell] = []
      try hours.cells(of: key, in: times, span: .hour, withLatencies: true) {
        cells.append(copy $0)
      }
      while let first = cells.first {
        let midnight = first.start.roundedDown(to: day)
        let today = cells.prefix { $0.start < midnight + day }
        cells.removeFirst(today.count)
        guard midnight >= times.lowerBound, midnight + day <= times.upperBound else {
          for cell in today { body(index, cell, false) }
          continue
        }
        var sum = Cell(span: .hour, start: first.start)
        for cell in today { sum.tally.add(cell.tally) }
        sumsGiven += 1
        body(index, sum, true)
      }
    }
  }

  mutating func samples(
    of key: ProbeKey, in times: Range<WallTime>, limit: Int
  ) throws(MadeHistory.Failure) -> [Sample] {
    try hours.samples(of: key, in: times, limit: limit)
  }
}

/// 2025-11-07T00:00:00Z, a Friday.
let midnight = WallTime(milliseconds: 1_762_473_600_000)

func sample(
  _ time: WallTime, ok: Bool = true, milliseconds: UInt32 = 20, maintenance: Bool = false
) -> Sample {
  Sample(
    time: time, outcome: ok ? .ok : .connect(.refused), flags: maintenance ? .maintenance : [],
    timings: PhaseTimings(totalMicroseconds: milliseconds * 1_000))
}

/// A sample a minute over some minutes.
func minutely(
  from start: WallTime, _ minutes: Range<Int64>, ok: (Int64) -> Bool = { _ in true }
) -> [Sample] {
  minutes.map { sample(start + .minutes($0), ok: ok($0)) }
}

func link(
  _ id: String, owner: String = "moj",
  probes: [(name: String, isRequired: Bool)] = [("http", true)],
  _ change: (inout Link) -> Void = { _ in }
) -> Link {
  guard let linkID = LinkID(id) else { preconditionFailure("an id: \(id)") }
  var link = Link(
    id: linkID, serviceName: LocalizedName(en: linkID.service, vi: "Dịch vụ"),
    consumerName: LocalizedName(en: linkID.consumer, vi: "Tỉnh"), system: "system", owner: owner,
    route: [], alert: .standard,
    probes: probes.map {
      ProbeDefinition(
        name: $0.name, kind: "http", every: .seconds(60), timeout: .seconds(10),
        isRequired: $0.isRequired, options: 0)
    })
  change(&link)
  return link
}

func key(_ link: Link, _ probe: String = "http") -> ProbeKey {
  ProbeKey(link: link.id, probe: probe)
}

func parsed(_ body: [UInt8]) throws -> JSONNode {
  let limits = JSONLimits(stringBytes: 8 << 20, totalNodes: 8_000_000, duplicateKeys: .refused)
  let result = parseJSON(body, dialect: .json, limits: limits)
  try #require(result.errors.isEmpty, "\(String(decoding: body.prefix(300), as: UTF8.self))")
  return try #require(result.node)
}

extension JSONNode {
  func whole(_ key: String) -> Int? { self[key]?.int }
  func share(_ key: String) -> Double? { self[key]?.number?.double }
  func text(_ key: String) -> String? { self[key]?.string }
  func list(_ key: String) -> [JSONNode] { self[key]?.array ?? [] }
}

extension SeededGenerator {
  mutating func next(below bound: UInt64) -> Int { Int(next() % bound) }
}
