/// Three bits of memory for each of the last 64 attempts, newest in bit 0: whether it failed, whether
/// it was slow, whether it warned. Rules like "3 of 5" are a mask and a count.
package struct AttemptBits: Sendable, Hashable {
  package private(set) var failedBits: UInt64 = 0
  package private(set) var slowBits: UInt64 = 0
  package private(set) var warnedBits: UInt64 = 0
  /// How many attempts are remembered, up to 64.
  package private(set) var count = 0

  package init() {}

  package mutating func add(failed: Bool, slow: Bool, warned: Bool = false) {
    failedBits = failedBits << 1 | (failed ? 1 : 0)
    slowBits = slowBits << 1 | (slow ? 1 : 0)
    warnedBits = warnedBits << 1 | (warned ? 1 : 0)
    count = min(64, count + 1)
  }

  /// Counts every attempt so far as right, now that the failures have been told and are over.
  package mutating func forgiveFailures() { failedBits = 0 }

  /// The same for warnings.
  package mutating func forgiveWarnings() { warnedBits = 0 }

  /// How many of the last `n` attempts failed.
  package func failures(ofLast n: Int) -> Int { (failedBits & Self.mask(n)).nonzeroBitCount }

  /// How many of the last `n` attempts warned.
  package func warnings(ofLast n: Int) -> Int { (warnedBits & Self.mask(n)).nonzeroBitCount }

  /// Whether the last `n` attempts exist and none of them failed.
  package func allRight(last n: Int) -> Bool { count >= n && failedBits & Self.mask(n) == 0 }

  /// Whether the last `n` attempts exist and none of them failed or warned.
  package func allWell(last n: Int) -> Bool {
    count >= n && (failedBits | warnedBits) & Self.mask(n) == 0
  }

  /// Oldest first: `o` right, `s` slow, `w` warned, `x` failed.
  package var text: String {
    var text = ""
    for index in stride(from: count - 1, through: 0, by: -1) {
      let bit: UInt64 = 1 << UInt64(index)
      text +=
        failedBits & bit != 0
        ? "x" : warnedBits & bit != 0 ? "w" : slowBits & bit != 0 ? "s" : "o"
    }
    return text
  }

  private static func mask(_ n: Int) -> UInt64 { n >= 64 ? .max : (1 << UInt64(max(0, n))) - 1 }
}
