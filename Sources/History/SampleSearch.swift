import Base
import Model

/// Finds one probe's samples in one segment without reading all of it: a batch outside the times is
/// stepped over, and only a batch with something to find is checked against its checksum.
package struct SampleSearch {
  private let definition: [UInt64]
  private let times: Range<WallTime>
  private let limit: Int

  /// - Parameters:
  ///   - times: the samples wanted, by their time; the upper bound is left out.
  ///   - limit: how many samples, the last written ones, are kept.
  package init(key: ProbeKey, times: Range<WallTime>, limit: Int) {
    definition = probeDefinition(key)
    self.times = times
    self.limit = limit
  }

  /// The samples in a segment, the last written one last, and the times of all of its batches.
  package func samples(
    in segment: [UInt64], header: SegmentHeader
  ) -> (samples: [Sample], times: ClosedRange<WallTime>?) {
    var state = State()
    var covered: ClosedRange<WallTime>?
    var walk = BatchWalk(header)
    while let (place, batch) = walk.next(in: segment) {
      covered = batch.times.union(covered)
      let isInTime =
        batch.times.lowerBound < times.upperBound
        && batch.times.upperBound >= times.lowerBound
      guard isInTime || batch.definitions > 0 else { continue }
      read(segment, batch, at: place, &walk, &state)
      if state.found.count > 2 * limit { state.found.removeFirst(state.found.count - limit) }
    }
    return (Array(state.found.suffix(limit)), covered)
  }

  private struct State {
    /// Where the segment defines the probe; more than once after restarts.
    var probes = PlaceList()
    var texts = PlaceList()
    var found: [Sample] = []
  }

  private func read(
    _ segment: [UInt64], _ batch: BatchHeader, at place: Int, _ walk: inout BatchWalk,
    _ state: inout State
  ) {
    var isChecked = false
    if batch.definitions > 0 {
      guard walk.isSound(batch, at: place, in: segment) else { return }
      isChecked = true
    }
    let payload = walk.payload(of: batch, at: place)
    var base = batch.base
    var place = payload.lowerBound
    while place < payload.upperBound {
      guard let head = RecordHead(segment, at: place, end: payload.upperBound) else { return }
      defer { place += head.words }
      switch head.type {
      case RecordType.sample
      where head.words >= RingFormat.sampleWords && state.probes.index(of: head.upper) != nil:
        if !isChecked {
          guard walk.isSound(batch, at: batchPlace(payload), in: segment) else { return }
          isChecked = true
        }
        if let sample = readSample(
          segment, at: place, head, end: payload.upperBound, base: base, texts: state.texts),
          times.contains(sample.time)
        {
          state.found.append(sample)
        }
      case RecordType.timeBase:
        guard let time = readTimeBase(segment, at: place, head) else { continue }
        base = time
      case RecordType.probe where isDefinition(segment, at: place, head):
        state.probes.append(place)
      case RecordType.text where isSoundText(head):
        state.texts.append(place)
      default: break
      }
    }
  }

  private func batchPlace(_ payload: Range<Int>) -> Int {
    payload.lowerBound - RingFormat.batchHeaderWords
  }

  private func isDefinition(_ segment: [UInt64], at place: Int, _ head: RecordHead) -> Bool {
    head.words == definition.count
      && definition.indices.allSatisfy { segment[place + $0] == definition[$0] }
  }
}
