import Base
import Model

/// Records of samples that were taken out of the ring, each numbered by who asked for it: what many
/// probes have in a piece of the ring is taken in one go, and told probe by probe later.
package struct RecordPool: Sendable {
  /// Of each sample what its time is told from, then its record, then that with its note and readings.
  private var words: [UInt64] = []
  /// Where in `words` each sample begins, and how many words it has in the lower 16 bits; 0 as long as
  /// it is missing.
  private var spans: [UInt64]

  /// - Parameter count: how many samples there will be; their numbers are less.
  package init(count: Int) {
    spans = [UInt64](repeating: 0, count: count)
    words.reserveCapacity(count * (RingFormat.sampleWords + 1))
  }

  /// Takes the record at a place, should it be a sample's.
  ///
  /// - Parameters:
  ///   - end: where its batch ends, or what was read.
  ///   - base: what its time is told from.
  package mutating func take(
    _ number: Int, from piece: [UInt64], at place: Int, end: Int, base: Int64
  ) {
    guard place < end, let head = RecordHead(piece, at: place, end: end),
      head.type == RecordType.sample, head.words >= RingFormat.sampleWords
    else { return }
    var stop = place + head.words
    if stop < end, let extra = RecordHead(piece, at: stop, end: end),
      extra.type == RecordType.extra
    {
      stop += extra.words
    }
    guard stop - place < 1 << 16 else { return }
    spans[number] = UInt64(words.count) << 16 | UInt64(stop - place)
    words.append(UInt64(bitPattern: base))
    words.append(contentsOf: piece[place..<stop])
  }

  /// The sample of a number; nil when it is missing, or tells nothing that this version knows.
  ///
  /// - Parameter text: the text defined at a place of its segment.
  package func sample(_ number: Int, text: (UInt32) -> String?) -> Sample? {
    let span = spans[number]
    guard span != 0 else { return nil }
    let start = Int(span >> 16)
    let end = start + 1 + Int(span & 0xFFFF)
    guard let head = RecordHead(words, at: start + 1, end: end) else { return nil }
    return readSample(
      words, at: start + 1, head, end: end, base: Int64(bitPattern: words[start]), text: text)
  }
}
