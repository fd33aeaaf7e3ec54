import Base
import Glibc
import History
import Model

/// The segments of a ring as they were at some moment.
package struct RingSnapshot: Sendable {
  /// That of the history.
  package var directory: String
  package var headers: [SegmentHeader]

  package init(directory: String, headers: [SegmentHeader]) {
    self.directory = directory
    self.headers = headers
  }
}

/// Reads samples of the ring where an index says that they lie. It may be used on any thread: it opens
/// files of its own, and looks whether each still is the segment that the index means.
package struct RingReader {
  private let directory: SlotDirectory
  private let headers: [UInt64: SegmentHeader]
  /// The file that was read last.
  private var last: (generation: UInt64, file: OpenFile?)?
  private var piece: [UInt64] = []
  /// Few texts differ, so they are kept for a while.
  private var texts: [TextPlace: String] = [:]

  private struct TextPlace: Hashable {
    var generation: UInt64
    var place: UInt32
  }

  private final class OpenFile {
    let descriptor: Descriptor
    init(_ raw: Int32) { descriptor = Descriptor(raw) }
  }

  /// So much of a segment is read at a time, in words: where many samples are wanted of it.
  fileprivate static let pieceWords = 128 << 10
  /// Fewer than so many samples of a piece are cheaper read one by one.
  private static let samplesWorthAPiece = 96
  private static let textsKept = 4_096

  package init(_ snapshot: RingSnapshot) {
    directory = SlotDirectory.segments(snapshot.directory)
    headers = Dictionary(
      snapshot.headers.map { ($0.generation, $0) }, uniquingKeysWith: { $1 })
  }

  /// The open file of a generation; nil when its segment has been written over.
  private mutating func file(_ generation: UInt64) throws(SystemError) -> Int32? {
    if let last, last.generation == generation { return last.file?.descriptor.raw }
    let file = try openFile(generation)
    last = (generation, file)
    return file?.descriptor.raw
  }

  private func openFile(_ generation: UInt64) throws(SystemError) -> OpenFile? {
    guard let header = headers[generation] else { return nil }
    let path = directory.path(of: header.slot)
    let raw = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard raw >= 0 else {
      if errno == ENOENT { return nil }
      throw .last("open", path)
    }
    let file = OpenFile(raw)
    return try bears(header, raw) ? file : nil
  }

  /// Whether a file is still the segment that an index means. Asked after reading it tells that nothing was
  /// written over before.
  private func bears(_ header: SegmentHeader, _ raw: Int32) throws(SystemError) -> Bool {
    var start = [UInt64](repeating: 0, count: SegmentReading.wordsNeeded)
    let count = try readWords(raw, into: &start, offset: 0, path: directory.path(of: header.slot))
    return count == start.count && SegmentReading(start) == .valid(header)
  }

  /// Takes so many samples out of one piece of a segment.
  fileprivate mutating func take(
    _ wanted: [RecordGathering.Wanted], in index: borrowing RecentIndex, into pool: inout RecordPool
  ) throws(SystemError) {
    guard let first = wanted.map(\.place).min(), let last = wanted.map(\.place).max() else {
      return
    }
    let (generation, start) = index.location(of: first)
    guard let header = headers[generation], let file = try file(generation) else { return }
    let bases = index.bases(from: first, to: last)
    if wanted.count < Self.samplesWorthAPiece {
      var records: [[UInt64]] = []
      for (_, place) in wanted {
        let offset = start + Int(place) - Int(first)
        records.append(
          try readWords(
            file, count: LoneRecord.sampleWords, offset: offset * 8, path: directory.path))
      }
      guard try bears(header, file) else { return }
      for ((number, place), record) in zip(wanted, records) {
        let (base, words) = index.batch(of: place, among: bases)
        pool.take(number, from: record, at: 0, end: min(record.count, words), base: base)
      }
      return
    }
    let length = Int(last - first) + LoneRecord.sampleWords
    if piece.count < length {
      piece = [UInt64](repeating: 0, count: Self.pieceWords + LoneRecord.sampleWords)
    }
    let count = try readWords(
      file, into: &piece, count: length, offset: start * 8, path: directory.path)
    guard try bears(header, file) else { return }
    for (number, place) in wanted {
      let (base, words) = index.batch(of: place, among: bases)
      let at = Int(place - first)
      pool.take(number, from: piece, at: at, end: min(count, at + words), base: base)
    }
  }

  /// The sample of a number of a pool; its record stands in a segment of that generation.
  mutating func sample(
    _ number: Int, of pool: borrowing RecordPool, generation: UInt64
  ) throws(SystemError) -> Sample? {
    var problem: SystemError?
    let sample = pool.sample(number) { place in
      do throws(SystemError) {
        return try text(generation, place)
      } catch {
        problem = error
        return nil
      }
    }
    if let problem { throw problem }
    return sample
  }

  private mutating func text(
    _ generation: UInt64, _ place: UInt32
  ) throws(SystemError) -> String? {
    let known = TextPlace(generation: generation, place: place)
    if let text = texts[known] { return text }
    guard let file = try file(generation) else { return nil }
    var buffer = [UInt64](repeating: 0, count: LoneRecord.textWords)
    let count = try readWords(file, into: &buffer, offset: Int(place) * 8, path: directory.path)
    guard let text = LoneRecord.text(Array(buffer[..<count])) else { return nil }
    if texts.count >= Self.textsKept { texts.removeAll() }
    texts[known] = text
    return text
  }
}

/// Samples of some probes on their way out of the ring, one piece of a segment after the other.
struct RecordGathering {
  typealias Wanted = (number: Int, place: UInt32)

  let index: RecentIndex
  /// The index's entries, and the numbers of their first samples.
  let entries: [(entry: Int, first: Int)]
  /// How many samples of each have been taken.
  private var taken: [Int]
  private(set) var pool: RecordPool
  private(set) var isComplete: Bool

  /// - Parameter entries: which of the index's.
  init(_ entries: some Sequence<Int>, of index: RecentIndex) {
    self.index = index
    var count = 0
    var list: [(Int, Int)] = []
    for entry in entries {
      list.append((entry, count))
      count += index.entries[entry].places.count
    }
    self.entries = list
    taken = [Int](repeating: 0, count: list.count)
    pool = RecordPool(count: count)
    isComplete = count == 0
  }

  /// Of how many probes.
  var count: Int { entries.count }

  /// Takes what is wanted of the next piece.
  mutating func step(_ reader: inout RingReader) throws(SystemError) {
    var next: UInt32?
    for (position, (entry, _)) in entries.enumerated() {
      let places = index.entries[entry].places
      guard taken[position] < places.count else { continue }
      let place = places[taken[position]]
      next = min(next ?? place, place)
    }
    guard let next else {
      isComplete = true
      return
    }
    let end = index.endOfPiece(from: next, words: RingReader.pieceWords)
    var wanted: [Wanted] = []
    for position in entries.indices {
      let (entry, first) = entries[position]
      var count = taken[position]
      let places = index.entries[entry].places
      while count < places.count, places[count] < end {
        wanted.append((first + count, places[count]))
        count += 1
      }
      taken[position] = count
    }
    try reader.take(wanted, in: index, into: &pool)
  }

  mutating func finish(_ reader: inout RingReader) throws(SystemError) {
    while !isComplete { try step(&reader) }
  }
}
