import Base
import Model
import Testing

@testable import History

@Suite("Where the newest samples lie in the ring")
struct RecentIndexTests {
  private func index(from sequence: UInt64 = 0) -> RecentIndex {
    RecentIndex(segmentBytes: testSegmentBytes, nextSequence: sequence, lastSign: nil)
  }

  /// The samples that an index finds, read one by one from the files.
  private func samples(_ index: RecentIndex, _ disk: Disk) -> [ProbeKey: [Sample]] {
    let headers = disk.recover().plan.keep
    var found: [ProbeKey: [Sample]] = [:]
    for entry in index.entries {
      for whole in entry.places {
        let (generation, place) = index.location(of: whole)
        guard let header = headers.first(where: { $0.generation == generation }) else { continue }
        let words = disk.files[header.slot]!
        let (base, available) = index.batch(of: whole)
        var pool = RecordPool(count: 1)
        pool.take(0, from: words, at: place, end: place + available, base: base)
        let sample = pool.sample(0) { LoneRecord.text(Array(words[Int($0)...])) }
        if let sample { found[entry.key, default: []].append(sample) }
      }
    }
    return found
  }

  @Test("each sample is found again, over segments and steps of the clock", arguments: 0..<20)
  func places(seed: Int) {
    var source = SampleSource(seed: UInt64(seed))
    let resume = testResume(slots: 40)
    var disk = Disk(resume)
    var encoder = RingEncoder(resume: resume)
    var index = index()
    var written: [ProbeKey: [Sample]] = [:]
    var marks: [RingMark] = []
    for round in 0..<40 {
      for _ in 0...source.generator.below(12) {
        if source.generator.below(12) == 0 {
          source.time = source.time + .hours(24 * 60)
          marks.append(.clockStepped(at: source.time, by: .hours(24 * 60)))
          encoder.add(marks.last!)
        }
        let probe = Int(source.generator.below(6))
        let sample = source.next()
        encoder.add(probe: UInt32(probe), key: testKey(probe), sample: sample)
        written[testKey(probe), default: []].append(sample)
      }
      if round == 20 { encoder.forgetDefinitions() }
      for batch in encoder.finish() {
        disk.write(batch)
        index.add(WrittenBatch(batch))
      }
    }
    #expect(samples(index, disk) == written)
    #expect(index.sampleCount == written.values.reduce(0) { $0 + $1.count })
    #expect(index.marks.map(\.mark) == marks)
    // A start reads the same from the files.
    var again = self.index()
    for header in disk.recover().plan.keep {
      forEachBatch(in: disk.files[header.slot]!, header: header) { again.add($0) }
    }
    #expect(again.entries.map(\.places) == index.entries.map(\.places))
    #expect(again.entries.map(\.key) == index.entries.map(\.key))
    #expect(again.sequences == index.sequences && again.times == index.times)
    #expect(again.lastSign == index.lastSign)
  }

  private func batches(_ count: Int) -> [EncodedBatch] {
    var encoder = RingEncoder(resume: testResume())
    return (0..<count).map { number in
      encoder.add(
        probe: 0, key: testKey(0),
        sample: Sample(time: testTime + .seconds(Int64(number)), outcome: .ok))
      return encoder.finish()[0]
    }
  }

  @Test("what is in a block is left out, but still says who is who")
  func known() {
    var index = index(from: 4)
    for batch in batches(6) { index.add(WrittenBatch(batch)) }
    #expect(index.sequences == 4..<7)
    #expect(index.sampleCount == 3 && index.entry(of: testKey(0))?.places.count == 3)
    #expect(index.times == (testTime + .seconds(3))...(testTime + .seconds(5)))
  }

  @Test("closed, it hands over what it has, and goes on behind it with the same names")
  func closing() {
    let batches = batches(6)
    var index = index()
    for batch in batches[..<4] { index.add(WrittenBatch(batch)) }
    let closed = index.close()
    #expect(closed.sampleCount == 4 && closed.sequences == 1..<5)
    #expect(index.sampleCount == 0 && index.sequences == 5..<5 && index.times == nil)
    for batch in batches[4...] { index.add(WrittenBatch(batch)) }
    #expect(index.entry(of: testKey(0))?.places.count == 2 && index.sequences == 5..<7)
    #expect(closed.entry(of: testKey(0))?.places.count == 4)
  }

  @Test("a probe that is not wanted stays until its samples are in a block")
  func unwanted() {
    var index = index()
    for batch in batches(2) { index.add(WrittenBatch(batch)) }
    index.want([HistoryProbe(key: testKey(3), every: .seconds(30))])
    index.forgetUnwanted()
    #expect(index.entries.map(\.key) == [testKey(0), testKey(3)])
    _ = index.close()
    index.forgetUnwanted()
    #expect(index.entries.map(\.key) == [testKey(3)])
    #expect(index.entry(of: testKey(3))?.every == .seconds(30))
    #expect(index.entry(of: testKey(0)) == nil)
  }

  @Test("the probes of a link, and the links of a service, stand together")
  func order() {
    var index = index()
    index.want([17, 3, 9, 0].map { HistoryProbe(key: testKey($0), every: .seconds(60)) })
    let order = index.inOrder()
    #expect(order.map { index.entries[$0].key } == [0, 3, 9, 17].map(testKey))
  }
}
