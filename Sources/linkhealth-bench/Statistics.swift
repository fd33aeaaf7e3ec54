/// The middle value, or the mean of the two middle ones; not a number when there are none.
func median(_ values: [Double]) -> Double {
  guard !values.isEmpty else { return .nan }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// The smallest value that so many percent of the values do not exceed (nearest rank); not a number
/// when there are none.
func percentile(_ percent: Int, of values: [Double]) -> Double {
  guard !values.isEmpty else { return .nan }
  let rank = max(1, (values.count * percent + 99) / 100)
  return values.sorted()[min(rank, values.count) - 1]
}

/// The two sides of one comparison, measured one after the other.
struct Pair {
  var subject: Double
  var floor: Double
  var ratio: Double { subject / floor }
}
