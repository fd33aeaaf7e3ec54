import Base
import Control
import Engine
import Glibc
import Host
import Model
import Quiet
import Wire

/// Where windows and silences that operators entered are kept over restarts.
func quietPath(_ stateDirectory: String) -> String { "\(stateDirectory)/incidents/quiet.json" }

/// What an earlier run kept; what cannot be read is told, and nothing is quiet by it.
func readQuietState(_ path: String) -> (state: QuietState, problems: [String]) {
  let bytes: [UInt8]
  do {
    bytes = try readFile(path, limitBytes: 64 << 20)
  } catch {
    return (
      QuietState(),
      isMissing(path) ? [] : ["\(error): no maintenance and no silence holds but those of files"]
    )
  }
  do throws(QuietStateError) {
    let state = try QuietState(bytes, file: path)
    return (state, state.problems.map { "\($0): the entry is left out" })
  } catch {
    return (
      QuietState(),
      [
        "\(path): \(error.message): no maintenance and no silence holds but those of files; the file"
          + " is written anew at the next change"
      ]
    )
  }
}

/// Acts whose answers wait for the disk: what somebody was told to hold survives a kill.
struct PendingQuiet {
  var waiting: [(number: UInt64, ticket: RequestTicket, body: [UInt8])] = []
  /// How often the book has been handed over for writing.
  var writes: UInt64 = 0
}

extension Daemon {
  func saveQuiet(_ state: QuietState) {
    requests.quiet.writes += 1
    disk.writeQuiet(quietPath(statePath), state, number: requests.quiet.writes)
  }

  func performQuiet(
    _ act: ControlAct, by name: String, _ ticket: RequestTicket, at now: Now
  ) {
    var body: [UInt8]?
    switch act {
    case .addMaintenance(let window):
      let added = engine.addMaintenance(window, by: name, at: now)
      body = added.map { quietBody(of: $0, engine, at: now) }
    case .endMaintenance(let id):
      let ended = engine.endMaintenance(id, at: now)
      body = ended.map { quietBody(of: $0, engine, at: now) }
    case .addSilence(let silence):
      let added = engine.addSilence(silence, by: name, at: now)
      body = added.map { quietBody(of: $0, engine, at: now) }
    case .endSilence(let id):
      let ended = engine.endSilence(id, at: now)
      body = ended.map { quietBody(of: $0, engine, at: now) }
    default: break
    }
    guard let body else {
      return answer(ticket, ControlError(409, "isOver", "it was over, or there is no room"))
    }
    // The write that the act asks for is the next one.
    requests.quiet.waiting.append((requests.quiet.writes + 1, ticket, body))
  }

  func quietWritten(_ number: UInt64, _ problem: String?) {
    if let problem { logger.write(LogEntry(.error, "maintenance and silences: \(problem)")) }
    let answered = requests.quiet.waiting.prefix { $0.number <= number }
    requests.quiet.waiting.removeFirst(answered.count)
    for entry in answered {
      if let problem {
        answer(
          entry.ticket,
          ControlError(
            503, "notKept", "it holds, but is not kept over a restart: \(problem)"))
      } else {
        server?.answer(entry.ticket, status: 200, body: entry.body)
      }
    }
  }
}
