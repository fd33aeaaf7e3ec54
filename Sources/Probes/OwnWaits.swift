import Base
import Model

/// How long an attempt waited for what is ours; its link must not be blamed for that.
struct OwnWaits {
  var forToken = TimeAmount.zero
  var inQueue = TimeAmount.zero

  static func + (a: OwnWaits, b: OwnWaits) -> OwnWaits {
    OwnWaits(forToken: a.forToken + b.forToken, inQueue: a.inQueue + b.inQueue)
  }

  /// What to tell instead of a time-out, where waiting has used up a good part of the attempt's
  /// time: the link cannot be blamed for not answering in the rest.
  func excuse(of timeout: TimeAmount) -> SkipCause? {
    guard forToken + inQueue > timeout / 10 else { return nil }
    return inQueue > forToken ? .resolverBusy : .noToken
  }
}
