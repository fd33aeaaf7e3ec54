/// How long the loop was held by its turns, from the start or the last reset. A turn is all that is done
/// between two waits: while it lasts, nobody else is served.
package struct LoopFigures: Sendable {
  /// From waking up to the next wait; time in which the machine ran something else counts too.
  package private(set) var held = MicrosecondHistogram()
  /// The loop's own CPU time in that, with what waiting and waking up cost.
  package private(set) var heldCPU = MicrosecondHistogram()
  /// When the longest turn ended.
  package private(set) var longestAt: Instant?

  package init() {}

  package mutating func add(held time: TimeAmount, cpu: TimeAmount, endedAt end: Instant) {
    if held.count == 0 || time.microseconds > held.maximum { longestAt = end }
    held.add(time.microseconds)
    heldCPU.add(cpu.microseconds)
  }
}
