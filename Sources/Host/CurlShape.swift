import Model
import Probes
import Wire

extension CurlHandle {
  /// What most options depend on. Links of one service differ in their address alone, and setting
  /// everything anew for each attempt costs as much as the rest of our own work.
  struct Shape {
    let settings: TransferSettings
    let method: String
    let isTLS: Bool
    let sendsHeaders: Bool
    let sendsBody: Bool
    let bearer: Secret?
    let cookies: String
    let caFile: String
    let isHandshake: Bool

    init(_ transfer: Transfer, caFile: String) {
      settings = transfer.settings
      method = transfer.method
      isTLS = transfer.url.scheme == "https"
      sendsHeaders = transfer.sendsHeaders
      sendsBody = transfer.sendsBody
      bearer = transfer.bearer
      cookies = transfer.cookies
      self.caFile = caFile
      isHandshake = transfer.purpose == .handshake
    }

    /// With a proxy or a server name of its own, more than the target depends on the address; and
    /// for digests libcurl keeps what the last server said until it is reset.
    var isReusable: Bool {
      if isHandshake { return false }
      if case .digest = settings.authentication { return false }
      return settings.proxy == nil && settings.tls.serverName == nil
    }

    func covers(_ other: Shape) -> Bool {
      isTLS == other.isTLS && isHandshake == other.isHandshake
        && sendsHeaders == other.sendsHeaders && sendsBody == other.sendsBody
        && bearer == other.bearer && cookies == other.cookies && method == other.method
        && caFile == other.caFile
        && settings.isSame(as: other.settings)
    }
  }
}
