import Base
import Model

/// Asks what the latencies of probes were at one hour of the day on some days of the past.
package struct PastQuestion: Sendable {
  package struct Probe: Sendable {
    package var link: LinkID
    package var probe: String
    package var percentilePermille: Int
    /// The hours to look at, each by its start.
    package var hours: [WallTime]

    package init(link: LinkID, probe: String, percentilePermille: Int, hours: [WallTime]) {
      self.link = link
      self.probe = probe
      self.percentilePermille = percentilePermille
      self.hours = hours
    }
  }

  /// The answer bears the same.
  package var number: UInt64
  /// The hour of the present that the past is wanted for.
  package var hour: WallTime
  package var probes: [Probe]

  package init(number: UInt64, hour: WallTime, probes: [Probe]) {
    self.number = number
    self.hour = hour
    self.probes = probes
  }
}

/// What the past was: of each probe of a question that has one.
package struct PastAnswer: Sendable {
  package struct Found: Sendable {
    package var link: LinkID
    package var probe: String
    package var hour: PastHour

    package init(link: LinkID, probe: String, hour: PastHour) {
      self.link = link
      self.probe = probe
      self.hour = hour
    }
  }

  package var number: UInt64
  package var found: [Found]

  package init(number: UInt64, found: [Found] = []) {
    self.number = number
    self.found = found
  }
}
