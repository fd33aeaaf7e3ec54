import Base
import Catalogue
import Testing
import Wire

@Suite("Operations that write")
struct WritingOperationTests {
  private func complaints(_ request: String, _ configuration: String = "") -> [String] {
    let system = """
      { service: "a", system: "a", owner: "o", consumers: ["hue"], probes: [
        { kind: "http", request: { \(request) } }] }
      """
    return loadSystems([system], configuration: configuration).complaints
  }

  @Test(
    "they are refused wherever a request names them",
    arguments: [
      (#"url: "http://127.0.0.1/api/dangKyHoTich""#, "url", "dangKyHoTich"),
      (#"url: "http://127.0.0.1/api/DANGKYHOTICH/1""#, "url", "dangKyHoTich"),
      (#"url: "http://127.0.0.1/LLTP-API-danhDauHsThanhCong""#, "url", "danhDauHsThanhCong"),
      (#"url: "http://127.0.0.1/?service=DongBoHoSoMC""#, "url", "DongBoHoSoMC"),
      (#"url: "http://127.0.0.1/d%61ngKyHoTich""#, "url", "dangKyHoTich"),
      (#"url: "http://127.0.0.1/", body: '{ "service": "DongBoHoSoMC" }'"#, "body", "DongBoHoSoMC"),
      (#"url: "http://127.0.0.1/", body: "<x:nhanHoSoDangKyRequest/>""#, "body", "nhanHoSoDangKy"),
      (
        #"url: "http://127.0.0.1/", headers: { soapaction: "urn:CapNhatTienDoHoSoMC" }"#,
        "headers.soapaction", "CapNhatTienDoHoSoMC"
      ),
      (#"url: "http://127.0.0.1/", method: "PUT""#, "method", "the method PUT"),
      (#"url: "http://127.0.0.1/", method: "DELETE""#, "method", "the method DELETE"),
    ])
  func refused(request: String, key: String, name: String) {
    let found = complaints(request)
    #expect(found.count == 1, "\(found)")
    #expect(
      found.first?.contains(" probes[0].request.\(key): \(name) changes what it is sent to") == true
    )
  }

  @Test("a step of a transaction is refused like a request of its own, at its place")
  func steps() {
    let found = loadSystems([
      """
      { service: "a", system: "a", owner: "o", consumers: ["hue"], probes: [
        { kind: "steps", steps: [
          { request: { url: "http://127.0.0.1/" } },
          { request: { url: "http://127.0.0.1/dangKyHoTich" } },
        ] }] }
      """
    ]).complaints
    #expect(found.count == 1, "\(found)")
    #expect(found.first?.contains(" probes[0].steps[1].request.url: dangKyHoTich") == true)
  }

  @Test(
    "what reads is not",
    arguments: [
      #"url: "http://127.0.0.1/danhMuc""#, #"url: "http://127.0.0.1/xemDangKyHoTich""#,
      #"url: "http://127.0.0.1/", method: "PROPFIND""#,
      #"url: "http://127.0.0.1/", method: "SEARCH", body: "<x/>""#,
      #"url: "http://127.0.0.1/", headers: { "X-Note": "dangKyHoTich" }"#,
    ])
  func allowed(request: String) { #expect(complaints(request) == []) }

  @Test("an operator overrides a refusal by its name, and by no other")
  func overridden() {
    let request = #"url: "http://127.0.0.1/dangKyHoTich", method: "PUT""#
    #expect(complaints(request).count == 2)
    #expect(complaints(request, #"allowedOperations: ["PUT"]"#).count == 1)
    #expect(complaints(request, #"allowedOperations: ["PUT", "dangKyHoTich"]"#) == [])
    let misspelt = complaints("url: \"http://127.0.0.1/\"", #"allowedOperations: ["dangKiHoTich"]"#)
    #expect(misspelt.count == 1 && misspelt[0].contains(#"did you mean "dangKyHoTich"?"#))
  }

  @Test("an endpoint that names one is refused too")
  func endpoint() {
    let system = """
      { service: "a", system: "a", owner: "o", consumers: ["hue"], probes: [
        { kind: "http", request: { url: "{endpoint}/x" } }] }
      """
    let found = loadSystems([system], endpoints: #"{ a: "http://127.0.0.1/dangKyHoTich" }"#)
      .complaints
    #expect(found.count == 1 && found[0].hasPrefix("c/endpoints.json5:1:6: a: dangKyHoTich"))
  }
}
