import Base
import Catalogue
import Delivery
import Glibc
import Host
import Model
import Wire

/// A configuration with what it needs from elsewhere: secrets and group numbers.
struct LoadedConfiguration: Sendable {
  var configuration: Configuration
  var notifiers: [WebhookNotifier]
  var operatorGroups: [UInt32]
  /// What an operator should know although the configuration is good.
  var warnings: [String]
}

/// Reads the configuration and everything it names. It waits for the disk and for name services:
/// on a worker thread once the loop runs.
func readConfiguration(_ path: String) -> (loaded: LoadedConfiguration?, complaints: Complaints) {
  var (configuration, complaints) = loadConfiguration(path, .system)
  guard let configuration, complaints.isEmpty else { return (nil, complaints) }
  var notifiers: [WebhookNotifier] = []
  for webhook in configuration.webhooks {
    do throws(SecretProblem) {
      let secret = try FileAccess.system.secret(
        webhook.secretName, configuration.secretsDirectory
      ).get()
      notifiers.append(
        WebhookNotifier(
          name: webhook.name, url: webhook.url.text, secrets: try webhookSecrets(secret),
          timeout: webhook.timeout, caFile: webhook.caFile))
    } catch {
      complaints.add(
        file: configuration.file, position: webhook.position,
        keyPath: "webhooks.\(webhook.name).secret", message: error.message)
    }
  }
  guard complaints.isEmpty else { return (nil, complaints) }
  var warnings = configuration.notes.map { printable($0, limit: 500) }
  var groups: [UInt32] = []
  for name in configuration.operators {
    if let group = groupID(named: name) {
      groups.append(group)
    } else {
      warnings.append("control.operators: there is no group \(name) on this machine")
    }
  }
  return (
    LoadedConfiguration(
      configuration: configuration, notifiers: notifiers, operatorGroups: groups,
      warnings: warnings), complaints
  )
}

/// One secret a line, the newest first: while receivers change keys, both sign.
private func webhookSecrets(_ secret: Secret) throws(SecretProblem) -> [WebhookSecret] {
  var secrets: [WebhookSecret] = []
  for line in String(decoding: secret.bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
    do throws(WebhookSecretError) {
      secrets.append(try WebhookSecret(String(line)))
    } catch {
      throw SecretProblem("\(error)")
    }
  }
  if secrets.isEmpty { throw SecretProblem("the secret is empty") }
  return secrets
}
