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
  /// A program that is run instead of a request, and its arguments for a service.
  var plugin: (program: String, arguments: (_ service: Int) -> [String])?
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
    var writer = JSONWriter(pretty: true)
    writer.beginArray()
    for service in 0..<services { write(service, to: &writer) }
    writer.endArray()
    return writer.bytes
  }

  private func write(_ service: Int, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("service", "bench-\(service + 1)")
    writer.member("system", "bench-\(service + 1)")
    writer.member("owner", "bench")
    writer.member("consumers", "provinces")
    writer.key("probes")
    writer.beginArray()
    writer.beginObject()
    writer.member("kind", plugin == nil ? "http" : "exec")
    writer.member("every", every.description)
    writer.member("timeout", timeout.description)
    if let plugin {
      write(plugin.program, plugin.arguments(service), to: &writer)
    } else {
      writeRequest(service, to: &writer)
    }
    writer.endObject()
    writer.endArray()
    writeRules(to: &writer)
    writer.endObject()
  }

  private func write(_ program: String, _ arguments: [String], to writer: inout JSONWriter) {
    writer.member("program", program)
    writer.key("arguments")
    writer.beginArray()
    for argument in arguments { writer.string(argument) }
    writer.endArray()
  }

  private func writeRequest(_ service: Int, to writer: inout JSONWriter) {
    writer.key("request")
    writer.beginObject()
    writer.member("url", "\(address(service))/{consumer}")
    if reuse { writer.member("reuse", true) }
    writer.endObject()
    if let caFile {
      writer.key("tls")
      writer.beginObject()
      writer.member("caFile", caFile)
      writer.endObject()
    }
    writeExpectations(to: &writer)
  }

  private func writeExpectations(to writer: inout JSONWriter) {
    writer.key("expect")
    writer.beginObject()
    writer.key("status")
    writer.beginArray()
    writer.int(200)
    writer.endArray()
    writer.key("code")
    writer.beginObject()
    writer.member("path", "status")
    writer.key("ok")
    writer.beginArray()
    writer.string("0")
    writer.endArray()
    writer.endObject()
    writer.member("slow", "3s")
    writer.endObject()
  }

  private func writeRules(to writer: inout JSONWriter) {
    writer.key("alert")
    writer.beginObject()
    writer.member("failures", "3 of 5")
    writer.member("errorRate", window.map { "20% over \($0)" } ?? "off")
    writer.member("latency", window.map { "p95 over 3s over \($0)" } ?? "off")
    writer.endObject()
  }
}
