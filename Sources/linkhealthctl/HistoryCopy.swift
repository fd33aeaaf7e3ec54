import Base
import Control
import ControlClient
import History
import Host
import Model
import Reports
import Wire

/// Answers questions about one link's past from a copy of a history, as the daemon would.
struct HistoryCopy {
  let directory: String
  let now: WallTime

  func answer(to request: ControlRequest) -> Result<ControlAnswer, ClientFailure> {
    do throws(ControlError) {
      return .success(ControlAnswer(status: 200, body: try body(request)))
    } catch {
      return .success(ControlAnswer(status: error.status, body: error.body))
    }
  }

  private func body(_ request: ControlRequest) throws(ControlError) -> [UInt8] {
    do {
      let head = try HTTPRequestHead(method: request.method, target: request.target)
      guard head.segments.count == 5, let id = LinkID("\(head.segments[2])/\(head.segments[3])")
      else { throw ControlError(400, "badRequest", "a copy answers for one link only") }
      let store = try HistoryStore(copy: directory)
      for message in store.takeMessages() { warn(message) }
      let probes = try store.probes().filter { $0.key.link == id }
      guard !probes.isEmpty else {
        throw ControlError(404, "notFound", "\(directory) holds nothing of \(id)")
      }
      // A copy does not know which probes the catalogue required: all count.
      let link = ReportedLink(
        id: id,
        probes: probes.map {
          ReportedLink.Probe(name: $0.key.probe, every: $0.every, isRequired: true)
        })
      // What the copy does not tell any more is unknown; it is not still to come.
      let until = min(now, store.lastSign ?? now)
      var reader = HistoryReader(store.snapshot, until: until)
      return try historyBody(try historyRequest(of: link, head, now: now), &reader)
    } catch let error as ControlError {
      throw error
    } catch {
      throw ControlError(503, "unreadable", "\(error)")
    }
  }

  private func warn(_ message: String) {
    try? writeAll(Array("linkhealthctl: \(printable(message, limit: 500))\n".utf8), to: 2)
  }
}
