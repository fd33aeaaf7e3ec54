import Base

/// Reads a length of time: whole numbers with units `d h m s ms us ns`, such as `250ms`, `15m` or
/// `1h30m`. Several parts go from the larger unit to the smaller. Nil for anything else: without a
/// unit, with a sign, blank or point, or too long for a ``TimeAmount``.
package func parseDuration(_ text: String) -> TimeAmount? {
  var rest = text.utf8[...]
  var total: Int64 = 0
  var formerUnit = Int64.max
  repeat {
    guard let count = takeDigits(from: &rest) else { return nil }
    let name = rest.prefix { !isDigit($0) }
    rest = rest.dropFirst(name.count)
    guard let unit = durationUnit(String(Substring(name))), unit < formerUnit else { return nil }
    let (part, tooLong) = count.multipliedReportingOverflow(by: unit)
    let (sum, overflow) = total.addingReportingOverflow(part)
    if tooLong || overflow { return nil }
    total = sum
    formerUnit = unit
  } while !rest.isEmpty
  return TimeAmount(nanoseconds: total)
}

private func durationUnit(_ name: String) -> Int64? {
  switch name {
  case "d": 86_400_000_000_000
  case "h": 3_600_000_000_000
  case "m": 60_000_000_000
  case "s": 1_000_000_000
  case "ms": 1_000_000
  case "us": 1_000
  case "ns": 1
  default: nil
  }
}

/// Reads a size in bytes: a whole number with one of the units `B kB MB GB` (powers of 1000) or
/// `KiB MiB GiB` (powers of 1024), such as `64KiB`. Nil for anything else.
package func parseSize(_ text: String) -> Int? {
  var rest = text.utf8[...]
  guard let count = takeDigits(from: &rest), let unit = sizeUnit(String(Substring(rest))) else {
    return nil
  }
  let (size, overflow) = count.multipliedReportingOverflow(by: unit)
  return overflow ? nil : Int(exactly: size)
}

private func sizeUnit(_ name: String) -> Int64? {
  switch name {
  case "B": 1
  case "kB": 1_000
  case "MB": 1_000_000
  case "GB": 1_000_000_000
  case "KiB": 1 << 10
  case "MiB": 1 << 20
  case "GiB": 1 << 30
  default: nil
  }
}

/// A size in the largest unit that says it exactly, as ``parseSize(_:)`` reads it.
package func sizeDescription(_ size: Int) -> String {
  let units = ["GiB", "GB", "MiB", "MB", "KiB", "kB"]
  for name in units {
    if let unit = sizeUnit(name), size != 0, size % Int(unit) == 0 {
      return "\(size / Int(unit))\(name)"
    }
  }
  return "\(size)B"
}

/// Reads a percentage in tenths, such as `20%` or `0.5%`, as a permille: 200 and 5. Nil for anything
/// else, finer steps included. There is no upper bound here but that of `Int`.
package func parsePercent(_ text: String) -> Int? {
  var rest = text.utf8[...]
  guard let whole = takeDigits(from: &rest) else { return nil }
  var tenths: Int64 = 0
  if rest.first == UInt8(ascii: ".") {
    rest = rest.dropFirst()
    guard let digit = rest.popFirst(), isDigit(digit) else { return nil }
    tenths = Int64(digit - UInt8(ascii: "0"))
  }
  guard rest.elementsEqual([UInt8(ascii: "%")]) else { return nil }
  let (permille, tooMuch) = whole.multipliedReportingOverflow(by: 10)
  let (sum, overflow) = permille.addingReportingOverflow(tenths)
  return tooMuch || overflow ? nil : Int(exactly: sum)
}

/// A permille as a percentage, as ``parsePercent(_:)`` reads it.
package func percentDescription(permille: Int) -> String {
  permille % 10 == 0 ? "\(permille / 10)%" : "\(permille / 10).\(permille % 10)%"
}

/// Takes the digits at the start of a text; nil where there are none or they exceed an `Int64`.
private func takeDigits(from text: inout Substring.UTF8View) -> Int64? {
  let digits = text.prefix(while: isDigit)
  text = text.dropFirst(digits.count)
  return Int64(Substring(digits))
}
