import Base
import CLinux

/// The machine's clocks.
package enum Clock {
  package static var now: Now { Now(instant: instant, wall: wall) }
  package static var instant: Instant { Instant(nanoseconds: lh_clock_monotonic()) }
  package static var wall: WallTime { WallTime(nanoseconds: lh_clock_realtime()) }
  /// CPU time of the calling thread since it began.
  package static var threadNanoseconds: Int64 { lh_clock_thread() }
}

/// A seed from the kernel's random source.
package func randomSeed() -> UInt64 {
  var seed: UInt64 = 0
  let filled = lh_random(&seed, 8)
  precondition(filled == 1, "the kernel gives eight bytes at once")
  return seed
}
