import Base
import Model

/// What the values of the keys may be. `deploy/docs/configuration.md` tells operators the same.
enum Ranges {
  static let tick = TimeAmount.milliseconds(10)...TimeAmount.seconds(1)
  static let samplesKept = TimeAmount.hours(24)...TimeAmount.hours(366 * 24)
  static let cellsKept = TimeAmount.hours(48)...TimeAmount.hours(3_660 * 24)
  static let historyBytes = (1 << 20)...(1 << 40)
  /// The least and the most that the ring's format allows for a segment, in whole blocks.
  static let segmentBytes = (64 << 10)...(1 << 30)
  static let segmentBlockBytes = 4_096
  static let attemptsInFlight = 1...65_536
  static let resolverThreads = 1...64
  static let resolverLifetime = TimeAmount.zero...TimeAmount.hours(1)
  static let pluginsAtOnce = 1...Limits.pluginsAtOnceMaximum
  static let requestsPerMinute = 1...1_000_000
  static let bytesPerMinute = 1_024...(1 << 40)
  static let clockUnsynchronisedFor = TimeAmount.zero...TimeAmount.hours(24 * 31)
  static let gather = TimeAmount.zero...TimeAmount.minutes(5)
  static let reopenWithin = TimeAmount.zero...TimeAmount.hours(24)
  static let accelerate = 1...1_000
  static let operators = 32
  static let allowedOperations = 64
  static let webhooks = 32
  static let webhookTimeout = TimeAmount.milliseconds(100)...TimeAmount.minutes(5)
  /// What fits into the address of a Unix socket on Linux, without its closing zero.
  static let socketPathBytes = 107

  static let every = Limits.probeIntervalMinimum...Limits.probeIntervalMaximum
  static let timeout = TimeAmount.milliseconds(1)...Limits.probeIntervalMaximum
  static let retries = 0...64
  static let routeSteps = 8
  static let noticeWorkingDays = 0...Limits.noticeWorkingDaysMaximum
  static let nameCharacters = 200

  /// The width of the window of single attempts.
  static let attemptsRemembered = 1...64
  static let window = TimeAmount.seconds(1)...TimeAmount.hours(24)
  static let ratePermille = 1...1_000
  static let percentilePermille = 1...999
  static let latency = TimeAmount.milliseconds(1)...TimeAmount.hours(1)
  static let minimumSamples = 1...Limits.windowSamples
  static let hold = TimeAmount.zero...TimeAmount.hours(24)
  static let expirySteps = 16
  static let ownPastTenths = 11...1_000
  static let pastSamples = 1...1_000_000
  static let objectiveMillionths = 500_000...999_990
  static let burnTenths = 10...10_000
  static let burnWindow = TimeAmount.minutes(1)...TimeAmount.hours(24 * 30)
  /// With fewer a link would be missed before its state is unknown.
  static let noDataIntervals = 4...1_000
  static let flappingWindow = TimeAmount.minutes(1)...TimeAmount.hours(24)
}

/// What holds where nothing is written.
enum Defaults {
  static let every = TimeAmount.seconds(60)
  /// Viet Nam's, which has no change of clocks.
  static let timeZone = TimeAmount.hours(7)
  static let retries = 4
  static let tokenEvery = TimeAmount.minutes(10)
  static let minimumSamples = 10
  static let ownPastFloor = TimeAmount.milliseconds(500)
}
