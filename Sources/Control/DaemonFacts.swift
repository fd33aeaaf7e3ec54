import Base
import Model

/// What the daemon knows of itself beside the engine.
package struct DaemonFacts: Sendable {
  package struct Receiver: Sendable {
    package var name: String
    package var pending: Int
    package var lastError: String?

    package init(name: String, pending: Int, lastError: String?) {
      self.name = name
      self.pending = pending
      self.lastError = lastError
    }
  }

  package var version: String
  package var vantage: String
  package var startedAt: Now
  package var configurationFile: String
  package var loadedAt: WallTime
  package var historyBytes: Int
  package var deliveryPending: Int
  package var deliveryProblem: String?
  package var receivers: [Receiver]
  package var residentBytes: Int
  package var mappedFileBytes: Int
  package var loop: LoopFigures

  package init(
    version: String, vantage: String, startedAt: Now, configurationFile: String,
    loadedAt: WallTime, historyBytes: Int, deliveryPending: Int, deliveryProblem: String?,
    receivers: [Receiver], residentBytes: Int, mappedFileBytes: Int,
    loop: LoopFigures
  ) {
    self.version = version
    self.vantage = vantage
    self.startedAt = startedAt
    self.configurationFile = configurationFile
    self.loadedAt = loadedAt
    self.historyBytes = historyBytes
    self.deliveryPending = deliveryPending
    self.deliveryProblem = deliveryProblem
    self.receivers = receivers
    self.residentBytes = residentBytes
    self.mappedFileBytes = mappedFileBytes
    self.loop = loop
  }
}
