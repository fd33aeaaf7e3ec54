import Base
import Testing

@testable import History

@Suite("Distributions of latencies")
struct LatencyDistributionTests {
  @Test("emptied, it is as a new one, and what is added then counts alone")
  func clear() {
    var generator = SeededGenerator(seed: 9)
    var used = LatencyDistribution()
    for _ in 0..<500 { used.add(3, inBucket: UInt8(generator.below(256))) }
    used.clear()
    #expect(used == LatencyDistribution() && used.isEmpty && used.entries.isEmpty)
    #expect(used.hashValue == LatencyDistribution().hashValue)
    var fresh = LatencyDistribution()
    for bucket in [0, 63, 64, 127, 128, 200, 255] as [UInt8] {
      used.add(2, inBucket: bucket)
      fresh.add(2, inBucket: bucket)
      #expect(used == fresh && used.entries.last?.bucket == bucket)
    }
    fresh.add(1, inBucket: 64)
    #expect(used != fresh && used.total == 14)
    used.merge(fresh)
    #expect(used.total == 29 && used.entries.first { $0.bucket == 64 }?.count == 5)
  }

  @Test(
    "a percentile is within 5 % of the exact one, from 1 ms to 60 s, however few there are",
    arguments: LatencyShape.all, [1, 2, 7, 100, 5_000])
  func percentiles(shape: LatencyShape, count: Int) throws {
    var generator = SeededGenerator(seed: UInt64(count))
    for _ in 0..<(count < 200 ? 50 : 3) {
      let values = (0..<count).map { _ in shape.next(&generator) }
      var distribution = LatencyDistribution()
      for value in values { distribution.add(microseconds: value) }
      let sorted = values.sorted()
      for permille in permilles {
        let exact = nearestRank(sorted, permille)
        let found = try #require(distribution.percentile(permille: permille))
        #expect(isClose(found, exact), "p\(permille): \(found), not \(exact)")
        let bounded = distribution.percentile(
          permille: permille, within: sorted[0]...sorted[sorted.count - 1])
        #expect(isClose(try #require(bounded), exact))
      }
    }
  }

  @Test("merging is the same as adding all to one, in whatever order")
  func merging() {
    var generator = SeededGenerator(seed: 11)
    var whole = LatencyDistribution()
    var parts = [LatencyDistribution](repeating: LatencyDistribution(), count: 9)
    for _ in 0..<4_000 {
      let shape = LatencyShape.all[Int(generator.next() % UInt64(LatencyShape.all.count))]
      let value = shape.next(&generator)
      whole.add(microseconds: value)
      parts[Int(generator.next() % 9)].add(microseconds: value)
    }
    var merged = LatencyDistribution()
    for part in parts.reversed() { merged.merge(part) }
    #expect(merged == whole)
    #expect(merged.total == 4_000)
    var rebuilt = LatencyDistribution()
    for (bucket, count) in whole.entries { rebuilt.add(count, inBucket: bucket) }
    #expect(rebuilt == whole)
  }

  @Test("nothing has no percentile, and merging nothing changes nothing")
  func empty() {
    var distribution = LatencyDistribution()
    #expect(distribution.percentile(permille: 950) == nil && distribution.isEmpty)
    distribution.add(microseconds: 5_000)
    let before = distribution
    distribution.merge(LatencyDistribution())
    #expect(distribution == before)
  }

  @Test("buckets ascend with the latency, and every bucket holds its own middle")
  func buckets() {
    var last: UInt8 = 0
    var value: UInt32 = 1
    while value < 200_000_000 {
      let bucket = LatencyDistribution.bucket(microseconds: value)
      #expect(bucket >= last)
      last = bucket
      value += max(1, value / 200)
    }
    #expect(last == 255)
    for bucket in UInt8.min...UInt8.max {
      let middle = LatencyDistribution.middle(ofBucket: bucket)
      #expect(LatencyDistribution.bucket(microseconds: middle) == bucket)
    }
  }

  @Test("a count that is full stays full, and the total with it")
  func saturation() {
    var distribution = LatencyDistribution()
    distribution.add(.max, inBucket: 3)
    distribution.add(5, inBucket: 3)
    #expect(distribution.total == UInt64(UInt32.max))
  }
}
