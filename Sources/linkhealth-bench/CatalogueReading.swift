import Base
import Catalogue
import Glibc
import Host
import Model
import Wire

/// How long the files of a large catalogue take to be read.
func measureCatalogue(_ workbench: Workbench, quick: Bool, _ report: inout Report) throws {
  let scale = quick ? 10 : 1
  let catalogue = LargeCatalogue(services: 1_000 / scale, consumers: 100)
  try measureParsing(bytes: 10_000_000 / scale, &report)
  try measureCheck(catalogue, workbench, &report)
}

private let runs = 5

/// The parser alone, on a text such as people write: comments, bare keys, trailing commas.
private func measureParsing(bytes wanted: Int, _ report: inout Report) throws {
  var text: [UInt8] = Array("[\n".utf8)
  var number = 0
  while text.count < wanted {
    text += LargeCatalogue.system(number, services: 4)
    text += Array(",\n".utf8)
    number += 1
  }
  text += Array("]\n".utf8)
  var milliseconds: [Double] = []
  for _ in 0..<runs {
    let start = Clock.instant
    let (node, errors) = parseJSON(text, dialect: .json5, limits: .catalogue)
    milliseconds.append((Clock.instant - start).seconds * 1_000)
    guard node?.array?.count == number, errors.isEmpty else {
      throw BenchError.failed("the generated text is not right: \(errors.first?.message ?? "")")
    }
  }
  report.add(Figure("catalogue.parse.size", Double(text.count) / 1e6, "MB", digits: 1))
  report.add(Figure("catalogue.parse", median(milliseconds), "ms", .below(300), digits: 0))
}

/// All that `linkhealthctl check` does: files, provinces, endpoints, every link with its probes.
private func measureCheck(
  _ catalogue: LargeCatalogue, _ workbench: Workbench, _ report: inout Report
) throws {
  let file = try catalogue.write(to: "\(workbench.directory)/catalogue")
  var milliseconds: [Double] = []
  for _ in 0..<runs {
    try workbench.checkChildren()
    let start = Clock.instant
    let check = checkReport([file], .system)
    milliseconds.append((Clock.instant - start).seconds * 1_000)
    guard check.ok, check.links == catalogue.links, check.probes == catalogue.links else {
      throw BenchError.failed("the generated catalogue is not right: \(check.lines.last ?? "")")
    }
  }
  report.add(Figure("catalogue.check.links", Double(catalogue.links), "", digits: 0))
  report.add(Figure("catalogue.check", median(milliseconds), "ms", .below(2_000), digits: 0))
}

/// Systems in files of their own, each service for the same generated provinces.
struct LargeCatalogue {
  var services: Int
  var consumers: Int

  private static let servicesPerSystem = 4

  var links: Int { services * consumers }

  /// Returns the path of the configuration.
  func write(to directory: String) throws -> String {
    for path in [directory, "\(directory)/systems"] {
      guard mkdir(path, 0o700) == 0 else { throw SystemError.last("mkdir", path) }
    }
    for number in 0..<(services / Self.servicesPerSystem) {
      try writeFile(
        "\(directory)/systems/system-\(number).json5",
        Self.system(number, services: Self.servicesPerSystem))
    }
    try writeFile("\(directory)/provinces.json", provinces)
    try writeFile("\(directory)/endpoints.json5", endpoints)
    let file = "\(directory)/linkhealth.json5"
    try writeFile(
      file, Array("{ catalogue: [\".\"], endpoints: \"endpoints.json5\" }\n".utf8))
    return file
  }

  private var provinces: [UInt8] {
    let entries = (0..<consumers).map { number in
      let slug = BenchCatalogue.consumer(number)
      return """
        {"slug": "\(slug)", "code": "\(number + 100)", "agency_code": "H\(number)", \
        "name_en": "Province \(number)", "name_vi": "Tỉnh \(number)", "type": "province"}
        """
    }
    return Array("[\n\(entries.joined(separator: ",\n"))\n]\n".utf8)
  }

  private var endpoints: [UInt8] {
    let entries = (0..<services).map { number in
      let name = "service-\(number / Self.servicesPerSystem)-\(number % Self.servicesPerSystem)"
      return "  \"\(name)\": \"https://lgsp.{consumer}.example/\(name)\","
    }
    return Array("{\n\(entries.joined(separator: "\n"))\n}\n".utf8)
  }

  /// A system as the shipped ones are written.
  static func system(_ number: Int, services: Int) -> [UInt8] {
    let list = (0..<services).map { Self.service("service-\(number)-\($0)") }
    return Array(
      """
      // A system of the benchmark, with the comments that such a file has.
      {
        system: "system-\(number)",
        owner: "mof",
        name: { en: "System \(number)", vi: "Hệ thống thông tin \(number)" },
        codes: {
          "106": { en: "wrong unit code", vi: "Mã đơn vị không chính xác" },
          "108": { en: "wrong province code", vi: "Mã tỉnh không chính xác" },
        },
        services: [
      \(list.joined(separator: "\n"))
        ],
      }
      """.utf8)
  }

  private static func service(_ name: String) -> String {
    """
        {
          service: "\(name)",
          consumers: "provinces",
          probes: [
            {
              kind: "http",
              every: "60s",
              timeout: "10s",
              // A code list: a read that changes nothing and holds no citizen's data.
              request: { url: "{endpoint}/danhMuc?maTinh={consumerCode}" },
              expect: {
                status: [200],
                // Status 200 alone is not success: the answer says by a code how it went.
                code: { path: "error_code", ok: ["0"], refused: ["100"] },
                slow: "3s",
              },
            },
          ],
          alert: {
            failures: "3 of 5",
            errorRate: { raise: "20% over 15m", clear: "10%", minimum: 10 },
            latency: { raise: "p95 over 3s over 15m", clear: "2s", minimum: 10 },
          },
        },
    """
  }
}
