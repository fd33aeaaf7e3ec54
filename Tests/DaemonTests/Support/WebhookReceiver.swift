import Base
import Glibc
import Host
import Synchronization
import Wire

/// One webhook as it arrived.
struct ReceivedWebhook: Sendable {
  var id: String
  var timestamp: String
  var signatures: [String]
  var body: [UInt8]
  /// What was answered to it.
  var status: Int

  var json: JSONNode? { parseJSON(body, dialect: .json).node }
  var type: String { json?["type"]?.string ?? "" }
  var incident: String { json?["data"]?["id"]?.string ?? "" }
  var sequence: Int { json?["data"]?["sequence"]?.int ?? -1 }
}

/// A receiver of webhooks that answers as it is told. Must be stopped.
final class WebhookReceiver: Sendable {
  static let key = Array("a key of thirty-two octets, or so".utf8)

  let received = Recorder<ReceivedWebhook>()
  /// What it answers from now on.
  let status: Shared<Int>
  private let server: TestServer

  init(status: Int = 200, port: UInt16 = 0) throws {
    self.status = Shared(status)
    server = try TestServer(port: port) { [received, status = self.status] connection in
      while let (head, body) = connection.request() {
        let answer = status.current
        received.append(
          ReceivedWebhook(
            id: head.header("webhook-id") ?? "", timestamp: head.header("webhook-timestamp") ?? "",
            signatures: (head.header("webhook-signature") ?? "").split(separator: " ").map(
              String.init), body: body, status: answer))
        connection.answer(answer)
      }
    }
  }

  var port: UInt16 { server.port }
  func stop() { server.stop() }

  var accepted: [ReceivedWebhook] { received.all.filter { $0.status == 200 } }

  /// Waits until so many webhooks have been accepted, and gives them.
  func waitForAccepted(_ count: Int) throws -> [ReceivedWebhook] {
    try eventually("\(count) webhooks are accepted; there are \(accepted.map(\.type))") {
      accepted.count >= count ? accepted : nil
    }
  }

  /// The configuration that names a receiver at a port.
  static func settings(port: UInt16) -> String {
    """
    webhooks: [{ name: "ops", url: "http://127.0.0.1:\(port)/hook", secret: "{secret:ops}",
                 timeout: "1s" }],
    """
  }

  static func writeSecret(_ daemon: Daemon, mode: mode_t = 0o600) throws {
    try daemon.place.write("secrets/ops", "whsec_\(base64Encode(key))\n", mode: mode)
  }
}

extension Daemon {
  /// Starts it with these links and a receiver at a port.
  static func running(_ links: [WatchedLink], tellingPort port: UInt16) throws -> Daemon {
    try running(links, settings: WebhookReceiver.settings(port: port)) {
      try WebhookReceiver.writeSecret($0)
    }
  }
}
