import Base
import Catalogue
import Model
import Testing
import Wire

@Suite("Effective settings")
struct EffectiveSettingTests {
  private let system = """
    {
      system: "civil", owner: "moj",
      route: ["x"],
      services: [
        { service: "civil", consumers: "provinces",
          planned: { hue: "2025-12-31" },
          probes: [
            { kind: "http", every: "30s",
              request: {
                url: "{endpoint}/danhMuc?m={consumerCode}",
                headers: { dstcode: "VN" },
              },
              expect: { code: { path: "e", ok: ["0", 1] } } },
          ],
          alert: { failures: { raise: "4 of 6" } } },
      ],
    }
    """.replacing("[\"0\", 1]", with: "[\"0\", \"1\"]")
  private let configuration = """
    accelerate: 2,
    defaults: { timeout: "4s",
      userAgent: "watch",
      alert: { errorRate: "20% over 10m" } },
    vendors: "vendors.json5"
    """
  private let endpoints = """
    { civil: "http://127.0.0.1/{consumer}",
      "civil/hue": "http://127.0.0.1/special",
      "civil/ha-noi": null }
    """

  private func settings(_ consumer: String) throws -> [String: String] {
    let loaded = loadSystems(
      [system], endpoints: endpoints, configuration: configuration,
      vendors: #"{ hue: "v-a" }"#)
    #expect(loaded.complaints == [])
    let link = try #require(loaded.links.first { $0.id.consumer == consumer })
    let settings = effectiveSettings(of: link)
    #expect(Set(settings.map(\.key)).count == settings.count, "each key once")
    return Dictionary(uniqueKeysWithValues: settings.map { ($0.key, "\($0.value) @ \($0.place)") })
  }

  @Test("each is told with its value and the place where it is written, or as built in")
  func places() throws {
    let hue = try settings("hue")
    let file = "c/systems/0.json5"
    #expect(hue["consumer"]?.hasPrefix("hue @ \(file):5:") == true, "where its service is")
    let main = "c/linkhealth.json5"
    let expected = [
      "service": "civil @ \(file):5:16", "system": "civil @ \(file):2:11",
      "owner": "moj @ \(file):2:27", "route": "x @ \(file):3:10", "role": "service @ built in",
      "planned": "2025-12-31 @ \(file):6:23",
      "endpoint": "http://127.0.0.1/special @ c/endpoints.json5:2:16",
      "alert.failures": "4 of 6, clear after 2 @ \(file):15:35",
      "alert.latency": "off @ built in",
      "probes[0].kind": "http @ \(file):8:17", "probes[0].every": "15s @ \(file):8:32",
      "probes[0].timeout": "4s @ \(main):2:22", "probes[0].retries": "4 @ built in",
      "probes[0].request.url": "http://127.0.0.1/special/danhMuc?m=46 @ \(file):10:18",
      "probes[0].request.headers.dstcode": "VN @ \(file):11:33",
      "probes[0].request.userAgent": "watch @ \(main):3:14",
      "probes[0].request.method": "GET @ built in",
      "probes[0].expect.code.ok": "[0, 1] @ \(file):13:44",
      "probes[0].expect.status": "200-299 @ built in",
    ]
    #expect(hue["alert.errorRate"]?.hasSuffix("@ \(main):4:23") == true)
    #expect(hue["vendor"]?.hasPrefix("v-a @") == true)
    for (key, value) in expected.sorted(by: { $0.key < $1.key }) {
      #expect(hue[key] == value, "\(key)")
    }
  }

  @Test("a link without an endpoint has what is written for it")
  func notConnected() throws {
    let link = try settings("ha-noi")
    #expect(link["endpoint"] == "none @ c/endpoints.json5:3:19")
    #expect(
      link["probes[0].request.url"]?.hasPrefix("{endpoint}/danhMuc?m={consumerCode} @") == true)
    #expect(link["planned"] == nil)
    #expect(try settings("bac-ninh")["endpoint"]?.hasPrefix("http://127.0.0.1/bac-ninh @") == true)
  }
}

extension EffectiveSetting {
  fileprivate var place: String { location.map { "\($0)" } ?? "built in" }
}
