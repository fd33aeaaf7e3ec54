import Wire

/// A request as the simulator answers it.
package struct SimulatedRequest: Sendable {
  package var head: HTTPRequestHead
  package var body: [UInt8]
  /// Whether the connection is to stay open. HTTP/1.0 clients are not offered that.
  package let keepAlive: Bool

  package init(_ head: HTTPRequestHead, body: [UInt8] = []) {
    self.head = head
    self.body = body
    keepAlive = head.minorVersion >= 1 && head.keepAlive
  }

  package var isHead: Bool { head.method == "HEAD" }
}
