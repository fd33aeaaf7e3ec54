import Base
import Wire

/// An issuer of tokens (RFC 6749 section 4.4) that answers as it is told. Must be stopped.
final class TokenServer: Sendable {
  struct Asked: Sendable {
    var authorization: String
    var body: String
  }

  let asked = Recorder<Asked>()
  /// The token that is issued from now on; nil: the client is refused.
  let token: Shared<String?>
  /// What a refusal says.
  let error: Shared<String>
  private let server: TestServer

  init(token: String?, lifetimeSeconds: Int = 3_600) throws {
    self.token = Shared(token)
    error = Shared("invalid_client")
    server = try TestServer { [asked, token = self.token, error] connection in
      while let (head, body) = connection.request() {
        asked.append(
          Asked(
            authorization: head.header("authorization") ?? "",
            body: String(decoding: body, as: UTF8.self)))
        guard let token = token.current else {
          connection.answer(400, "{\"error\":\"\(error.current)\"}")
          continue
        }
        connection.answer(
          200,
          "{\"access_token\":\"\(token)\",\"token_type\":\"Bearer\","
            + "\"expires_in\":\(lifetimeSeconds)}")
      }
    }
  }

  func stop() { server.stop() }

  /// The configuration that names it, with the client's secret in `{secret:client}`.
  func settings(_ more: String = "") -> String {
    """
    tokens: { lgsp: { url: "\(server.url)/token", clientId: "linkhealth",
                      clientSecret: "{secret:client}", timeout: "2s", \(more) } },
    """
  }
}
