import Base
import Model

/// The numbers of the ring format, version 1; `deploy/docs/ring-format.md` is its specification.
///
/// Everything on disk is little endian and made of whole 64-bit words, so the code works on
/// `[UInt64]`: a word in memory holds the bytes as they lie in the file.
package enum RingFormat {
  package static let version = 1
  /// Every segment starts with a block of this size; its first bytes are the header.
  package static let headerBlockBytes = 4_096
  package static let segmentBytesMinimum = 8_192
  package static let segmentBytesMaximum = 1 << 30
  /// Each of the three names of a probe takes at most this many bytes of UTF-8.
  package static let nameBytesMaximum = 255

  static let headerBlockWords = headerBlockBytes / 8
  /// The bytes 89 4C 48 52 49 4E 47 0A: `LHRING` between a byte that is no text and a line end.
  static let segmentMagic: UInt64 = 0x0A47_4E49_5248_4C89
  static let segmentHeaderWords = 10
  static let samplesKind: UInt16 = 1

  /// The bytes 4C 48 42 A5. The last is no UTF-8 after the others, so that no text holds a magic.
  static let batchMagic: UInt32 = 0xA542_484C
  static let batchHeaderWords = 6

  static let sampleWords = 6
  static let markWords = 3
  static let timeBaseWords = 2
  static let detailBytesMaximum = Limits.outcomeDetailCharacters * 4
  /// A sample without note and readings, or a mark, with everything that may have to stand before it.
  static let additionWordsMaximum =
    sampleWords + timeBaseWords + textWords(detailBytesMaximum) + textWords(3 * nameBytesMaximum)

  static let extraWords = 1
  static let readingWords = 2
  /// What a note and readings add to that at most.
  static func extraWordsMaximum(readings: Int) -> Int {
    extraWords + textWords(Limits.noteBytes) + readings
      * (readingWords + textWords(Limits.readingNameBytes) + textWords(Limits.readingUnitBytes))
  }

  /// The words of a record of a head and so many bytes of text.
  static func textWords(_ bytes: Int) -> Int { 1 + (bytes + 7) / 8 }

  /// Milliseconds since the epoch that `WallTime` can hold, with a hundred days to spare on either
  /// side for what is reckoned from them: from 1677 to 2262.
  static let milliseconds: ClosedRange<Int64> = -9_214_646_400_000...9_214_646_400_000

  /// A time as it is stored: in milliseconds, within what can be read back.
  static func stored(_ time: WallTime) -> Int64 {
    min(max(time.milliseconds, milliseconds.lowerBound), milliseconds.upperBound)
  }

  /// Whether segments may be of this size.
  package static func isSegmentSize(_ bytes: Int) -> Bool {
    bytes >= segmentBytesMinimum && bytes <= segmentBytesMaximum && bytes % headerBlockBytes == 0
  }
}

/// What a record is: its first byte. Types that a reader does not know are stepped over.
enum RecordType {
  static let probe: UInt8 = 1
  static let text: UInt8 = 2
  static let sample: UInt8 = 3
  static let timeBase: UInt8 = 4
  static let mark: UInt8 = 5
  static let extra: UInt8 = 6
}

/// What a mark is: the second byte of its record.
enum MarkKind {
  static let started: UInt8 = 1
  static let stopped: UInt8 = 2
  static let clockStepped: UInt8 = 3
  static let wentBlind: UInt8 = 4
}

/// What a record says of a text, such as a sample of its outcome's detail, besides its place.
enum DetailField {
  static let none: UInt32 = 0
  /// There was a text, but the segment had no more room for texts. No text lies at word 1.
  static let lost: UInt32 = 1
  /// With this bit the lower 16 are a number.
  static let number: UInt32 = 1 << 31
}

/// The first word of a record: type, one byte of the type's own, length in bytes, and 32 bits of
/// the type's own.
struct RecordHead {
  var type: UInt8
  var byte: UInt8
  var words: Int
  var upper: UInt32

  init(type: UInt8, byte: UInt8 = 0, words: Int, upper: UInt32 = 0) {
    self.type = type
    self.byte = byte
    self.words = words
    self.upper = upper
  }

  /// Reads a record's head; nil when its length is none or does not fit before `end`.
  init?(_ segment: [UInt64], at place: Int, end: Int) {
    let word = segment.word(place)
    let length = Int(UInt16(truncatingIfNeeded: word >> 16))
    guard length >= 8, length % 8 == 0, length / 8 <= end - place else { return nil }
    type = UInt8(truncatingIfNeeded: word)
    byte = UInt8(truncatingIfNeeded: word >> 8)
    words = length / 8
    upper = word.upper
  }

  var word: UInt64 {
    UInt64(type) | UInt64(byte) << 8 | UInt64(words * 8) << 16 | UInt64(upper) << 32
  }
}

/// Two 32-bit fields in one word, the first in the lower half.
func pair(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) | UInt64(second) << 32 }

extension UInt64 {
  var lower: UInt32 { UInt32(truncatingIfNeeded: self) }
  var upper: UInt32 { UInt32(truncatingIfNeeded: self >> 32) }
}

extension [UInt64] {
  /// The word at a place as a number of this machine.
  func word(_ place: Int) -> UInt64 { UInt64(littleEndian: self[place]) }

  mutating func appendWord(_ value: UInt64) { append(value.littleEndian) }

  /// Appends bytes, with zeros up to the next whole word.
  mutating func appendBytes(_ bytes: some Sequence<UInt8>) {
    var word: UInt64 = 0
    var shift: UInt64 = 0
    for byte in bytes {
      word |= UInt64(byte) << shift
      shift += 8
      if shift == 64 {
        appendWord(word)
        word = 0
        shift = 0
      }
    }
    if shift > 0 { appendWord(word) }
  }

  /// The text of `count` bytes that starts `skipping` bytes behind the start of a word.
  func text(at place: Int, skipping: Int = 0, count: Int) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for offset in skipping..<(skipping + count) {
      bytes.append(UInt8(truncatingIfNeeded: word(place + offset / 8) >> UInt64(offset % 8 * 8)))
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The bytes of words as they lie in a file.
package func ringBytes(_ words: some Sequence<UInt64>) -> [UInt8] {
  words.flatMap { word in
    (0..<8).map { UInt8(truncatingIfNeeded: UInt64(littleEndian: word) >> UInt64($0 * 8)) }
  }
}

/// A file's bytes as words; a last word that is not whole is left out.
package func ringWords(_ bytes: some Collection<UInt8>) -> [UInt64] {
  var words: [UInt64] = []
  words.appendBytes(bytes.prefix(bytes.count / 8 * 8))
  return words
}
