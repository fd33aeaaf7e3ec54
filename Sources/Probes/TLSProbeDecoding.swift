import Base
import Model
import Wire

extension TLSProbe {
  /// Reads `target`, `family`, `tls`, `warn`, `allowUntidy` and `expect`.
  package static func decode(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> TLSProbeOptions? {
    let target = decodeTarget(&reader, context, &complaints)
    let tls = decodeTLS(&reader, context, &complaints)
    let family = reader.choice("family", of: AddressFamily.allCases.map(\.rawValue), &complaints)
    let warnDays = decodeWarnDays(&reader, &complaints)
    let allowsUntidyChain = reader.bool("allowUntidy", &complaints) ?? false
    var names: [String] = []
    var rsaBits: Int?
    var curveBits: Int?
    if var expect = reader.object("expect", &complaints) {
      names = decodeNames(&expect, context, &complaints)
      rsaBits = expect.int("rsaBits", range: 1_024...16_384, &complaints)
      curveBits = expect.int("curveBits", range: 160...521, &complaints)
      expect.finish(&complaints)
    }
    guard let target, let tls else { return nil }
    return TLSProbeOptions(
      target: target,
      transfer: TransferSettings(
        tls: tls, proxy: context.defaults.proxy, sourceAddress: context.defaults.sourceAddress,
        userAgent: context.defaults.userAgent),
      family: family.flatMap(AddressFamily.init(rawValue:)) ?? context.defaults.family,
      warnDays: (context.defaults.expiry ?? ExpiryDays())
        .steps(own: warnDays, usual: TLSProbeOptions.usualWarnDays),
      allowsUntidyChain: allowsUntidyChain,
      names: names, rsaBits: rsaBits, curveBits: curveBits)
  }

  package static func settings(of options: TLSProbeOptions) -> [(key: String, value: String)] {
    let tls = options.transfer.tls
    let steps = options.warnDays.map { "\($0)d" }.joined(separator: ", ")
    return [
      ("target", options.target.hostAndPort),
      ("family", options.family.rawValue),
      ("tls.verify", tls.verify ? "true" : "false"),
      ("tls.caFile", tls.caFile ?? "the system's"),
      ("tls.serverName", options.name),
      ("tls.minimumVersion", tls.minimumVersion.rawValue),
      ("warn", steps.isEmpty ? "never" : steps),
      ("allowUntidy", options.allowsUntidyChain ? "true" : "false"),
      ("expect.names", options.names.isEmpty ? "none" : options.names.joined(separator: ", ")),
      ("expect.rsaBits", options.rsaBits.map { "\($0)" } ?? "what TLS accepts"),
      ("expect.curveBits", options.curveBits.map { "\($0)" } ?? "what TLS accepts"),
    ]
  }

  /// `HOST`, `HOST:PORT`, or an https address, of which host and port are taken.
  private static func decodeTarget(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> URLParts? {
    guard let text = expandedString(&reader, "target", context, &complaints, required: true)
    else { return nil }
    do {
      if text.contains("://") {
        let url = try URLParts(text)
        guard url.scheme == "https" else {
          reader.complain(
            "target", "expected \(targetExpected): there is no TLS behind http://", &complaints)
          return nil
        }
        return try URLParts("https://\(url.authority)/")
      }
      guard !text.utf8.contains(where: { "/?#".utf8.contains($0) }) else {
        reader.complain(
          "target", "expected \(targetExpected), without a path", &complaints)
        return nil
      }
      return try URLParts("https://\(text)/")
    } catch {
      reader.complain("target", "expected \(targetExpected): \(error.message)", &complaints)
      return nil
    }
  }

  private static let targetExpected = "\"host:port\", \"host\" or an https address"

  private static func decodeWarnDays(
    _ reader: inout FieldReader, _ complaints: inout Complaints
  ) -> [Int]? {
    guard let steps = reader.strings("warn", &complaints) else { return nil }
    let day = TimeAmount.hours(24)
    let days = steps.compactMap(parseDuration).filter {
      $0 >= day && $0 <= day * 3_650 && $0.nanoseconds % day.nanoseconds == 0
    }
    guard days.count == steps.count, Set(days).count == days.count, days.count <= 16 else {
      reader.complain(
        "warn", "expected up to 16 different whole days such as [\"30d\", \"14d\", \"7d\"]",
        &complaints)
      return nil
    }
    return days.map { Int($0.nanoseconds / day.nanoseconds) }
  }

  private static func decodeNames(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> [String] {
    guard let texts = reader.strings("names", &complaints) else { return [] }
    guard texts.count <= Limits.certificateNamesExpected else {
      reader.complain(
        "names",
        "expected at most \(Limits.certificateNamesExpected) names, got \(texts.count); "
          + "check the others with a probe of their own", &complaints)
      return []
    }
    var names: [String] = []
    for text in texts {
      do {
        let name = try context.expand(text)
        if name.isEmpty || name.utf8.count > Limits.hostNameBytes {
          reader.complain(
            "names",
            "expected names of 1 to \(Limits.hostNameBytes) bytes, got \(name.utf8.count)",
            &complaints)
        }
        names.append(name)
      } catch {
        reader.complain("names", context.problem(error), &complaints)
      }
    }
    return names
  }
}
