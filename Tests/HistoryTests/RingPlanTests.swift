import Base
import Testing

@testable import History

@Suite("The plan for a ring's files")
struct RingPlanTests {
  private func header(
    _ slot: UInt32, _ generation: UInt64, ringID: UInt64 = 1, segmentBytes: Int = 8_192
  ) -> SegmentHeader {
    SegmentHeader(
      ringID: ringID, generation: generation, firstSequence: generation * 10,
      created: WallTime(milliseconds: 0), segmentBytes: segmentBytes, slot: slot)
  }

  private func data(_ slot: UInt32, _ generation: UInt64, ringID: UInt64 = 1) -> SegmentFile {
    SegmentFile(
      slot: slot, byteCount: 8_192, reading: .valid(header(slot, generation, ringID: ringID)))
  }

  private func blank(_ slot: UInt32) -> SegmentFile {
    SegmentFile(slot: slot, byteCount: 8_192, reading: .blank)
  }

  private func plan(_ files: [SegmentFile], segments: Int) -> RingPlan {
    RingPlan(files: files, ringBytes: segments * 8_192, segmentBytes: 8_192, newRingID: 99)
  }

  @Test("an empty directory becomes a new ring of whole segments, at least two")
  func empty() {
    let plan = RingPlan(files: [], ringBytes: 30_000, segmentBytes: 8_192, newRingID: 99)
    #expect(plan.create == [0, 1, 2] && plan.slots == [0, 1, 2] && plan.current == nil)
    #expect(plan.ringID == 99)
    #expect(
      plan.resume(after: nil)
        == RingResume(
          ringID: 99, segmentBytes: 8_192, slots: [0, 1, 2], offset: 4_096, nextSequence: 1))
    #expect(self.plan([], segments: 0).create == [0, 1])
  }

  @Test("writing goes on in the newest segment, then into blank files, then over the oldest")
  func order() {
    let plan = plan([data(0, 5), data(1, 6), blank(2), data(3, 4)], segments: 4)
    #expect(plan.current == header(1, 6))
    #expect(plan.slots == [2, 3, 0, 1])
    #expect(plan.resume(after: nil).nextSequence == 60, "the header tells it without any batch")
  }

  @Test("a larger size adds segments in free slots")
  func grow() {
    let plan = plan([data(0, 1), data(2, 2)], segments: 4)
    #expect(plan.create == [1, 3] && plan.slots == [1, 3, 0, 2] && plan.remove.isEmpty)
  }

  @Test("a smaller size removes blank files, then the oldest, and keeps the newest")
  func shrink() {
    let plan = plan([data(0, 7), data(1, 4), data(2, 5), data(3, 6), blank(4)], segments: 2)
    #expect(plan.remove.map(\.slot) == [4, 1, 2])
    #expect(plan.slots == [3, 0] && plan.current == header(0, 7))
  }

  @Test("a ring keeps its segment size; the number follows the wanted size")
  func otherSegmentSize() {
    let plan = RingPlan(
      files: [data(0, 1), data(1, 2)], ringBytes: 65_536, segmentBytes: 16_384, newRingID: 99)
    #expect(plan.segmentBytes == 8_192 && plan.slots.count == 8 && plan.aside.isEmpty)
  }

  @Test("what cannot be used is set aside and its slot made new")
  func aside() {
    var renamed = data(2, 6)
    renamed.slot = 3
    let files = [
      data(0, 5), SegmentFile(slot: 1, byteCount: 8_192, reading: .damaged("broken")),
      SegmentFile(slot: 2, byteCount: 100, reading: .blank), renamed, data(4, 5),
      data(5, 9, ringID: 2), data(6, 8),
    ]
    let plan = plan(files, segments: 7)
    #expect(plan.aside.map(\.slot) == [1, 2, 3, 4, 5])
    #expect(
      plan.aside.map(\.reason) == [
        "broken", "the file has 100 bytes, not the 8192 of this ring",
        "the segment was written under another name or size",
        "another segment bears the same generation 5", "the segment belongs to another ring",
      ])
    #expect(plan.create == [1, 2, 3, 4, 5] && plan.current == header(6, 8) && plan.ringID == 1)
  }

  @Test("of two rings, the one with more files stays; of equals, that of the lowest slot")
  func twoRings() {
    let most = plan([data(0, 9, ringID: 2), data(1, 1), data(2, 2)], segments: 3)
    #expect(most.ringID == 1 && most.aside.map(\.slot) == [0])
    let equal = plan([data(0, 1, ringID: 2), data(1, 9)], segments: 2)
    #expect(equal.ringID == 2 && equal.aside.map(\.slot) == [1])
  }
}
