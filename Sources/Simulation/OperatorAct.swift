import Base
import Model
import Quiet

/// What an operator does to an engine in a simulated world. What is entered while the engine is down is
/// entered once it is back.
package enum OperatorAct: Sendable {
  /// From the moment at which it is entered, for so long.
  case maintenance(LinkSelector, TimeAmount)
  case silence(LinkSelector, TimeAmount)
  case pause(LinkID)
  case resume(LinkID)
}

/// When it is done, since the beginning of the world.
package struct ScheduledAct: Sendable {
  package var act: OperatorAct
  package var at: TimeAmount

  package init(_ act: OperatorAct, at time: TimeAmount) {
    self.act = act
    at = time
  }
}
