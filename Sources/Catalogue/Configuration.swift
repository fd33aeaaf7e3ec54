import Base
import Model
import Probes
import Quiet
import Wire

/// Everything that the configuration file and the catalogue say, checked and complete.
package struct Configuration: Sendable {
  package struct Resolver: Sendable, Hashable {
    package var threads = Limits.resolverThreads
    /// How long a look-up's answer is used.
    package var lifetime = Limits.resolvedLifetime
  }

  /// The path of the file as it was asked for.
  package var file: String
  /// Where this daemon stands, as its samples and alerts say.
  package var vantage = "main"
  package var stateDirectory = "/var/lib/linkhealth"
  package var socketPath = "/run/linkhealth/control.sock"
  package var tick = TimeAmount.milliseconds(100)
  package var retention = HistoryRetention()
  /// The size of the ring that keeps what is in no block of the history yet; nil for what the probes
  /// need.
  package var historyBytes: Int?
  /// That of its parts; nil for one that fits.
  package var segmentBytes: Int?
  /// Names of the groups whose members may act through the control socket.
  package var operators = ["linkhealth-oncall"]
  package var webhooks: [WebhookSettings] = []
  /// Where named secrets are looked for when the service manager hands over none.
  package var secretsDirectory: String?
  package var attemptsInFlight = Limits.attemptsInFlight
  package var resolver = Resolver()
  /// How much each target host is asked at most; nil for no bound.
  package var politeness: PolitenessBudget? = .standard
  /// When incidents are told and how long they are remembered.
  package var incidents = IncidentSettings()
  /// For how long the machine's clock may be unsynchronised before that is told; nil for ever.
  package var clockUnsynchronisedFor: TimeAmount? = Limits.clockUnsynchronisedFor
  /// What programs may be run for checks; none unless the configuration says so.
  package var exec = ExecSettings()
  /// By how much intervals and rule windows have been divided; they already are in `links`.
  package var accelerate = 1
  /// The windows that are written in files, and how they are to be announced.
  /// What is no mistake and ought to be known all the same.
  package var notes: [String] = []
  package var quiet = QuietSettings(zone: Defaults.timeZone)
  /// In the order of the catalogue: by file, service and consumer.
  package var links: [Link] = []

  init(file: String) { self.file = file }
}

extension Configuration {
  /// Where intervals have been divided, so is the time in which a pattern shows.
  package var incidentsInEffect: IncidentSettings {
    var settings = incidents
    settings.gatherCritical = settings.gatherCritical / Int64(accelerate)
    settings.gatherWarning = settings.gatherWarning / Int64(accelerate)
    settings.reopenWithin = settings.reopenWithin / Int64(accelerate)
    return settings
  }

  /// The budget of each target host. Where intervals have been divided, minutes are shorter for it too.
  package var politenessInEffect: PolitenessBudget? {
    politeness.map { budget in
      PolitenessBudget(
        requestsPerMinute: budget.requestsPerMinute * accelerate,
        bytesPerMinute: budget.bytesPerMinute * accelerate)
    }
  }
}

/// A receiver of signed alerts.
package struct WebhookSettings: Sendable, Hashable {
  package var name: String
  package var url: URLParts
  /// The secret that its messages are signed with: the name of a file among the service manager's
  /// credentials or in the secrets directory. The secret itself is in no file that is read here.
  package var secretName: String
  /// The CA bundle for this receiver; nil means the system's.
  package var caFile: String?
  package var timeout: TimeAmount
  /// Where the secret is named, in the configuration file.
  package var position: Position

  package init(
    name: String, url: URLParts, secretName: String, caFile: String? = nil,
    timeout: TimeAmount = Limits.webhookTimeout, position: Position
  ) {
    self.name = name
    self.url = url
    self.secretName = secretName
    self.caFile = caFile
    self.timeout = timeout
    self.position = position
  }
}

/// The name in `{secret:NAME}`: 1 to 64 of letters, digits, `-`, `_` and inner `.`, so that it cannot
/// lead out of its directory; nil for any other text.
func secretName(_ text: String) -> String? {
  guard text.hasPrefix("{secret:"), text.hasSuffix("}") else { return nil }
  let name = text.dropFirst(8).dropLast()
  return isSecretName(Array(name.utf8)) ? String(name) : nil
}

/// Letters, digits, `-`, `_` and `.`.
func isFileNameByte(_ byte: UInt8) -> Bool {
  switch byte {
  case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F, 0x2E: true
  default: false
  }
}
