/// What the history costs: recording, room on the disk, questions, the start, and how long it holds the
/// loop.
func measureHistory(_ workbench: Workbench, quick: Bool, _ report: inout Report) throws {
  try measureRecording(workbench, quick: quick, &report)
  try measureGrowth(workbench, quick: quick, &report)
  try measureFullHistory(workbench, quick: quick, &report)
  try measurePace(workbench, quick: quick, &report)
}
