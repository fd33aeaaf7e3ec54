import Base
import Delivery
import Engine
import History
import Model
import Quiet

/// What outlives a crash: the ring as the words that were written, and the journal as the documents of
/// incidents, in the order of writing.
package struct SimulatedDisk: Sendable {
  static let segmentBytes = 32 << 20

  private let ringID: UInt64
  private var header: SegmentHeader?
  private var segment: [UInt64] = []
  private var documents: [[UInt8]] = []
  private(set) var pauses: [Pause] = []
  private(set) var quiet = QuietState()
  private(set) var connections: [LinkID: WallTime] = [:]

  /// A file that is written anew with each change of what it holds.
  enum StateFile {
    case pauses([Pause])
    case quiet(QuietState)
    case connections([LinkID: WallTime])
  }

  init(ringID: UInt64) { self.ringID = ringID }

  /// Writes batches to the ring. `words`: how many words of them arrive; all unless a crash tears them.
  mutating func write(_ batches: [EncodedBatch], words limit: Int = .max) {
    var left = limit
    for batch in batches where left > 0 {
      precondition(
        header == nil || header == batch.segment, "the world ends before its segment is full")
      header = batch.segment
      let end = batch.offset / 8 + batch.words.count
      if segment.count < end { segment += Array(repeating: 0, count: end - segment.count) }
      for (place, word) in batch.words.prefix(left).enumerated() {
        segment[batch.offset / 8 + place] = word
      }
      left -= batch.words.count
    }
  }

  mutating func journal(_ incident: Incident) {
    documents.append(IncidentDocument.encode(incident))
  }

  mutating func save(_ file: StateFile) {
    switch file {
    case .pauses(let list): pauses = list
    case .quiet(let state): quiet = state
    case .connections(let list): connections = list
    }
  }

  /// What a start reads back.
  struct Found {
    var resume: RingResume
    var samples: [(key: ProbeKey, sample: Sample)] = []
    var open: [Incident] = []
    var ended: [Incident] = []
  }

  func read() -> Found {
    var found = Found(
      resume: RingResume(ringID: ringID, segmentBytes: Self.segmentBytes, slots: [0, 1]))
    if let header {
      let scan = scanSegment(segment, header: header) { record in
        if case .sample(let key, let sample) = record { found.samples.append((key, sample)) }
      }
      found.resume = RingResume(
        ringID: ringID, segmentBytes: Self.segmentBytes, slots: [1, 0], current: header,
        offset: scan.end, nextSequence: scan.nextSequence, times: scan.times)
    }
    // In the order of opening, as the journal keeps them.
    var newest: [Incident] = []
    for document in documents {
      guard let incident = try? IncidentDocument.decode(document) else {
        preconditionFailure("a document that cannot be read back")
      }
      if let place = newest.firstIndex(where: { $0.id == incident.id }) {
        newest[place] = incident
      } else {
        newest.append(incident)
      }
    }
    found.open = newest.filter { $0.status != .resolved }
    found.ended = newest.filter { $0.status == .resolved }
    return found
  }
}
