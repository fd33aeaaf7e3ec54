import Base
import Wire

/// A generated catalogue: so many services, each for the same generated provinces, all alike.
struct BenchCatalogue {
  static let userAgent = "linkhealth-bench"

  var services = WebServer.addresses
  var consumers: Int
  var every: TimeAmount
  var timeout = TimeAmount.seconds(10)
  /// Where a service's links are asked; the consumer is added as the last part.
  var address: (_ service: Int) -> String
  var reuse = false
  /// The keys of a probe of another kind than `http`, `kind` among them, as JSON5; nil for a service
  /// that is asked over HTTP.
  var otherProbe: (_ service: Int) -> String? = { _ in nil }
  /// Where the programs lie that may be run.
  var pluginDirectory: String?
  /// Consumers are numbered from here: another catalogue with another number drops the first ones.
  var firstConsumer = 0
  var caFile: String?
  /// The windows of the rules on error rate and latency; nil for the rule on failures alone.
  var window: TimeAmount?

  var links: Int { services * consumers }
  var startsPerSecond: Double { Double(links) / every.seconds }

  /// The links of a web server, spread over its addresses.
  init(_ server: WebServer, links: Int, every: TimeAmount) {
    consumers = links / WebServer.addresses
    self.every = every
    caFile = server.caFile
    let (scheme, port) = (server.scheme, server.port)
    address = { "\(scheme)://127.0.1.\($0 + 1):\(port)/bench" }
  }

  /// The links of one server at one address.
  init(port: UInt16, links: Int, every: TimeAmount) {
    services = 1
    consumers = links
    self.every = every
    address = { _ in "http://127.0.0.1:\(port)/bench" }
  }

  static func consumer(_ number: Int) -> String {
    let digits = String(number + 1)
    return "c" + String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
  }

  var provincesFile: [UInt8] {
    var writer = JSONWriter()
    writer.beginArray()
    for number in firstConsumer..<(firstConsumer + consumers) {
      writer.beginObject()
      writer.member("slug", Self.consumer(number))
      writer.member("name_en", "Province \(number + 1)")
      writer.member("name_vi", "Tỉnh \(number + 1)")
      writer.endObject()
    }
    writer.endArray()
    return writer.bytes
  }

  var servicesFile: [UInt8] {
    Array("[\n\((0..<services).map(service).joined(separator: ",\n"))\n]\n".utf8)
  }

  private func service(_ number: Int) -> String {
    let window = window.map { "over \($0)" }
    return """
      {
        service: "bench-\(number + 1)", system: "bench-\(number + 1)", owner: "bench",
        consumers: "provinces",
        probes: [
          { every: "\(every)", timeout: "\(timeout)", \(otherProbe(number) ?? request(number)) },
        ],
        alert: {
          failures: "3 of 5",
          errorRate: "\(window.map { "20% \($0)" } ?? "off")",
          latency: "\(window.map { "p95 over 3s \($0)" } ?? "off")",
        },
      }
      """
  }

  private func request(_ service: Int) -> String {
    """
    kind: "http",
        request: { url: "\(address(service))/{consumer}"\(reuse ? ", reuse: true" : "") },
        \(tlsKey)
        expect: { status: [200], code: { path: "status", ok: ["0"] }, slow: "3s" }
    """
  }

  /// The key `tls` of a probe, with a comma behind it, where a bundle is to be believed.
  var tlsKey: String { caFile.map { "tls: { caFile: \(quoted($0)) }," } ?? "" }
}

/// A text as a string of JSON.
func quoted(_ text: String) -> String {
  var writer = JSONWriter()
  writer.string(text)
  return String(decoding: writer.bytes, as: UTF8.self)
}
