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
  let secrets = SecretStore(directory: configuration.secretsDirectory)
  var notifiers: [WebhookNotifier] = []
  for webhook in configuration.webhooks {
    do throws(SecretError) {
      let text = try secrets.read(webhook.secretName)
      notifiers.append(
        WebhookNotifier(
          name: webhook.name, url: webhook.url.text, secrets: try webhookSecrets(text),
          timeout: webhook.timeout, caFile: webhook.caFile))
    } catch {
      complaints.add(
        file: configuration.file, position: webhook.position,
        keyPath: "webhooks.\(webhook.name).secret", message: error.message)
    }
  }
  guard complaints.isEmpty else { return (nil, complaints) }
  var warnings: [String] = []
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
private func webhookSecrets(_ text: String) throws(SecretError) -> [WebhookSecret] {
  var secrets: [WebhookSecret] = []
  for line in text.split(whereSeparator: \.isNewline) {
    do throws(WebhookSecretError) {
      secrets.append(try WebhookSecret(String(line)))
    } catch {
      throw SecretError(message: "\(error)")
    }
  }
  if secrets.isEmpty { throw SecretError(message: "the secret is empty") }
  return secrets
}

/// Why a secret cannot be used; never the secret.
struct SecretError: Error {
  var message: String
}

/// Where secrets come from: systemd's credentials directory, or a directory of files that nobody
/// else may read.
struct SecretStore {
  private let directories: [(path: String, isSystemd: Bool)]

  init(directory: String?) {
    var list: [(String, Bool)] = []
    if let path = environment("CREDENTIALS_DIRECTORY"), !path.isEmpty { list.append((path, true)) }
    if let directory { list.append((directory, false)) }
    directories = list
  }

  func read(_ name: String) throws(SecretError) -> String {
    for (directory, isSystemd) in directories {
      let path = "\(directory)/\(name)"
      var info = stat()
      guard stat(path, &info) == 0 else { continue }
      guard isSystemd || info.st_mode & 0o077 == 0 else {
        throw SecretError(message: "\(path) may be read by others; make its mode 0600")
      }
      let bytes: [UInt8]
      do {
        bytes = try readFile(path, limitBytes: 64 << 10)
      } catch {
        throw SecretError(message: "\(error)")
      }
      let text = String(decoding: bytes.prefix(4_096), as: UTF8.self)
      if text.allSatisfy(\.isWhitespace) { throw SecretError(message: "\(path) is empty") }
      return text
    }
    let places = directories.map(\.path).joined(separator: " and ")
    throw SecretError(
      message:
        "no secret \(name) in \(places.isEmpty ? "any place" : places); give it with systemd's"
        + " LoadCredential=\(name):FILE, or as a file of mode 0600 in the directory that \"secrets\" names"
    )
  }
}
