import Base
import Testing

@testable import Delivery

struct WebhookNotifierTests {
  private static let firstText = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
  private static let secondText =
    "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9AQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVpbXF1eXw=="

  private func attempt(_ id: String, _ body: String) -> DeliveryAttempt {
    DeliveryAttempt(
      token: Token(index: 0, generation: 1), receiver: "ops", incident: "inc-1", sequence: 1,
      webhookID: id, body: Array(body.utf8))
  }

  private func headers(
    _ secrets: [String], _ attempt: DeliveryAttempt, seconds: Int64
  ) throws -> [String: String] {
    let notifier = WebhookNotifier(
      name: "ops", url: "https://ops.example/hook",
      secrets: try secrets.map { try WebhookSecret($0) })
    let request = notifier.request(for: attempt, at: WallTime(milliseconds: seconds * 1_000 + 999))
    return Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) })
  }

  @Test("the example of the specification's reference libraries gives the signature it should")
  func publishedVector() throws {
    let headers = try headers(
      ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
      attempt("msg_p5jXN8AQM9LWM0D4loKWxJek", #"{"test": 2432232314}"#), seconds: 1_614_265_330)
    #expect(headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    #expect(headers["webhook-timestamp"] == "1614265330")
    #expect(headers["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek")
    #expect(headers["content-type"] == "application/json")
  }

  // Computed with Python's hmac, hashlib and base64.
  @Test("with two keys there are two signatures, the newest key's first")
  func rotation() throws {
    let headers = try headers(
      [Self.firstText, Self.secondText],
      attempt("inc-0123456789abcdefghij-3", #"{"test":"Đà Nẵng"}"#), seconds: 1_762_477_323)
    #expect(
      headers["webhook-signature"] == "v1,wQ/vK43V5qdcNAPAMXwhg4uadsGLVWqvB6aEvx7Ng40="
        + " v1,QLmwKN5FyJM42KP6I5oTBpDHcbrnhUXWV8EpGnSi0+I=")
  }

  @Test("a later try has the same id, another timestamp and another signature")
  func laterTry() throws {
    let attempt = attempt("inc-1-1", "{}")
    let first = try headers([Self.firstText], attempt, seconds: 100)
    let second = try headers([Self.firstText], attempt, seconds: 101)
    #expect(first["webhook-id"] == second["webhook-id"])
    #expect(first["webhook-timestamp"] != second["webhook-timestamp"])
    #expect(first["webhook-signature"] != second["webhook-signature"])
  }

  @Test("a request carries what its receiver asks for")
  func request() throws {
    let notifier = WebhookNotifier(
      name: "ops", url: "https://ops.example/hook", secrets: [try WebhookSecret(Self.firstText)],
      timeout: .seconds(3), caFile: "/etc/ops.pem")
    let request = notifier.request(
      for: attempt("inc-1-1", "{}"), at: WallTime(milliseconds: 0))
    #expect(request.method == "POST")
    #expect(request.url == "https://ops.example/hook")
    #expect(request.body == Array("{}".utf8))
    #expect(request.timeout == .seconds(3))
    #expect(request.caFile == "/etc/ops.pem")
  }

  @Test("a secret does not show, however it is printed")
  func secretStaysSecret() throws {
    let secret = try WebhookSecret(Self.firstText)
    let notifier = WebhookNotifier(name: "ops", url: "https://ops.example/", secrets: [secret])
    var dumped = ""
    dump(notifier, to: &dumped)
    for text in ["\(secret)", String(reflecting: secret), "\(notifier)", dumped] {
      #expect(!text.contains("AAEC"), "\(text)")
      #expect(!text.contains("23"), "no bytes of the key: \(text)")
    }
  }

  @Test(
    "texts that are no secrets are refused, without being shown",
    arguments: [
      ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", WebhookSecretError.prefixMissing),
      ("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .prefixMissing), ("", .prefixMissing),
      ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa!w", .notBase64),
      ("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY=", .wrongLength), ("whsec_", .wrongLength),
    ])
  func refused(text: String, error: WebhookSecretError) {
    #expect(throws: error) { try WebhookSecret(text) }
  }

  @Test("a line feed at the end of a secret's file does no harm")
  func blanksAround() throws {
    let attempt = attempt("inc-1-1", "{}")
    let plain = try headers([Self.firstText], attempt, seconds: 1)
    #expect(try headers([" \(Self.firstText)\r\n"], attempt, seconds: 1) == plain)
  }
}
