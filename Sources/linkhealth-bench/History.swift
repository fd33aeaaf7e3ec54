/// What can be measured alone.
enum HistoryPart: String, CaseIterable {
  case recording
  case growth
  case full
  case pace
}

/// What the history costs: recording, room on the disk, questions, the start, and how long it holds the
/// loop.
func measureHistory(
  _ workbench: Workbench, part: HistoryPart?, quick: Bool, _ report: inout Report
) throws {
  func isWanted(_ one: HistoryPart) -> Bool { part == nil || part == one }
  if isWanted(.recording) { try measureRecording(workbench, quick: quick, &report) }
  if isWanted(.growth) { try measureGrowth(workbench, quick: quick, &report) }
  if isWanted(.full) { try measureFullHistory(workbench, quick: quick, &report) }
  if isWanted(.pace) { try measurePace(workbench, quick: quick, &report) }
}
