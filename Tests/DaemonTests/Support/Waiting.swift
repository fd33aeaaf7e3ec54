import Base
import Glibc
import Host

/// Asks until the answer is not nil. The bound is generous: it is met only by a test that fails.
func eventually<Value>(
  _ what: String, within bound: TimeAmount = .seconds(20),
  every pause: TimeAmount = .milliseconds(20), _ ask: () throws -> Value?
) throws -> Value {
  let limit = Clock.instant + bound
  while true {
    if let value = try ask() { return value }
    if Clock.instant >= limit { throw HarnessError("in \(bound) it did not come to this: \(what)") }
    rest(pause)
  }
}

/// Asks until the answer is yes.
func eventually(
  _ what: String, within bound: TimeAmount = .seconds(20), _ ask: () throws -> Bool
) throws {
  _ = try eventually(what, within: bound) { try ask() ? true : nil }
}

/// Lets time pass; for harnesses that ask again, and for tests that show that nothing happens.
func rest(_ amount: TimeAmount) {
  usleep(useconds_t(max(0, amount.microseconds)))
}

/// Waits until a descriptor is ready; false when `bound` has passed.
func waitUntil(_ descriptor: Int32, _ events: Int32, within bound: TimeAmount) -> Bool {
  var state = pollfd(fd: descriptor, events: Int16(events), revents: 0)
  return poll(&state, 1, Int32(clamping: max(0, bound.milliseconds))) == 1
}
