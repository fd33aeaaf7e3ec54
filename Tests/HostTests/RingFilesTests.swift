import Base
import Glibc
import History
import Model
import Testing

@testable import Host

/// A directory of a test's own, removed with all that is in it.
private final class TestDirectory {
  let path: String

  init() {
    var name = Array("/tmp/linkhealth-ring-XXXXXX".utf8CString)
    path = name.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)!) }
  }

  deinit {
    for name in names(in: ring) { _ = unlink("\(ring)/\(name)") }
    _ = rmdir(ring)
    _ = rmdir(path)
  }

  /// Where the tests have their ring.
  var ring: String { path + "/history" }

  func file(_ slot: UInt32) -> String { ring + "/" + SlotDirectory.segments(ring).fileName(slot) }

  func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Changes bytes of a segment's file behind the ring's back.
  func overwrite(_ slot: UInt32, at offset: Int, with bytes: [UInt8]) {
    let file = Descriptor(open(file(slot), O_RDWR))
    #expect(pwrite(file.raw, bytes, bytes.count, off_t(offset)) == bytes.count)
  }
}

private let segmentBytes = 8_192
private let start = WallTime(milliseconds: 1_762_476_923_000)

private func openRing(
  _ path: String, segments: Int = 4, newRingID: UInt64 = 77
) throws(RingError) -> RingFiles {
  try RingFiles(
    directory: path, ringBytes: segments * segmentBytes, segmentBytes: segmentBytes,
    newRingID: newRingID)
}

private func key(_ index: Int) -> ProbeKey {
  ProbeKey(link: LinkID(service: "land", consumer: "hue"), probe: "probe-\(index)")
}

private func sample(_ number: Int) -> Sample {
  Sample(
    time: start + .seconds(Int64(number)), outcome: .body(.applicationCode("\(number % 3)")),
    bodyBytes: UInt32(number))
}

/// Writes samples with these numbers for probe `number % 2`, each in a batch of its own.
private func write(
  _ numbers: Range<Int>, to ring: RingFiles, _ encoder: inout RingEncoder
) throws {
  for number in numbers {
    encoder.add(probe: UInt32(number % 2), key: key(number % 2), sample: sample(number))
    for batch in encoder.finish() { try ring.write(batch) }
  }
}

private func numbers(_ ring: RingFiles, limit: Int = 10_000) throws -> [Int] {
  try ring.read(
    key: key(0), from: WallTime(nanoseconds: .min), to: WallTime(nanoseconds: .max), limit: limit
  ).map { Int($0.bodyBytes) }
}

private func replayed(
  _ ring: RingFiles, since: WallTime = WallTime(nanoseconds: .min)
) throws -> [Int] {
  var numbers: [Int] = []
  let complaints = try ring.replay(since: since) { record in
    if case .sample(_, let sample) = record { numbers.append(Int(sample.bodyBytes)) }
  }
  #expect(complaints == [])
  return numbers
}

private func evens(_ range: Range<Int>) -> [Int] { range.filter { $0 % 2 == 0 } }

@Suite("The ring's files")
struct RingFilesTests {
  private let directory = TestDirectory()

  @Test("a new ring has all of its room from the start")
  func preallocated() throws {
    let ring = try openRing(directory.ring)
    #expect(
      directory.names(in: directory.ring) == [
        "segment-0000.ring", "segment-0001.ring", "segment-0002.ring", "segment-0003.ring",
      ])
    #expect(ring.byteCount == 4 * segmentBytes && ring.messages == [])
    for slot in 0..<UInt32(4) {
      var status = stat()
      #expect(stat(directory.file(slot), &status) == 0)
      #expect(status.st_size == segmentBytes && status.st_blocks * 512 >= segmentBytes)
      #expect(status.st_mode & 0o777 == 0o640)
    }
  }

  @Test("what has been written is read at once, and after opening the ring again")
  func reopen() throws {
    var ring = try openRing(directory.ring)
    var encoder = RingEncoder(resume: ring.resume)
    try write(0..<10, to: ring, &encoder)
    #expect(try numbers(ring) == evens(0..<10))
    try ring.sync()
    for part in 1..<6 {
      ring = try openRing(directory.ring, newRingID: UInt64(part))
      #expect(ring.messages == [] && ring.resume.nextSequence == UInt64(part * 10 + 1))
      #expect(ring.resume.ringID == 77)
      encoder = RingEncoder(resume: ring.resume)
      try write(part * 10..<(part + 1) * 10, to: ring, &encoder)
    }
    #expect(try replayed(ring) == Array(0..<60))
    #expect(try numbers(ring) == evens(0..<60))
  }

  // Daemons are killed for good in DaemonTests. An exit test of the testing library would hang for ever
  // once a stray child of another test is left: it waits for any child.
  @Test("what was written is there for the next, though nobody closed or synced the ring")
  func leftOpen() throws {
    let ring = try openRing(directory.ring)
    var encoder = RingEncoder(resume: ring.resume)
    try write(0..<90, to: ring, &encoder)
    encoder.add(probe: 0, key: key(0), sample: sample(90))
    let next = try openRing(directory.ring)
    #expect(try replayed(next) == Array(0..<90))
    withExtendedLifetime(ring) {}
  }

  @Test("the ring keeps the newest segments, and a reading takes the last written samples")
  func wrap() throws {
    let ring = try openRing(directory.ring)
    var encoder = RingEncoder(resume: ring.resume)
    try write(0..<1_000, to: ring, &encoder)
    let all = try replayed(ring)
    #expect(all.count > 80 && all.count < 130 && all == Array((1_000 - all.count)..<1_000))
    #expect(try numbers(ring) == all.filter { $0 % 2 == 0 })
    #expect(try numbers(ring, limit: 40) == evens(920..<1_000))
    #expect(try numbers(ring, limit: 0) == [])
    #expect(
      try ring.read(
        key: key(1), from: sample(901).time, to: sample(905).time, limit: 10
      ).map(\.bodyBytes) == [901, 903], "the upper bound is left out")
    #expect(try ring.read(key: key(5), from: start, to: sample(2_000).time, limit: 10) == [])
    let reopened = try openRing(directory.ring)
    #expect(try replayed(reopened) == all)
    #expect(try replayed(reopened, since: sample(990).time) == Array(990..<1_000))
  }

  @Test("a query goes on through writing that overwrites what it has yet to read")
  func queryAndWrite() throws {
    let ring = try openRing(directory.ring)
    var encoder = RingEncoder(resume: ring.resume)
    try write(0..<200, to: ring, &encoder)
    var query = RingQuery(key: key(0), from: start, to: sample(5_000).time, limit: 1_000)
    #expect(try !ring.advance(&query))
    let first = query.samples.map { Int($0.bodyBytes) }
    #expect(first.last == 198)
    try write(200..<260, to: ring, &encoder)
    while try !ring.advance(&query) {}
    let found = query.samples.map { Int($0.bodyBytes) }
    #expect(found.suffix(first.count) == first[...] && found == found.sorted())
    #expect(found.first! > evens(0..<200).first!, "the oldest has gone")
  }

  @Test("a file with a broken header is set aside, and the rest goes on")
  func damagedHeader() throws {
    var ring = try openRing(directory.ring)
    var encoder = RingEncoder(resume: ring.resume)
    try write(0..<150, to: ring, &encoder)
    for part in 1...2 {
      directory.overwrite(1, at: 20, with: [0xFF])
      ring = try openRing(directory.ring)
      let path = directory.file(1)
      #expect(
        ring.messages == [
          "\(path): the header's checksum is wrong; set aside as segment-0001.ring.damaged-\(part)"
        ])
      #expect(directory.names(in: directory.ring).contains("segment-0001.ring.damaged-\(part)"))
      encoder = RingEncoder(resume: ring.resume)
      try write(part * 1_000..<(part * 1_000 + 150), to: ring, &encoder)
      #expect(try replayed(ring).last == part * 1_000 + 149)
    }
  }

  @Test("damage within a segment is told of at a replay, and the rest is read")
  func damagedBatch() throws {
    let ring = try openRing(directory.ring)
    var encoder = RingEncoder(resume: ring.resume)
    try write(0..<20, to: ring, &encoder)
    let offset = RingFormat.headerBlockBytes + 800
    directory.overwrite(0, at: offset, with: [0xFF, 0xFF])
    var count = 0
    let complaints = try ring.replay(since: start) { _ in count += 1 }
    #expect(count == 19)
    #expect(
      complaints == ["\(directory.file(0)): left out 96 damaged bytes and 0 unreadable records"])
    #expect(try openRing(directory.ring).messages == complaints)
  }

  @Test("times that went back with the clock are found")
  func timesGoingBack() throws {
    let ring = try openRing(directory.ring)
    var encoder = RingEncoder(resume: ring.resume)
    for number in [100, 5, 200] { try write(number..<(number + 1), to: ring, &encoder) }
    func read(_ ring: RingFiles) throws -> [UInt32] {
      try (0...1).flatMap { probe in
        try ring.read(
          key: key(probe), from: sample(0).time, to: sample(10).time, limit: 10
        ).map(\.bodyBytes)
      }
    }
    #expect(try read(ring) == [5])
    #expect(try read(try openRing(directory.ring)) == [5])
  }

  @Test("a file that lost its header while in use is told of, and the others are read")
  func headerLostInUse() throws {
    let ring = try openRing(directory.ring)
    var encoder = RingEncoder(resume: ring.resume)
    try write(0..<40, to: ring, &encoder)
    directory.overwrite(0, at: 64, with: [1])
    var found: [Int] = []
    let complaints = try ring.replay(since: start) { record in
      if case .sample(_, let sample) = record { found.append(Int(sample.bodyBytes)) }
    }
    #expect(complaints == ["\(directory.file(0)): the header has changed; left out"])
    #expect(found == Array((40 - found.count)..<40) && !found.isEmpty)
    #expect(try numbers(ring) == found.filter { $0 % 2 == 0 })
  }

  @Test("batches lost at the end of a full segment are counted")
  func lostTail() throws {
    let ring = try openRing(directory.ring)
    var encoder = RingEncoder(resume: ring.resume)
    var batches: [EncodedBatch] = []
    for number in 0..<60 {
      encoder.add(probe: 0, key: key(0), sample: sample(number))
      batches += encoder.finish()
    }
    let second = batches.firstIndex { $0.segment.generation == 2 }!
    for (index, batch) in batches.enumerated() where !(second - 3..<second).contains(index) {
      try ring.write(batch)
    }
    let complaints = try ring.replay(since: start) { _ in }
    #expect(complaints == ["3 batches before \(directory.file(1)) are missing"])
  }

  @Test("a file of a wrong size is set aside")
  func wrongSize() throws {
    var ring = try openRing(directory.ring)
    var encoder = RingEncoder(resume: ring.resume)
    try write(0..<150, to: ring, &encoder)
    #expect(truncate(directory.file(2), 5_000) == 0)
    ring = try openRing(directory.ring)
    #expect(ring.messages.count == 1)
    #expect(
      ring.messages.first?.contains("has 5000 bytes, not the 8192 of this ring; set aside as")
        == true)
    #expect(try replayed(ring).count > 50)
  }

  @Test("a ring of a newer program is refused and left as it is")
  func newer() throws {
    let ring = try openRing(directory.ring)
    var encoder = RingEncoder(resume: ring.resume)
    try write(0..<1, to: ring, &encoder)
    var bytes = [UInt8](repeating: 0, count: 80)
    let file = Descriptor(open(directory.file(0), O_RDWR))
    #expect(pread(file.raw, &bytes, 80, 0) == 80)
    bytes[8] = 9
    bytes[12..<16] = [0, 0, 0, 0]
    let checksum = crc32c(bytes)
    for index in 0..<4 { bytes[12 + index] = UInt8(truncatingIfNeeded: checksum >> (index * 8)) }
    #expect(pwrite(file.raw, bytes, 80, 0) == 80)
    #expect(throws: RingError.newerFormat(path: directory.file(0), version: 9, kind: 1)) {
      try openRing(directory.ring)
    }
    #expect(directory.names(in: directory.ring).count == 4)
  }

  @Test("a larger ring keeps all, a smaller one the newest")
  func resize() throws {
    var ring = try openRing(directory.ring, segments: 3)
    var encoder = RingEncoder(resume: ring.resume)
    try write(0..<500, to: ring, &encoder)
    let all = try replayed(ring)
    ring = try openRing(directory.ring, segments: 6)
    #expect(ring.messages == [] && directory.names(in: directory.ring).count == 6)
    #expect(try replayed(ring) == all)
    encoder = RingEncoder(resume: ring.resume)
    try write(500..<560, to: ring, &encoder)
    #expect(try replayed(ring) == Array(all.first!..<560), "blank files come before the oldest")
    ring = try openRing(directory.ring, segments: 2)
    #expect(ring.messages.count == 4 && directory.names(in: directory.ring).count == 2)
    let kept = try replayed(ring)
    #expect(kept == Array((560 - kept.count)..<560) && kept.count > 40)
  }

  @Test("what an interrupted start left half made is made anew")
  func interrupted() throws {
    _ = try openRing(directory.ring)
    #expect(
      rename(directory.file(3), directory.file(3) + ".new") == 0
        && truncate(directory.file(3) + ".new", 10) == 0)
    let ring = try openRing(directory.ring)
    #expect(ring.messages == [] && directory.names(in: directory.ring).count == 4)
    #expect(directory.names(in: directory.ring).allSatisfy { $0.hasSuffix(".ring") })
  }

  @Test("a directory that cannot be made is named, with what to do")
  func noDirectory() throws {
    let file = Descriptor(open(directory.path + "/file", O_RDWR | O_CREAT, 0o600))
    defer { _ = unlink(directory.path + "/file") }
    _ = file.raw
    #expect {
      try openRing(directory.path + "/file/history")
    } throws: { error in
      "\(error)"
        == "mkdir \(directory.path)/file/history: Not a directory (ENOTDIR);"
        + " the history needs a directory whose parent exists"
    }
  }

  @Test("a directory that cannot be written is named, with what to do", .enabled(if: getuid() != 0))
  func unwritable() throws {
    _ = mkdir(directory.ring, 0o500)
    #expect {
      try openRing(directory.ring)
    } throws: { error in
      "\(error)".hasPrefix(
        "open \(directory.file(0)).new: Permission denied (EACCES); the daemon's")
    }
  }
}

/// Whether this process may mount a file system; then the full disk is a real one.
private let canMount = getuid() == 0

@Suite("The ring's files on a small disk", .enabled(if: canMount))
struct SmallDiskTests {
  private let disk = SmallDisk()
  private var directory: TestDirectory { disk.directory }

  /// A file system of 64 KiB where the ring is to lie; unmounted before the directory goes.
  private final class SmallDisk {
    let directory = TestDirectory()
    let isMounted: Bool

    init() {
      isMounted =
        mkdir(directory.ring, 0o700) == 0
        && mount("none", directory.ring, "tmpfs", 0, "size=64k") == 0
    }

    deinit { if isMounted { umount2(directory.ring, Int32(MNT_DETACH)) } }
  }

  @Test("a new ring that does not fit leaves nothing and says what it needs")
  func tooLarge() throws {
    try #require(disk.isMounted)
    let path = directory.ring
    #expect {
      try openRing(path, segments: 16)
    } throws: { error in
      "\(error)".hasPrefix("preallocate \(path)/segment-")
        && "\(error)".hasSuffix(
          ": No space left on device (ENOSPC); the history needs 131072 bytes more here;"
            + " free them or configure a smaller history")
    }
    #expect(directory.names(in: path) == [])
    #expect(try openRing(path, segments: 4).messages == [])
  }

  @Test("a ring that cannot grow goes on as it is and says so")
  func noGrowth() throws {
    try #require(disk.isMounted)
    let path = directory.ring
    var ring = try openRing(path, segments: 4)
    var encoder = RingEncoder(resume: ring.resume)
    try write(0..<10, to: ring, &encoder)
    ring = try openRing(path, segments: 100)
    #expect(ring.messages.count == 1)
    #expect(ring.messages[0].contains("No space left on device (ENOSPC); the history goes on with"))
    encoder = RingEncoder(resume: ring.resume)
    try write(10..<500, to: ring, &encoder)
    #expect(try replayed(ring).last == 499)
    try ring.sync()
  }

  @Test("a file system that cannot be written is named, with what to do")
  func readOnly() throws {
    try #require(disk.isMounted)
    let path = directory.ring
    #expect(mount("none", path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), nil) == 0)
    #expect {
      try openRing(path)
    } throws: { error in
      "\(error)"
        == "open \(path)/segment-0000.ring.new: Read-only file system (EROFS);"
        + " the history needs a file system that can be written"
    }
  }
}
