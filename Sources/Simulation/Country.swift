import Base
import Model
import Probes
import Wire

/// The links of an invented country: services of the ministries for each province, each behind the data
/// bus of its province, and the links that tell of the monitor's own sight.
package struct Country: Sendable {
  package let links: [Link]
  package let provinces: [String]

  /// A service, its system and its owner. Two services share a system, and three owners have several
  /// systems, so that columns, blocks and owners are all there to be mistaken for one another.
  package static let services: [(service: String, system: String, owner: String)] = [
    ("land-payment", "tax-payment", "mof"),
    ("business-registry", "business-registry", "mof"),
    ("budget-codes", "budget-codes", "mof"),
    ("health-licences", "health-licences", "moh"),
    ("civil-registry", "civil-registry", "moj"),
    ("merit-people", "merit-people", "moha"),
    ("birth-bundle", "interconnected-services", "mps"),
    ("death-bundle", "interconnected-services", "mps"),
    ("land-database", "land-database", "moae"),
  ]

  /// The owner of most systems, three of them.
  package static let largestOwner = "mof"

  /// `hasCanaries`: whether anything tells of the monitor's own sight.
  package init(
    provinces count: Int = 34, every: TimeAmount = .seconds(60), hasCanaries: Bool = true
  ) {
    provinces = (1...count).map { "province-\($0 / 10)\($0 % 10)" }
    var links: [Link] = []
    for service in Self.services {
      for province in provinces {
        var link = Self.link(
          service.service, province, system: service.system, owner: service.owner, every: every)
        link.route = ["lgsp"]
        link.hops = [LinkID(service: "lgsp", consumer: province)]
        links.append(link)
      }
    }
    for province in provinces {
      var hop = Self.link("lgsp", province, system: "lgsp", owner: province, every: every)
      hop.role = .hop
      links.append(hop)
    }
    for (name, role) in [
      ("canary-a", LinkRole.canary), ("canary-b", .canary), ("no-such-host", .mustFail),
    ] where hasCanaries {
      // Asked more often, so that blindness shows before it is told as something else.
      var mark = Self.link(name, nationalConsumer, system: name, owner: "us", every: .seconds(10))
      mark.role = role
      links.append(mark)
    }
    self.links = links
  }

  private static func link(
    _ service: String, _ consumer: String, system: String, owner: String, every: TimeAmount
  ) -> Link {
    let target = "http://127.0.0.1/\(service)/\(consumer)"
    guard let url = try? URLParts(target) else { preconditionFailure("a URL: \(target)") }
    let probe = ProbeDefinition(
      name: "http", kind: "http", every: every, timeout: .seconds(5),
      options: HTTPOptions(url: url, expectations: HTTPExpectations()))
    return Link(
      id: LinkID(service: service, consumer: consumer),
      serviceName: LocalizedName(en: service, vi: service),
      consumerName: LocalizedName(en: consumer, vi: consumer), system: system, owner: owner,
      route: [], alert: .standard, probes: [probe])
  }
}
