/// A reader of bytes from outside, and what must hold of it whatever the bytes are. That it returns
/// at all, without a trap, is the first of it.
package struct FuzzTarget: Sendable {
  /// The word on the command line and the name of the corpus.
  package let name: String
  private let body: @Sendable ([UInt8]) -> String?

  package init(_ name: String, _ body: @escaping @Sendable ([UInt8]) -> String?) {
    self.name = name
    self.body = body
  }

  /// What does not hold for these bytes, in words; nil when all is well.
  package func violation(_ bytes: [UInt8]) -> String? { body(bytes) }
}

/// Everything that is fuzzed. A new one is a function here and a corpus in `Tests/Corpora`.
package let fuzzTargets: [FuzzTarget] = [
  FuzzTarget("json", jsonViolation),
  FuzzTarget("json5", json5Violation),
  FuzzTarget("json-path", jsonPathViolation),
  FuzzTarget("pattern", patternViolation),
  FuzzTarget("http-request", requestViolation),
  FuzzTarget("http-response", responseViolation),
  FuzzTarget("url", urlViolation),
  FuzzTarget("xml", xmlViolation),
  FuzzTarget("xml-path", xmlPathViolation),
  FuzzTarget("dns-message", dnsMessageViolation),
  FuzzTarget("icmp-echo", icmpEchoViolation),
  FuzzTarget("plugin-output", pluginOutputViolation),
  FuzzTarget("certificate", certificateViolation),
  FuzzTarget("tls-message", tlsMessageViolation),
  FuzzTarget("history-segment", historySegmentViolation),
  FuzzTarget("history-block", historyBlockViolation),
  FuzzTarget("history-cells", historyCellsViolation),
]

/// The bytes before and after the first line feed: two inputs in one.
func halves(_ bytes: [UInt8]) -> (first: [UInt8], second: [UInt8]) {
  guard let split = bytes.firstIndex(of: 0x0A) else { return (bytes, []) }
  return (Array(bytes[..<split]), Array(bytes[(split + 1)...]))
}
