import Incidents
import Model
import Testing

@Suite("The situation of 7 November 2025")
struct ScenarioPatternTests {
  private static let services: [(name: String, system: String, owner: String)] = [
    ("land-payment", "tax-payment", "mof"), ("business-registry", "business-registry", "mof"),
    ("budget-codes", "budget-codes", "mof"), ("health-licences", "health-licences", "moh"),
    ("civil-registry", "civil-registry", "moj"), ("merit-people", "merit-people", "moha"),
    ("birth-bundle", "interconnected-services", "mps"),
    ("death-bundle", "interconnected-services", "mps"), ("land-database", "land-database", "moae"),
  ]

  /// 34 provinces and nine services, behind a gateway each, and the national link.
  private func world() -> Matrix {
    var places: [LinkPlace] = []
    for number in 10..<44 {
      let province = "p\(number)"
      let gateway = LinkID(service: "lgsp", consumer: province)
      places.append(
        LinkPlace(id: gateway, system: "lgsp", owner: province, province: province))
      for service in Self.services {
        places.append(
          LinkPlace(
            id: LinkID(service: service.name, consumer: province), system: service.system,
            owner: service.owner, province: province, hops: [gateway]))
      }
    }
    places.append(
      LinkPlace(
        id: LinkID(service: "single-window", consumer: "national"), system: "single-window-portal",
        owner: "mof", province: nil))
    var matrix = Matrix(places)
    for (link, place) in places.enumerated() { stand(&matrix, Int32(link), place) }
    return matrix
  }

  private func stand(_ matrix: inout Matrix, _ link: Int32, _ place: LinkPlace) {
    switch place.id.service {
    case "land-payment", "business-registry", "budget-codes": matrix.set(link, .excluded)
    case "health-licences": matrix.set(link, .overdue, sign: .overdue)
    case "single-window": matrix.set(link, .degraded, sign: .gatewayError)
    case "birth-bundle", "death-bundle": matrix.set(link, .failing, sign: .applicationCode)
    case "civil-registry" where ["p11", "p13", "p17", "p20"].contains(place.id.consumer):
      matrix.set(link, .failing, sign: .serverError)
    case "land-database" where place.id.consumer == "p25": matrix.set(link, .excluded)
    default: matrix.set(link, .up)
    }
  }

  @Test("It gives the four incidents that are expected, and no other")
  func expected() {
    let matrix = world()
    #expect(
      explain(matrix).map { name(of: $0, in: matrix) } == [
        "system interconnected-services x68",
        "part of system civil-registry x4: p11 p13 p17 p20",
        "slow point single-window/national",
        "overdue system health-licences x34",
      ])
  }

  @Test("The bundles are suspected of the provider")
  func side() {
    let matrix = world()
    let suspicion = suspect(explain(matrix)[0], in: matrix)
    #expect(suspicion.side == .provider && suspicion.confidence == .high)
  }

  @Test("The four provinces of the civil registry: the provider, and not at all sure")
  func fourProvinces() {
    let matrix = world()
    let suspicion = suspect(explain(matrix)[1], in: matrix)
    #expect(suspicion.side == .provider && suspicion.confidence == .low)
  }
}
