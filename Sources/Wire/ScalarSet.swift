/// A set of Unicode scalars as sorted ranges that neither overlap nor touch. Beside the scalars it
/// may hold ``invalidByte``, the stand-in for a byte of the text that belongs to no valid scalar.
struct ScalarSet: Hashable, Sendable {
  /// One past the last scalar: what a broken byte reads as.
  static let invalidByte: UInt32 = 0x11_0000

  private(set) var ranges: [ClosedRange<UInt32>]

  init(_ unsorted: [ClosedRange<UInt32>]) {
    ranges = []
    for range in unsorted.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = ranges.last, range.lowerBound <= last.upperBound + 1 {
        let upper = max(last.upperBound, range.upperBound)
        ranges[ranges.count - 1] = last.lowerBound...upper
      } else {
        ranges.append(range)
      }
    }
  }

  init(_ scalar: Unicode.Scalar) { ranges = [scalar.value...scalar.value] }

  /// `\d`, `\w` and `\s` know ASCII only, so that a pattern means the same with every release of
  /// Unicode.
  static let digits = ScalarSet([0x30...0x39])
  static let wordScalars = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  static let spaces = ScalarSet([0x09...0x0D, 0x20...0x20])
  /// What `.` stands for: everything but a line feed.
  static let anyButLineFeed = ScalarSet([0x0A...0x0A]).inverted

  /// Everything that this set does not hold, ``invalidByte`` included.
  var inverted: ScalarSet {
    var gaps: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges {
      if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
      next = range.upperBound + 1
    }
    if next <= Self.invalidByte { gaps.append(next...Self.invalidByte) }
    return ScalarSet(gaps)
  }

  func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

  func contains(_ value: UInt32) -> Bool {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].contains(value)
  }

  /// The set with the other cases of each of its letters added, for letters below U+2000 (Latin with
  /// all Vietnamese letters, Greek, Cyrillic, Armenian).
  var withBothCases: ScalarSet {
    var all = ranges
    for range in ranges where range.lowerBound < caseLimit {
      for value in range.lowerBound...min(range.upperBound, caseLimit - 1) {
        for other in otherCases[value] ?? [] { all.append(other...other) }
      }
    }
    return ScalarSet(all)
  }
}

private let caseLimit: UInt32 = 0x2000

/// For each letter below ``caseLimit`` all that differ from it by case alone: most often one, two
/// where several share a capital, as both small sigmas do.
private let otherCases: [UInt32: Set<UInt32>] = {
  var table: [UInt32: Set<UInt32>] = [:]
  for value in 0..<caseLimit {
    guard let scalar = Unicode.Scalar(value) else { continue }
    for mapping in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping] {
      let mapped = Array(mapping.unicodeScalars)
      guard mapped.count == 1, mapped[0] != scalar, mapped[0].value < caseLimit else { continue }
      table[value, default: []].insert(mapped[0].value)
      table[mapped[0].value, default: []].insert(value)
    }
  }
  return table.reduce(into: [:]) { whole, entry in
    let (letter, others) = entry
    let shared = others.reduce(into: others) { $0.formUnion(table[$1] ?? []) }
    whole[letter] = shared.subtracting([letter])
  }
}()
