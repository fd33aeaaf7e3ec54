import Base

/// A numbered file as it was found; `Reading` is what its start shows.
package struct SlotFile<Reading: Hashable & Sendable>: Hashable, Sendable {
  package var slot: UInt32
  package var byteCount: Int
  package var reading: Reading

  package init(slot: UInt32, byteCount: Int, reading: Reading) {
    self.slot = slot
    self.byteCount = byteCount
    self.reading = reading
  }
}

package typealias SegmentFile = SlotFile<SegmentReading>
package typealias BlockFile = SlotFile<BlockReading>

/// What is to be done with the files found so that they are a ring of the wanted size.
package struct RingPlan: Hashable, Sendable {
  package var ringID: UInt64
  /// An existing ring keeps its segment size; only their number follows the wanted size.
  package var segmentBytes: Int
  /// Files that cannot be used, with the reason; to be renamed, never deleted.
  package var aside: [Aside] = []
  /// Files beyond the wanted size: blank ones, then the oldest.
  package var remove: [SegmentFile] = []
  /// Slots to preallocate.
  package var create: [UInt32] = []
  /// The segments with data that stay, the oldest first.
  package var keep: [SegmentHeader] = []
  /// The blank files that stay.
  package var blank: [UInt32] = []

  package struct Aside: Hashable, Sendable {
    package var slot: UInt32
    package var reason: String
  }

  /// Plans for a ring of `ringBytes`, at least two segments.
  ///
  /// - Parameters:
  ///   - files: all segment files, without those of a newer format: a ring that a newer program
  ///     has written is no ring for this one.
  ///   - segmentBytes: the size of a segment if there is no ring yet.
  ///   - newRingID: a random number for a ring that has none yet.
  package init(files: [SegmentFile], ringBytes: Int, segmentBytes: Int, newRingID: UInt64) {
    let files = files.sorted { $0.slot < $1.slot }
    let id = mostFrequentRing(files) ?? newRingID
    // The newest segment of the ring says how large they are.
    let newest = files.compactMap { $0.header(of: id) }.max { $0.generation < $1.generation }
    ringID = id
    self.segmentBytes = newest?.segmentBytes ?? segmentBytes
    var generations: Set<UInt64> = []
    for file in files {
      switch Use(file, ringID: ringID, segmentBytes: self.segmentBytes, &generations) {
      case .data(let header): keep.append(header)
      case .blank: blank.append(file.slot)
      case .none(let reason): aside.append(Aside(slot: file.slot, reason: reason))
      }
    }
    keep.sort { $0.generation < $1.generation }
    fit(count: max(2, ringBytes / self.segmentBytes), taken: Set(files.map(\.slot)))
  }

  /// The slots in the order in which they are to be written: blank ones first, then the oldest.
  package var slots: [UInt32] { (blank + create).sorted() + keep.map(\.slot) }

  /// The segment to go on with; nil for a ring without data.
  package var current: SegmentHeader? { keep.last }

  /// Where writing goes on, given what a scan of the current segment showed.
  package func resume(after scan: SegmentScan?) -> RingResume {
    RingResume(
      ringID: ringID, segmentBytes: segmentBytes, slots: slots, current: current,
      offset: scan?.end ?? RingFormat.headerBlockBytes,
      nextSequence: scan?.nextSequence ?? current?.firstSequence ?? 1, times: scan?.times)
  }

  private mutating func fit(count: Int, taken: Set<UInt32>) {
    while keep.count + blank.count > count {
      if let slot = blank.popLast() {
        remove.append(SegmentFile(slot: slot, byteCount: segmentBytes, reading: .blank))
      } else {
        let oldest = keep.removeFirst()
        remove.append(
          SegmentFile(slot: oldest.slot, byteCount: segmentBytes, reading: .valid(oldest)))
      }
    }
    // A file set aside or removed leaves its slot free.
    let kept = Set(keep.map(\.slot) + blank)
    var slot: UInt32 = 0
    while keep.count + blank.count + create.count < count {
      if !kept.contains(slot) { create.append(slot) }
      slot += 1
    }
  }
}

extension SlotFile<SegmentReading> {
  fileprivate func header(of ringID: UInt64) -> SegmentHeader? {
    if case .valid(let header) = reading, header.ringID == ringID { header } else { nil }
  }
}

/// The ring to which most of the files belong; among equals, that of the lowest slot.
private func mostFrequentRing(_ files: [SegmentFile]) -> UInt64? {
  var counts: [(ringID: UInt64, count: Int)] = []
  for case .valid(let header) in files.map(\.reading) {
    if let index = counts.firstIndex(where: { $0.ringID == header.ringID }) {
      counts[index].count += 1
    } else {
      counts.append((header.ringID, 1))
    }
  }
  let most = counts.map(\.count).max()
  return counts.first { $0.count == most }?.ringID
}

/// What a file is good for.
private enum Use {
  case data(SegmentHeader)
  case blank
  case none(reason: String)

  init(
    _ file: SegmentFile, ringID: UInt64, segmentBytes: Int, _ generations: inout Set<UInt64>
  ) {
    guard file.byteCount == segmentBytes else {
      self = .none(
        reason: "the file has \(file.byteCount) bytes, not the \(segmentBytes) of this ring")
      return
    }
    switch file.reading {
    case .blank: self = .blank
    case .damaged(let reason): self = .none(reason: reason)
    case .newer(let version, _): self = .none(reason: "format version \(version)")
    case .valid(let header):
      if header.ringID != ringID {
        self = .none(reason: "the segment belongs to another ring")
      } else if header.slot != file.slot || header.segmentBytes != segmentBytes {
        self = .none(reason: "the segment was written under another name or size")
      } else if !generations.insert(header.generation).inserted {
        self = .none(reason: "another segment bears the same generation \(header.generation)")
      } else {
        self = .data(header)
      }
    }
  }
}
