import Base
import History
import Model
import Wire

/// What is told of a stretch of time, from its tally.
struct Figures {
  var tally: Tally
  /// How much of the time is over and nobody looked.
  var unknownMilliseconds: Int64
  var withMaintenance = false

  init(_ tally: Tally, passedMilliseconds: Int64, withMaintenance: Bool = false) {
    self.tally = tally
    self.withMaintenance = withMaintenance
    unknownMilliseconds = max(0, passedMilliseconds - tally.observedMilliseconds)
  }

  var availability: Double? { tally.availability(withMaintenance: withMaintenance) }
  var hasLatencies: Bool { !tally.latencies.isEmpty }
  var minimum: UInt32? { hasLatencies ? tally.latencyMinimumMicroseconds : nil }
  var maximum: UInt32? { hasLatencies ? tally.latencyMaximumMicroseconds : nil }

  static let columns = [
    "availability", "upMilliseconds", "downMilliseconds", "maintenanceUpMilliseconds",
    "maintenanceDownMilliseconds", "unknownMilliseconds", "attempts", "failures", "errorRate",
    "slow",
  ]
  static let latencyColumns = ["minimumMicroseconds", "meanMicroseconds", "maximumMicroseconds"]

  static func columns(_ percentiles: [Percentile]) -> [String] {
    columns + latencyColumns + percentiles.map { "\($0.name)Microseconds" }
  }

  func write(_ percentiles: [Percentile], to csv: inout CSVWriter) {
    writeTime(to: &csv)
    csv.int(minimum)
    csv.int(tally.latencyMeanMicroseconds)
    csv.int(maximum)
    for percentile in percentiles { csv.int(tally.latency(permille: percentile.permille)) }
  }

  private func writeTime(to csv: inout CSVWriter) {
    csv.double(availability)
    csv.int(tally.upMilliseconds)
    csv.int(tally.downMilliseconds)
    csv.int(tally.maintenanceUpMilliseconds)
    csv.int(tally.maintenanceDownMilliseconds)
    csv.int(unknownMilliseconds)
    csv.int(tally.attemptsCounted)
    csv.int(tally.failures)
    csv.double(tally.errorRate)
    csv.int(tally.slow)
  }

  /// Members of an object that is open.
  func write(_ percentiles: [Percentile], to writer: inout JSONWriter) {
    writer.member("availability", availability)
    writer.member("upMilliseconds", tally.upMilliseconds)
    writer.member("downMilliseconds", tally.downMilliseconds)
    writer.member("maintenanceUpMilliseconds", tally.maintenanceUpMilliseconds)
    writer.member("maintenanceDownMilliseconds", tally.maintenanceDownMilliseconds)
    writer.member("unknownMilliseconds", unknownMilliseconds)
    writer.member("attempts", tally.attemptsCounted)
    writer.member("failures", tally.failures)
    writer.member("errorRate", tally.errorRate)
    writer.member("slow", tally.slow)
    writer.member("minimumMicroseconds", minimum)
    writer.member("meanMicroseconds", tally.latencyMeanMicroseconds)
    writer.member("maximumMicroseconds", maximum)
    for percentile in percentiles {
      writer.member(
        "\(percentile.name)Microseconds", tally.latency(permille: percentile.permille))
    }
  }
}

extension JSONWriter {
  mutating func member(_ period: Period) {
    member("from", "\(period.from)")
    member("to", "\(period.to)")
  }
}
