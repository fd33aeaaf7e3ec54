import Base

/// What is to be done with the files of one kind of blocks so that there are as many as wanted.
package struct BlockPlan: Hashable, Sendable {
  /// Files that cannot be used, with the reason; to be renamed, never deleted.
  package var aside: [(slot: UInt32, reason: String)] { asideList.map { ($0.slot, $0.reason) } }
  private var asideList: [Aside] = []
  /// Files beyond the wanted number: blank ones, then the oldest.
  package private(set) var remove: [UInt32] = []
  /// Slots to make.
  package private(set) var create: [UInt32] = []
  /// The blocks that stay, the oldest first.
  package private(set) var keep: [BlockHeader] = []
  /// The blank files that stay.
  package private(set) var blank: [UInt32] = []

  private struct Aside: Hashable, Sendable {
    var slot: UInt32
    var reason: String
  }

  /// - Parameters:
  ///   - files: of one kind, without those of a newer format.
  ///   - count: how many files there are to be.
  package init(kind: BlockKind, files: [BlockFile], count: Int) {
    var generations: Set<UInt64> = []
    for file in files.sorted(by: { $0.slot < $1.slot }) {
      switch file.reading {
      case .blank: blank.append(file.slot)
      case .valid(let header):
        if let reason = Self.fault(header, file, kind) {
          asideList.append(Aside(slot: file.slot, reason: reason))
        } else if !generations.insert(header.generation).inserted {
          asideList.append(
            Aside(
              slot: file.slot,
              reason: "another block bears the same generation \(header.generation)"))
        } else {
          keep.append(header)
        }
      case .newer(let version, _):
        asideList.append(Aside(slot: file.slot, reason: "format version \(version)"))
      case .damaged(let reason): asideList.append(Aside(slot: file.slot, reason: reason))
      }
    }
    keep.sort { $0.generation < $1.generation }
    while keep.count + blank.count > count {
      remove.append(blank.popLast() ?? keep.removeFirst().slot)
    }
    let taken = Set(keep.map(\.slot) + blank)
    var slot: UInt32 = 0
    while taken.count + create.count < count {
      if !taken.contains(slot) { create.append(slot) }
      slot += 1
    }
  }

  private static func fault(_ header: BlockHeader, _ file: BlockFile, _ kind: BlockKind) -> String?
  {
    if header.kind != kind { return "the block is of another kind" }
    if header.slot != file.slot { return "the block was written under another name" }
    if header.byteCount > file.byteCount { return "the file is shorter than the block in it" }
    return nil
  }
}
