import Base
import Model

/// The stretches of time between the last moment at which the monitor is known to have seen and that at
/// which it was found blind. What failed in between was recorded before anybody could know.
package struct Blindness: Sendable {
  private var stretches: [Range<WallTime>] = []

  /// - Parameter marks: those of the time, in the order of writing.
  package init(_ marks: some Sequence<RingMark>) {
    for case .wentBlind(let time, let sawAt) in marks where sawAt < time {
      stretches.append(sawAt..<time)
    }
  }

  /// Whether a sample says nothing of its link for that reason. One that was right does: somebody
  /// answered.
  package func covers(_ sample: Sample) -> Bool {
    guard !stretches.isEmpty, sample.outcome.isFailure else { return false }
    return stretches.contains { $0.contains(sample.time) }
  }
}
