import Base
import Model
import Testing

@testable import History

@Suite("The table of a block's probes")
struct BlockTableTests {
  private struct Table {
    var entries: [BlockEntry]
    var words: [UInt64]
    var header: BlockHeader

    init(_ hashes: Set<UInt64>) {
      entries = hashes.sorted().enumerated().map { index, hash in
        BlockEntry(
          hash: hash, samples: (512 + index)..<(513 + index), cells: (520 + index)..<(525 + index))
      }
      words = BlockTable.words(entries.shuffled())
      header = testHeader(entryCount: entries.count)
      header.tableChecksum = crc32c(words: words, in: 0..<words.count, seed: header.seed)
    }

    /// What a search finds, and how many parts it read.
    func find(_ hash: UInt64, near: Int? = nil) -> (entry: BlockEntry?, parts: Int, read: Int) {
      var (parts, read) = (0, 0)
      let found = BlockTable.entry(of: hash, near: near, header: header) { range in
        parts += 1
        read += range.count
        return Array(words[(range.lowerBound * 3)..<(range.upperBound * 3)])
      }
      if let found { #expect(entries[found.place] == found.entry) }
      return (found?.entry, parts, read)
    }
  }

  @Test(
    "every probe is found, and none that is not there, mostly at the first look",
    arguments: [1, 2, 3, 84, 85, 86, 170, 171, 1_000, 10_000, 100_000])
  func spread(count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    var hashes: Set<UInt64> = []
    while hashes.count < count { hashes.insert(generator.next()) }
    let table = Table(hashes)
    #expect(BlockTable.entries(table.words, header: table.header) == table.entries)
    var parts = 0
    let step = max(1, count / 2_000)
    for index in stride(from: 0, to: count, by: step) {
      let found = table.find(table.entries[index].hash)
      #expect(found.entry == table.entries[index])
      parts += found.parts
      let absent = generator.next()
      if !hashes.contains(absent) { #expect(table.find(absent).entry == nil) }
    }
    #expect(parts * step <= count + count / 50 + step)
  }

  @Test(
    "where a probe was in another block, few entries are read; where it was not, it is found too")
  func near() {
    var generator = SeededGenerator(seed: 3)
    let table = Table(Set((0..<3_000).map { _ in generator.next() }))
    for place in stride(from: 0, to: 3_000, by: 7) {
      let entry = table.entries[place]
      for near in [place, max(0, place - 3), min(2_999, place + 4)] {
        let found = table.find(entry.hash, near: near)
        #expect(found.entry == entry && found.parts == 1 && found.read <= 8)
      }
      for near in [0, 2_999, 3_000, 100_000] {
        #expect(table.find(entry.hash, near: near).entry == entry)
        #expect(table.find(entry.hash &+ 1, near: near).entry == nil)
      }
    }
  }

  enum Spread: String, CaseIterable {
    case small, great, middle, twoHeaps, oneFarOff

    func hash(_ index: Int) -> UInt64 {
      switch self {
      case .small: UInt64(index) * 2
      case .great: .max - UInt64(index) * 2
      case .middle: 1 << 63 + UInt64(index) * 1_000
      case .twoHeaps: UInt64(index % 2) << 63 + UInt64(index) * 4
      case .oneFarOff: index == 0 ? .max - 1 : UInt64(index) * 2
      }
    }
  }

  @Test(
    "hashes that are badly spread are found as well, and looking for others ends",
    arguments: Spread.allCases)
  func heaps(spread: Spread) {
    for count in [1, 2, 170, 171, 340, 1_000, 5_000] {
      let table = Table(Set((0..<count).map(spread.hash)))
      for entry in table.entries {
        let found = table.find(entry.hash)
        #expect(found.entry == entry)
        #expect(found.parts <= count / 85 + 2)
        for other in [entry.hash &- 1, entry.hash &+ 1] {
          #expect(table.find(other).entry == nil)
        }
      }
    }
  }

  @Test("a damaged table misleads no further than to an entry of its own, and the search ends")
  func damaged() {
    var generator = SeededGenerator(seed: 5)
    var table = Table(Set((0..<2_000).map { _ in generator.next() }))
    let hashes = table.entries.map(\.hash)
    for _ in 0..<500 { table.words[Int(generator.below(6_000))] = generator.next() }
    #expect(BlockTable.entries(table.words, header: table.header) == nil)
    for hash in hashes {
      if let entry = table.find(hash).entry { #expect(entry.hash == hash) }
    }
  }

  @Test("a chunk that would lie in the table or behind it is none")
  func outside() {
    let header = testHeader(entryCount: 1, tablePlace: 600)
    for (range, isSound) in [(512..<600, true), (512..<601, false), (599..<600, true)] {
      let words = BlockTable.words([BlockEntry(hash: 7, samples: range, cells: 0..<0)])
      let found = BlockTable.entry(of: 7, header: header) { _ in words }
      #expect((found != nil) == isSound)
    }
  }
}
