import Base
import Wire

/// What an answer is made from: who answers, in which style, to which request.
package struct AnswerContext: Sendable {
  package var style: AnswerStyle
  /// The consumer's name, which every body carries.
  package var unit: String
  package var request: SimulatedRequest

  package init(style: AnswerStyle, unit: String, request: SimulatedRequest) {
    self.style = style
    self.unit = unit
    self.request = request
  }

  /// An answer with a JSON body, after which the connection stays open if the client wants that.
  package func json(
    _ status: Int, _ body: [UInt8], headers: [(String, String)] = []
  ) -> Reply {
    response(status, body, type: "application/json; charset=utf-8", headers: headers)
  }

  private func response(
    _ status: Int, _ body: [UInt8], type: String, headers: [(String, String)] = []
  ) -> Reply {
    let bytes = httpResponse(
      status: status, headers: [("Content-Type", type)] + headers, body: body,
      keepAlive: request.keepAlive, headOnly: request.isHead)
    return Reply(bytes: bytes, ending: request.keepAlive ? .next : .close)
  }

  /// The answer of a service that is well.
  package var healthy: Reply { json(200, style.healthyBody(unit: unit)) }

  /// `{"error":"…"}` with a status of its own.
  package func error(_ status: Int, _ message: String) -> Reply {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("error", message)
    if !unit.isEmpty { writer.member("unit", unit) }
    writer.endObject()
    return json(status, writer.bytes)
  }

  /// The answer with a fault in it.
  package func faulty(_ fault: Fault) -> Reply {
    switch fault {
    case .absent: json(404, Array(#"{"error":"no such endpoint"}"#.utf8))
    case .status(let status): error(status, "simulated status \(status)")
    case .code(let code): json(200, style.refusalBody(unit: unit, code: code))
    case .hang: Reply(ending: .hang)
    case .close: Reply(ending: .close)
    case .reset(let place): reset(place)
    case .drip(let every): drip(every)
    case .endless(let part): endless(part)
    case .wrongLength(let lie): wrongLength(lie)
    case .garbage: Reply(bytes: garbage, ending: .close)
    case .redirect(let target): redirect(target)
    case .body(let body): hostile(body)
    }
  }

  // MARK: Broken framing

  /// The healthy answer as sent to GET on a connection that ends with it, cut before its body.
  private var parts: (head: ArraySlice<UInt8>, body: [UInt8]) {
    let body = style.healthyBody(unit: unit)
    let bytes = httpResponse(
      status: 200, headers: [("Content-Type", "application/json; charset=utf-8")], body: body,
      keepAlive: false, headOnly: false)
    return (bytes.dropLast(body.count), body)
  }

  private func reset(_ place: ResetPlace) -> Reply {
    let (head, body) = parts
    return switch place {
    case .start: Reply(ending: .reset)
    case .head: Reply(bytes: Array(head.prefix(head.count / 2)), ending: .reset)
    case .body: Reply(bytes: Array(head) + body.prefix(body.count / 2), ending: .reset)
    }
  }

  private func drip(_ every: TimeAmount) -> Reply {
    let (head, body) = parts
    return Reply(
      bytes: Array(head), ending: request.isHead ? .close : .drip(body, every: every))
  }

  private func endless(_ part: EndlessPart) -> Reply {
    let start = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
    return switch part {
    case .header:
      Reply(
        bytes: Array((start + "X-Endless: ").utf8),
        ending: .endless(Array(repeating: UInt8(ascii: "a"), count: 16 << 10)))
    case .headers:
      Reply(
        bytes: Array(start.utf8),
        ending: .endless(Array(String(repeating: "X-Endless: aaaaaaaaaaaaaa\r\n", count: 512).utf8))
      )
    case .body:
      Reply(
        bytes: Array((start + "Connection: close\r\n\r\n" + (request.isHead ? "" : "[0")).utf8),
        ending: request.isHead
          ? .close : .endless(Array(String(repeating: ",\n0", count: 4 << 10).utf8)))
    }
  }

  private func wrongLength(_ lie: LengthLie) -> Reply {
    let (_, body) = parts
    let promised = lie == .short ? body.count * 2 : body.count / 2
    let head = """
      HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n\
      Content-Length: \(promised)\r\n\
      Connection: \(lie == .short ? "close" : "keep-alive")\r\n\r\n
      """
    return Reply(
      bytes: Array(head.utf8) + (request.isHead ? [] : body),
      ending: lie == .short || !request.keepAlive ? .close : .next)
  }

  /// The greeting of another protocol, then bytes that are none.
  private var garbage: [UInt8] {
    Array("SSH-2.0-Simulator_1.0\r\n".utf8) + (0..<64).map { UInt8(truncatingIfNeeded: $0 &* 37) }
  }

  // MARK: Redirects and bodies

  private func redirect(_ target: RedirectTarget) -> Reply {
    let location =
      switch target {
      case .loop: request.head.target
      case .host: "http://elsewhere.invalid/"
      case .protocol: "ftp://127.0.0.1/"
      case .reference(let reference): reference
      }
    return json(302, Array("{}".utf8), headers: [("Location", location)])
  }

  private func hostile(_ body: HostileBody) -> Reply {
    let name = style.codeKey
    switch body {
    case .escapes:
      let text = """
        \u{1B}[31mred\u{1B}[0m \u{1B}]0;title\u{07}\u{1B}[2J\r\nforged line \u{9B}1m\u{85}\u{2028}\
        \u{202E}desrever\u{202C} \u{08}\u{08}\u{00}\u{200B}\u{FEFF}end
        """
      return response(200, Array(text.utf8), type: "text/html; charset=utf-8")
    case .deepJSON:
      let levels = SimulatorLimits.deepLevels
      return json(
        200,
        Array(repeating: UInt8(ascii: "["), count: levels)
          + Array(repeating: UInt8(ascii: "]"), count: levels))
    case .bigNumber:
      let digits = String(repeating: "9", count: SimulatorLimits.bigNumberDigits)
      return json(
        200,
        Array(#"{"\#(name)":\#(digits),"big":1e999999999,"small":-1e-999999999}"#.utf8))
    case .brokenUTF8:
      return json(
        200,
        Array(#"{"\#(name)":0,"unit":""#.utf8) + [0xC3, 0x28, 0xFF, 0xED, 0xA0, 0x80]
          + Array(#"","cut":""#.utf8) + [0xE1, 0xBA] + Array(#""}"#.utf8))
    }
  }
}
