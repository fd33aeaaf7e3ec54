/// The candidate that a misspelt word most likely meant; nil where none is near.
///
/// Near means: at most a third of the letters changed, added, dropped or swapped with their
/// neighbour, and three at most; case does not count. Of equally near ones the first is taken. Words
/// of more than 64 bytes have no neighbour. Method: optimal string alignment (Damerau 1964,
/// Wagner and Fischer 1974).
package func nearest(_ word: String, among candidates: [String]) -> String? {
  guard let letters = lettersToCompare(word) else { return nil }
  var best: (candidate: String, distance: Int)?
  for candidate in candidates {
    guard let others = lettersToCompare(candidate) else { continue }
    let longer = max(letters.count, others.count)
    let allowed = min(3, max(1, longer / 3), longer - 1, (best?.distance ?? .max) - 1)
    guard abs(letters.count - others.count) <= allowed else { continue }
    let distance = alignmentDistance(letters, others)
    if distance <= allowed { best = (candidate, distance) }
  }
  return best?.candidate
}

private func lettersToCompare(_ word: String) -> [Unicode.Scalar]? {
  guard word.utf8.count <= 64 else { return nil }
  return Array(word.lowercased().unicodeScalars)
}

private func alignmentDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    row.reserveCapacity(b.count + 1)
    for j in b.indices {
      let change = last[j] + (a[i] == b[j] ? 0 : 1)
      var least = min(change, last[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        least = min(least, beforeLast[j - 1] + 1)
      }
      row.append(least)
    }
    beforeLast = last
    last = row
  }
  return last[b.count]
}
