import Base
import Glibc
import Model
import Testing
import Wire

@testable import Scenario

/// A file of the package, by its path from the package's root.
func packageFile(_ path: String, from test: String = #filePath) throws -> [UInt8] {
  let root = test.components(upTo: "/Tests/")
  let file = try #require(fopen("\(root)/\(path)", "r"), "the package holds \(path)")
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 64 << 10)
  while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
  return bytes
}

extension String {
  fileprivate func components(upTo mark: String) -> Substring {
    var end = startIndex
    while end < endIndex, !self[end...].hasPrefix(mark) { end = index(after: end) }
    return self[..<end]
  }
}

let threeProvinces = ["an-giang", "ha-noi", "hue"]

/// Reads a scenario of one service; its further keys are the argument.
func oneService(_ keys: String) throws -> ScenarioService {
  let text = #"{ services: [{ service: "land-database", \#(keys) }] }"#
  let (scenario, complaints) = readScenario(
    Array(text.utf8), file: "test.json5", provinces: threeProvinces)
  #expect(complaints.list.map(\.description) == [])
  return try #require(scenario.services.first)
}

func run(_ keys: String, seed: UInt64 = 1, speed: Double = 1) throws -> ScenarioRun {
  var scenario = Scenario()
  scenario.services = [try oneService(keys)]
  return ScenarioRun(scenario, seed: seed, speed: speed, start: seconds(100))
}

/// The complaints about a scenario, as lines.
func complaints(_ text: String) -> [String] {
  readScenario(Array(text.utf8), file: "s.json5", provinces: threeProvinces)
    .complaints.list.map(\.description)
}

func request(
  _ target: String, method: String = "GET", keepAlive: Bool = true, body: String = ""
) -> SimulatedRequest {
  let headers = [("Host", "127.0.0.1:8080")] + (keepAlive ? [] : [("Connection", "close")])
  let head = try! HTTPRequestHead(method: method, target: target, headers: headers)
  return SimulatedRequest(head, body: Array(body.utf8))
}

func seconds(_ value: Int64) -> Instant { Instant(nanoseconds: value * 1_000_000_000) }

func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

/// The status of a reply's bytes; 0 when there is none.
func status(_ reply: Reply?) -> Int {
  guard let reply, reply.bytes.count >= 12 else { return 0 }
  return Int(text(reply.bytes[9..<12])) ?? 0
}

func body(_ reply: Reply?) -> String {
  let bytes = reply?.bytes ?? []
  let blank = Array("\r\n\r\n".utf8)
  guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: blank) }) else {
    return ""
  }
  return text(bytes[(end + blank.count)...])
}
