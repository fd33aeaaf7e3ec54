import Base

/// A time of the daemon, `2025-11-07T01:02:03.004Z`; nil for a text of another shape.
func wallTime(_ text: String) -> WallTime? {
  let bytes = Array(text.utf8)
  guard bytes.count == 24, bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
    bytes[16] == UInt8(ascii: ":"), bytes[19] == UInt8(ascii: "."), bytes[23] == UInt8(ascii: "Z"),
    let day = CivilDay(text.prefix(10)), let hours = number(bytes[11..<13]),
    let minutes = number(bytes[14..<16]), let seconds = number(bytes[17..<19]),
    let milliseconds = number(bytes[20..<23])
  else { return nil }
  let ofDay = ((hours * 60 + minutes) * 60 + seconds) * 1_000 + milliseconds
  return day.start(zone: .zero) + .milliseconds(ofDay)
}

/// A sentence with the times of the daemon that stand in it told by the clock of the display's zone.
func localised(_ text: String, _ display: Display) -> String {
  guard display.zone.flatMap(distance) != nil else { return text }
  let bytes = Array(text.utf8)
  let length = 24
  guard bytes.count >= length else { return text }
  var shown: [UInt8] = []
  var place = 0
  while place < bytes.count {
    let end = place + length
    if end <= bytes.count, bytes[place + 10] == UInt8(ascii: "T"),
      bytes[end - 1] == UInt8(ascii: "Z")
    {
      let time = String(decoding: bytes[place..<end], as: UTF8.self)
      if wallTime(time) != nil {
        shown += timeText(time, display).utf8
        place = end
        continue
      }
    }
    shown.append(bytes[place])
    place += 1
  }
  return String(decoding: shown, as: UTF8.self)
}

/// The distance from UTC that a text such as `+07:00` tells; nil for another.
func distance(_ zone: String) -> TimeAmount? {
  let bytes = Array(zone.utf8)
  guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"), let hours = number(bytes[1..<3]),
    let minutes = number(bytes[4..<6]), hours <= 14, minutes < 60
  else { return nil }
  let amount = TimeAmount.minutes(hours * 60 + minutes)
  switch bytes[0] {
  case UInt8(ascii: "+"): return amount
  case UInt8(ascii: "-"): return .zero - amount
  default: return nil
  }
}

private func number(_ digits: ArraySlice<UInt8>) -> Int64? {
  guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
  return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
}
