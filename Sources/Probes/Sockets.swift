import Base
import Model

/// Where a socket leads.
package struct SocketTarget: Sendable, Hashable {
  package enum Transport: Sendable, Hashable {
    case tcp
    /// Connected, so that only the target's packets come in and its refusal is told.
    case udp
    /// Echoes of ICMP or ICMPv6, without the IP header.
    case icmp
  }

  package var transport: Transport
  /// A numeric address.
  package var address: String
  /// 0 for ICMP.
  package var port: UInt16
  /// The numeric address to send from; nil leaves the choice to the kernel.
  package var sourceAddress: String?
  /// Less time than the attempt has for the connection, where other addresses are left to try.
  package var connectLimit: TimeAmount?

  package init(
    _ transport: Transport, address: String, port: UInt16 = 0, sourceAddress: String? = nil,
    connectLimit: TimeAmount? = nil
  ) {
    self.transport = transport
    self.address = address
    self.port = port
    self.sourceAddress = sourceAddress
    self.connectLimit = connectLimit
  }
}

/// Why a socket could not be opened, connected or used.
package enum SocketFailure: Sendable, Hashable {
  case connect(ConnectCause)
  /// Reset after it was connected.
  case reset
  /// This machine does not permit the daemon such a socket.
  case notPermitted
  /// No descriptor or memory was left: nobody's fault but ours.
  case noRoom
  /// More came than an attempt may receive.
  case tooMuch
}
