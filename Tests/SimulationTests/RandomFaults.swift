import Base
import Model
import Simulation

/// Faults of every scope but that of everything, at random times, some at once; the last ends long
/// enough before the end for all to be well.
func randomFaults(
  _ country: Country, until end: TimeAmount, _ random: inout SeededGenerator
) -> [ScheduledFault] {
  let room = end - .minutes(6)
  return (0..<1 + random.below(5)).map { _ in
    let start = TimeAmount.milliseconds(
      Int64(20_000 + random.below(UInt64(room.milliseconds - 20_000))))
    let length = TimeAmount.milliseconds(Int64(1_000 + random.below(240_000)))
    let province = country.provinces[Int(random.below(UInt64(country.provinces.count)))]
    let service = Country.services[Int(random.below(UInt64(Country.services.count)))]
    let scopes: [ScheduledFault.Scope] = [
      .hop(LinkID(service: "lgsp", consumer: province)), .system(service.system),
      .owner(service.owner), .link(LinkID(service: service.service, consumer: province)),
      .part(
        service: service.service,
        consumers: country.provinces.filter { _ in random.below(2) == 0 }),
    ]
    let manners: [ScheduledFault.Manner] = [.silence, .refusal, .status(500), .status(502)]
    return ScheduledFault(
      scopes[Int(random.below(UInt64(scopes.count)))],
      manners[Int(random.below(UInt64(manners.count)))], from: start,
      to: min(start + length, room))
  }
}
