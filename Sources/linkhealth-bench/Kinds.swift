/// What an attempt of each kind of check costs.
func measureKinds(_ workbench: Workbench, quick: Bool, _ report: inout Report) throws {
  try measureExec(workbench, quick: quick, &report)
}
