/// Whether `bytes` holds `wanted`, in time linear in both whatever they are (Knuth, Morris and Pratt,
/// "Fast Pattern Matching in Strings", SIAM J. Comput. 6(2), 1977): bodies may be hostile.
func contains(_ bytes: [UInt8], _ wanted: [UInt8]) -> Bool {
  guard !wanted.isEmpty else { return true }
  guard bytes.count >= wanted.count else { return false }
  let fallbacks = fallbacks(of: wanted)
  var matched = 0
  for byte in bytes {
    while matched > 0 && wanted[matched] != byte { matched = fallbacks[matched - 1] }
    if wanted[matched] == byte { matched += 1 }
    if matched == wanted.count { return true }
  }
  return false
}

/// For each place, the length of the longest beginning of the text that also ends there.
private func fallbacks(of text: [UInt8]) -> [Int] {
  var lengths = [Int](repeating: 0, count: text.count)
  var length = 0
  for place in text.indices.dropFirst() {
    while length > 0 && text[place] != text[length] { length = lengths[length - 1] }
    if text[place] == text[length] { length += 1 }
    lengths[place] = length
  }
  return lengths
}
