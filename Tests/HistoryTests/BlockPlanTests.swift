import Base
import Testing

@testable import History

@Suite("What becomes of the files of blocks")
struct BlockPlanTests {
  private static func file(
    _ slot: UInt32, generation: UInt64, kind: BlockKind = .samples, named: UInt32? = nil,
    byteCount: Int = 8_192
  ) -> BlockFile {
    BlockFile(
      slot: slot, byteCount: byteCount,
      reading: .valid(
        testHeader(
          kind: kind, generation: generation, slot: named ?? slot, entryCount: 2, tablePlace: 600)))
  }

  private static func blank(_ slot: UInt32) -> BlockFile {
    BlockFile(slot: slot, byteCount: 8_192, reading: .blank)
  }

  struct Row: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var files: [BlockFile]
    var count: Int
    var keep: [UInt64] = []
    var blank: [UInt32] = []
    var create: [UInt32] = []
    var remove: [UInt32] = []
    var aside: [UInt32: String] = [:]
  }

  static let rows = [
    Row(testDescription: "nothing is there: all are made", files: [], count: 3, create: [0, 1, 2]),
    Row(
      testDescription: "blocks stand in the order of their generations",
      files: [file(0, generation: 5), file(1, generation: 3), file(2, generation: 4)], count: 3,
      keep: [3, 4, 5]),
    Row(
      testDescription: "gaps among the slots are filled first",
      files: [file(1, generation: 1), blank(3)], count: 4, keep: [1], blank: [3], create: [0, 2]),
    Row(
      testDescription: "too many: blank ones go first, then the oldest",
      files: [file(0, generation: 9), file(1, generation: 7), file(2, generation: 8), blank(3)],
      count: 2, keep: [8, 9], remove: [3, 1]),
    Row(
      testDescription: "another kind is none of ours",
      files: [file(0, generation: 1, kind: .hours)], count: 1, create: [0],
      aside: [0: "the block is of another kind"]),
    Row(
      testDescription: "a copy under another name would be the same twice",
      files: [file(0, generation: 1), file(1, generation: 2, named: 0)], count: 2, keep: [1],
      create: [1], aside: [1: "the block was written under another name"]),
    Row(
      testDescription: "a generation that is there twice cannot be put in order",
      files: [file(0, generation: 4), file(1, generation: 4)], count: 2, keep: [4], create: [1],
      aside: [1: "another block bears the same generation 4"]),
    Row(
      testDescription: "a file that was cut has lost its table",
      files: [file(0, generation: 4, byteCount: 4_847)], count: 1, create: [0],
      aside: [0: "the file is shorter than the block in it"]),
    Row(
      testDescription: "one that just ends with its table is whole",
      files: [file(0, generation: 4, byteCount: 4_848)], count: 1, keep: [4]),
    Row(
      testDescription: "a damaged file is kept aside with what is wrong",
      files: [BlockFile(slot: 0, byteCount: 0, reading: .damaged("the reason"))], count: 1,
      create: [0], aside: [0: "the reason"]),
  ]

  @Test("each file has its place", arguments: rows)
  func plan(row: Row) {
    let plan = BlockPlan(kind: .samples, files: row.files.reversed(), count: row.count)
    #expect(plan.keep.map(\.generation) == row.keep)
    #expect(plan.blank == row.blank)
    #expect(plan.create == row.create)
    #expect(plan.remove == row.remove)
    #expect(
      Dictionary(plan.aside.map { ($0.slot, $0.reason) }, uniquingKeysWith: { $1 }) == row.aside)
  }
}
