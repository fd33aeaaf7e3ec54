import Base
import History

/// The steps from a directory to a ring that can be written: look, plan, carry the plan out, and
/// find the end of what was written.
struct RingOpening {
  let directory: SlotDirectory
  /// What there is to tell an operator.
  private(set) var messages: [String] = []
  /// How many bytes of files are to be made.
  private var bytesNeeded = 0

  init(directory: SlotDirectory) { self.directory = directory }

  mutating func run(
    ringBytes: Int, segmentBytes: Int, newRingID: UInt64
  ) throws(RingError) -> (RingPlan, SegmentScan?) {
    bytesNeeded = ringBytes
    let files = try survey()
    for file in files {
      if case .newer(let version, let kind) = file.reading {
        throw .newerFormat(path: directory.path(of: file.slot), version: version, kind: kind)
      }
    }
    var plan = RingPlan(
      files: files, ringBytes: ringBytes, segmentBytes: segmentBytes, newRingID: newRingID)
    bytesNeeded = plan.create.count * plan.segmentBytes
    do throws(SystemError) {
      try carryOut(&plan)
      return (plan, try scanCurrent(plan))
    } catch {
      throw RingError(error, needed: bytesNeeded)
    }
  }

  /// What stands in the directory.
  private func survey() throws(RingError) -> [SegmentFile] {
    do throws(SystemError) {
      try directory.make()
      var files: [SegmentFile] = []
      for slot in try directory.slots() { files.append(try directory.survey(slot)) }
      return files
    } catch {
      throw RingError(error, needed: bytesNeeded)
    }
  }

  /// Renames, removes and makes files. A ring with data goes on with fewer segments when there is
  /// no room for more; a new ring is made whole or not at all.
  private mutating func carryOut(_ plan: inout RingPlan) throws(SystemError) {
    for file in plan.aside {
      let name = try directory.setAside(file.slot)
      messages.append("\(directory.path(of: file.slot)): \(file.reason); set aside as \(name)")
    }
    for file in plan.remove {
      try directory.remove(file.slot)
      messages.append(
        "\(directory.path(of: file.slot)): removed, the configured size holds fewer segments")
    }
    var made: [UInt32] = []
    for slot in plan.create {
      do throws(SystemError) {
        try directory.create(slot, byteCount: plan.segmentBytes)
        made.append(slot)
      } catch {
        guard plan.current != nil else {
          for slot in made { try? directory.remove(slot) }
          throw error
        }
        messages.append(
          "\(error); the history goes on with \(plan.create.count - made.count) segments fewer")
        break
      }
    }
    plan.create = made
    try directory.sync()
  }

  /// Reads the segment that is to be filled further.
  private mutating func scanCurrent(_ plan: RingPlan) throws(SystemError) -> SegmentScan? {
    guard let current = plan.current else { return nil }
    var buffer: [UInt64] = []
    guard try directory.load(current, into: &buffer) else { return nil }
    let scan = scanSegment(buffer, header: current, withRecords: false) { _ in }
    if let complaint = scan.complaint(of: directory.path(of: current.slot)) {
      messages.append(complaint)
    }
    return scan
  }
}
