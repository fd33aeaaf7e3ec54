import Base

/// The bounds of the simulator. Those of the daemon are in `Limits`.
package enum SimulatorLimits {
  package static let scenarioFileBytes = 4 << 20
  package static let services = 1_000
  package static let links = 100_000
  package static let rulesPerService = 64
  package static let changesPerService = 1_000

  /// Connections held at once unless `--connections` says otherwise, and the most it may say.
  package static let connections = 4_096
  package static let connectionsMaximum = 65_536
  package static let requestHeadBytes = 16 << 10
  package static let requestBodyBytes = 1 << 20

  /// How long a connection may take to bring a request, or stay idle between two.
  package static let idle = TimeAmount.seconds(60)
  /// How long an answer may take to be written, its delay not counted; also how long a connection
  /// hangs before it is given up.
  package static let answer = TimeAmount.minutes(5)
  /// How long a connection that we have ended may stay open on the other side.
  package static let farewell = TimeAmount.seconds(2)
  package static let longestDelay = TimeAmount.minutes(10)

  /// An answer without end is cut off after this many bytes.
  package static let endlessBytes = 256 << 20
  package static let testBodyBytes = 64 << 20
  package static let deepLevels = 200_000
  package static let bigNumberDigits = 100_000
}
