import Base
import Host
import Model
import Testing
import Wire

@testable import Probes

/// The kind of CONTRIBUTING.md, which is in no registry.
let workedExample = Subject(name: "daytime of CONTRIBUTING.md", timeout: .seconds(10)) {
  DaytimeProbe(
    DaytimeProbe.Options(host: "clock.example", port: 13), timeout: .seconds(10), tracing: false)
}

@Suite("The worked example of CONTRIBUTING.md")
struct WorkedExampleTests {
  private static let page = String(
    decoding: (try? readFile("\(projectDirectory)/CONTRIBUTING.md", limitBytes: 1 << 20)) ?? [],
    as: UTF8.self)

  /// What stands between a line and the end of the block that it begins.
  private func block(_ language: String) -> String {
    let parts = Self.page.components(separatedBy: "```\(language)\n")
    return parts.count == 2 ? parts[1].components(separatedBy: "```")[0] : ""
  }

  @Test("is the code that these tests compile, letter by letter")
  func compiled() throws {
    let file = String(
      decoding: try readFile(
        "\(projectDirectory)/Tests/ConformanceTests/WorkedExample.swift", limitBytes: 1 << 20),
      as: UTF8.self)
    // In its own place the file is within the module.
    #expect(block("swift") == file.replacing("\n@testable import Probes\n", with: ""))
  }

  @Test("its sample is read by it, without a key unread")
  func sample() throws {
    var complaints = Complaints()
    let node = try #require(
      parseJSON(Array(block("json5").utf8), dialect: .json5, limits: .catalogue).node)
    var reader = try #require(
      FieldReader(node, file: "sample", path: "", complaints: &complaints))
    for key in ["kind", "every"] { _ = reader.node(key) }
    let options = try #require(DaytimeProbe.decode(&reader, ProbeContext(), &complaints))
    reader.finish(&complaints)
    #expect(complaints.list.map(\.description) == [])
    #expect(DaytimeProbe.settings(of: options).map(\.value) == ["clock.example", "13"])
    #expect(DaytimeProbe.target(of: options) == "clock.example:13")
  }

  @Test("takes the time of day and tells it")
  func right() throws {
    var machine = workedExample.make()
    let now = Instant(nanoseconds: 1_000)
    _ = machine.step(.start, at: now)
    _ = machine.step(.resolved(addresses: ["127.0.0.1"], took: .zero), at: now)
    _ = machine.step(.connected(took: .zero), at: now)
    _ = machine.step(.received(Array("Friday, ".utf8), at: now), at: now)
    let action = machine.step(.received(Array("7 November\r\n".utf8), at: now), at: now)
    guard case .finish(let result) = action else {
      Issue.record("it is not at its end")
      return
    }
    #expect(result.outcome == .ok)
    #expect(result.note == "Friday, 7 November")
  }
}

extension String {
  fileprivate func components(separatedBy separator: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let range = rest.firstRange(of: separator) {
      parts.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return parts + [String(rest)]
  }
}
