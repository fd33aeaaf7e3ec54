import Base

/// Reads a moment as people write it: `2025-11-07T22:00`, also with seconds, by the clock at a distance
/// from UTC; or with the distance of its own, `2025-11-07T22:00+07:00`, `2025-11-07T15:00:00.000Z`. Nil
/// for anything else.
package func localTime(_ text: String, zone: TimeAmount) -> WallTime? {
  let parts = text.split(separator: "T", omittingEmptySubsequences: false)
  guard parts.count == 2, let day = CivilDay(parts[0]) else { return nil }
  var clock = parts[1]
  var distance = zone
  if clock.hasSuffix("Z") {
    clock = clock.dropLast()
    distance = .zero
  } else if let sign = clock.lastIndex(where: { $0 == "+" || $0 == "-" }) {
    guard let own = zoneDistance(clock[sign...]) else { return nil }
    clock = clock[..<sign]
    distance = own
  }
  guard let time = timeOfDay(clock) else { return nil }
  return day.start(zone: distance) + time
}

/// Reads `+07:00`, up to 14 hours.
package func zoneDistance(_ text: some StringProtocol) -> TimeAmount? {
  guard let sign = text.first, sign == "+" || sign == "-", text.utf8.count == 6,
    let time = timeOfDay(text.dropFirst()), time <= .hours(14)
  else { return nil }
  return sign == "-" ? .zero - time : time
}

/// Writes what ``zoneDistance(_:)`` reads.
package func zoneText(_ zone: TimeAmount) -> String {
  (zone < .zero ? "-" : "+") + clockText(TimeAmount(nanoseconds: abs(zone.nanoseconds)))
}

/// A time for people by the clock at a distance from UTC: `2025-11-07 22:00:00 +07:00`.
package func clockTime(_ time: WallTime, zone: TimeAmount) -> String {
  let text = (time + zone).description
  return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) \(zoneText(zone))"
}

/// Reads `22:00`, `22:00:30` or `22:00:30.5`, before 24:00.
package func timeOfDay(_ text: some StringProtocol) -> TimeAmount? {
  let parts = text.split(separator: ":", omittingEmptySubsequences: false)
  guard (2...3).contains(parts.count), let hours = number(parts[0], below: 24),
    let minutes = number(parts[1], below: 60)
  else { return nil }
  guard parts.count == 3 else { return .minutes(hours * 60 + minutes) }
  let seconds = parts[2].split(separator: ".", omittingEmptySubsequences: false)
  guard (1...2).contains(seconds.count), let whole = number(seconds[0], below: 60) else {
    return nil
  }
  var fraction: Int64 = 0
  if seconds.count == 2 {
    let digits = seconds[1].utf8
    guard (1...9).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    for place in 0..<9 {
      let index = digits.index(digits.startIndex, offsetBy: place, limitedBy: digits.endIndex)
      let digit = index.flatMap { $0 < digits.endIndex ? Int64(digits[$0] - 0x30) : nil } ?? 0
      fraction = fraction * 10 + digit
    }
  }
  return .minutes(hours * 60 + minutes) + .seconds(whole) + .nanoseconds(fraction)
}

/// `22:00`: hours and minutes.
package func clockText(_ time: TimeAmount) -> String {
  let minutes = time.nanoseconds / TimeAmount.minutes(1).nanoseconds
  func two(_ number: Int64) -> String { (number < 10 ? "0" : "") + String(number) }
  return "\(two(minutes / 60)):\(two(minutes % 60))"
}

/// Two digits.
private func number(_ text: some StringProtocol, below bound: Int64) -> Int64? {
  guard text.utf8.count == 2, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
    let number = Int64(text), number < bound
  else { return nil }
  return number
}
