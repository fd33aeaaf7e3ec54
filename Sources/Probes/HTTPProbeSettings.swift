import Base
import Model
import Wire

extension HTTPProbe {
  /// The settings that have a value whether or not the catalogue gives one.
  package static func settings(of options: HTTPOptions) -> [(key: String, value: String)] {
    let transfer = options.transfer
    let expectations = options.expectations
    var settings: [(key: String, value: String)] = [
      ("request.method", options.method),
      ("request.url", options.url.text),
      ("request.version", transfer.version.rawValue),
      ("request.family", options.family.rawValue),
      ("request.redirects", "\(options.redirectLimit)"),
      ("request.otherHosts", options.allowsOtherHosts ? "true" : "false"),
      ("request.reuse", transfer.reuse ? "true" : "false"),
      ("request.compressed", transfer.compressed ? "true" : "false"),
      ("request.userAgent", transfer.userAgent),
      ("request.proxy", transfer.proxy ?? "none"),
      ("request.sourceAddress", transfer.sourceAddress ?? "any"),
      ("request.connectTimeout", transfer.connectTimeout.map { "\($0)" } ?? "none"),
      ("limits.body", sizeDescription(transfer.bodyLimitBytes)),
      ("limits.headers", sizeDescription(transfer.headerLimitBytes)),
      ("expect.status", expectations.status.map(statusText).joined(separator: ", ")),
      ("expect.body", expectations.form.rawValue),
      ("expect.slow", expectations.slow.map { "\($0)" } ?? "never"),
    ]
    if options.url.scheme == "https" {
      settings += [
        ("tls.verify", transfer.tls.verify ? "true" : "false"),
        ("tls.caFile", transfer.tls.caFile ?? "the system's"),
        ("tls.serverName", transfer.tls.serverName ?? options.url.host),
        ("tls.minimumVersion", transfer.tls.minimumVersion.rawValue),
      ]
    }
    return settings
  }
}

extension OAuth2Probe {
  package static func target(of options: OAuth2Options) -> String? { options.url.hostAndPort }
  package static func usesTLS(_ options: OAuth2Options) -> Bool { options.url.scheme == "https" }

  package static func settings(of options: OAuth2Options) -> [(key: String, value: String)] {
    [
      ("url", options.url.text),
      ("refreshBefore", options.refreshBefore.map { "\($0)" } ?? "60s, or a tenth of the lifetime"),
      ("caFile", options.transfer.tls.caFile ?? "the system's"),
    ]
  }
}

private func statusText(_ range: ClosedRange<UInt16>) -> String {
  range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
}
