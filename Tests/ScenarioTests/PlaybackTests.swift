import Base
import Testing

@testable import Scenario

@Suite struct PlaybackTests {
  /// Plays a reply to a socket that takes all it is offered, jumping over every wait.
  private func play(_ reply: Reply, mostSteps: Int = 1_000) -> (
    sent: [UInt8], waits: [TimeAmount], last: Playback.Step?
  ) {
    var playback = Playback(reply, at: seconds(0))
    var now = seconds(0)
    var sent: [UInt8] = []
    var waits: [TimeAmount] = []
    for _ in 0..<mostSteps {
      switch playback.step(at: now) {
      case .wait(let due):
        waits.append(due - now)
        now = due
      case .send:
        sent += playback.bytes[playback.pending]
        playback.took(playback.pending.count)
      case let last: return (sent, waits, last)
      }
    }
    return (sent, waits, nil)
  }

  @Test(
    "a reply ends as it says",
    arguments: [
      (Reply.Ending.next, Playback.Step.end(.next)), (.close, .end(.close)),
      (.reset, .end(.reset)), (.hang, .hold),
    ])
  func endings(ending: Reply.Ending, step: Playback.Step) {
    let played = play(Reply(bytes: [1, 2, 3], ending: ending))
    #expect(played.sent == [1, 2, 3])
    #expect(played.last == step)
    #expect(play(Reply(ending: ending)).last == step, "also without bytes")
  }

  @Test("nothing is sent before the delay is over")
  func delay() {
    let played = play(Reply(delay: .seconds(4), bytes: [1], ending: .next))
    #expect(played.waits == [.seconds(4)])
    var playback = Playback(Reply(delay: .seconds(4), bytes: [1], ending: .next), at: seconds(0))
    #expect(playback.step(at: seconds(3)) == .wait(until: seconds(4)))
    #expect(playback.step(at: seconds(4)) == .send)
  }

  @Test("a socket that takes little is offered the rest")
  func partial() {
    var playback = Playback(Reply(bytes: [1, 2, 3], ending: .close), at: seconds(0))
    #expect(playback.step(at: seconds(0)) == .send)
    playback.took(2)
    #expect(playback.step(at: seconds(0)) == .send)
    #expect(Array(playback.bytes[playback.pending]) == [3])
  }

  @Test("a drip sends the head at once and every further byte after a pause")
  func drip() {
    let played = play(
      Reply(bytes: [1, 2], ending: .drip([7, 8, 9], every: .milliseconds(20))))
    #expect(played.sent == [1, 2, 7, 8, 9])
    #expect(played.waits == Array(repeating: .milliseconds(20), count: 3))
    #expect(played.last == .end(.close))
    #expect(play(Reply(ending: .drip([], every: .seconds(1)))).last == .end(.close))
  }

  @Test("an answer without end is cut off at its bound")
  func endless() {
    let chunk = [UInt8](repeating: 0, count: SimulatorLimits.endlessBytes / 4 + 1)
    let played = play(Reply(bytes: [1], ending: .endless(chunk)))
    #expect(played.sent.count == 1 + 3 * chunk.count)
    #expect(played.last == .end(.close))
  }
}
