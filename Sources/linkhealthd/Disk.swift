import Base
import Control
import Delivery
import Engine
import Glibc
import History
import Host
import Judgement
import Model
import Quiet
import Reports
import Synchronization

/// What the disk thread works on. Only jobs on that thread touch it; the lock is never waited for.
struct DiskFiles {
  var history: HistoryStore
  /// Whether a step of the history's work waits for its turn.
  var isStepping = false
  var journal: JournalFile
  var alerts: AlertFiles
}

/// Hands work to the one thread that may wait for the disk, and brings its results to the loop.
final class Disk: Sendable {
  enum Event: Sendable {
    case ringWritten(group: UInt64, problem: String?)
    case journalWritten(group: UInt64, problem: String?, unwritten: [Incident], messages: [String])
    /// What operators entered is on the disk, or could not be written.
    case quietWritten(number: UInt64, problem: String?)
    case samplesRead(RequestID, body: [UInt8], problem: String?)
    /// What latencies were in the weeks before; nothing where the history could not be read.
    case pastRead(PastAnswer)
    case problem(String)
  }

  typealias RequestID = UInt64

  private let files: Mutex<DiskFiles>
  private let worker: Workers
  /// Answers questions to the history beside the one that writes.
  private let reader: Workers
  private let mailbox: Mailbox<Event>
  /// The question whose caller left last.
  private let cancelled = Atomic<RequestID>(0)

  private init(_ files: sending DiskFiles, events mailbox: Mailbox<Event>) throws(SystemError) {
    self.files = Mutex(files)
    self.mailbox = mailbox
    worker = try Workers(threads: 1, capacity: 4_096)
    // A report of many links takes a processor for a while; the loop must not wait for it.
    reader = try Workers(threads: 1, capacity: Limits.samplesQuestions, givingWay: true)
  }

  /// What was found on the disk at the start.
  struct Found: Sendable {
    var disk: Disk
    var resume: RingResume
    var historyBytes: Int
    /// The journal's content.
    var journal: [UInt8]
    var messages: [String]
  }

  /// Opens the files of a state directory, and reads what the daemon goes on from; the samples of the last
  /// while go into `earlier`.
  static func open(
    _ statePath: String, history settings: HistorySettings, wanted: WantedSamples,
    earlier: inout EarlierRun, events mailbox: Mailbox<Event>
  ) throws -> Found {
    let history = try HistoryStore(
      directory: "\(statePath)/history", room: settings.room,
      probes: settings.probes, newRingID: randomSeed())
    try history.recordedSamples(
      settings.probes, wanted, counts: { earlier.add($0, $1) }, each: { earlier.add($0, $1) })
    let messages = history.takeMessages()
    let resume = history.ring.resume
    let historyBytes = history.byteCount
    let journal = JournalFile(directory: "\(statePath)/outbox")
    let bytes = try journal.readAll()
    let alerts = AlertFiles(directory: "\(statePath)/alerts")
    try alerts.prepare()
    let disk = try Disk(
      DiskFiles(history: history, journal: journal, alerts: alerts), events: mailbox)
    return Found(
      disk: disk, resume: resume, historyBytes: historyBytes, journal: bytes,
      messages: messages)
  }

  /// Brings the alert files in line with the journal, before the loop runs.
  func reconcile(_ replay: OutboxReplay) -> [String] {
    let open = replay.openIncidents
    let resolved = replay.resolvedIncidents
    let isDamaged = !replay.damage.isEmpty
    return files.withLock { files in
      var messages = files.alerts.reconcile(open: open, resolved: resolved)
      guard isDamaged else { return messages }
      do throws(SystemError) {
        messages.append("the damaged journal is kept as \(try files.journal.keepDamaged())")
      } catch {
        messages.append("the damaged journal could not be kept aside: \(error)")
      }
      return messages
    }
  }

  func writeRing(_ batches: [EncodedBatch], group: UInt64) {
    submit { [self] files, mailbox in
      var problem: String?
      for batch in batches {
        do throws(SystemError) {
          try files.history.write(batch)
        } catch {
          problem = "\(error)"
        }
      }
      mailbox.post(.ringWritten(group: group, problem: problem))
      stepIfDue(&files)
    } onRefusal: { mailbox in
      mailbox.post(.ringWritten(group: group, problem: "the disk is too slow: its queue is full"))
    }
  }

  /// Work on the history's blocks is done a few milliseconds at a time, each a job of its own, so that
  /// writing never waits for it.
  private func stepIfDue(_ files: inout DiskFiles) {
    for message in files.history.takeMessages() { mailbox.post(.problem(message)) }
    guard files.history.hasWork, !files.isStepping else { return }
    files.isStepping = true
    submit { [self] files, _ in
      files.isStepping = false
      files.history.step()
      stepIfDue(&files)
    } onRefusal: { _ in
      files.isStepping = false
    }
  }

  /// Asks the disk to hold what was written against a loss of power.
  func syncRing() {
    submit { files, mailbox in
      do throws(SystemError) { try files.history.sync() } catch {
        mailbox.post(.problem("\(error)"))
      }
    } onRefusal: { _ in
    }
  }

  /// Makes room for the probes of another configuration.
  func want(_ settings: HistorySettings) {
    submit { [self] files, _ in
      files.history.want(settings.probes, room: settings.room)
      stepIfDue(&files)
    } onRefusal: { mailbox in
      mailbox.post(.problem("the disk's queue is full: the history has no room for new probes"))
    }
  }

  func writeJournal(_ group: JournalGroup) {
    submit { files, mailbox in
      var problem: String?
      do throws(SystemError) {
        try files.journal.write(group.write)
      } catch {
        problem = "\(error)"
      }
      let failures = files.alerts.apply(group.alertFiles)
      mailbox.post(
        .journalWritten(
          group: group.number, problem: problem, unwritten: failures.map(\.incident),
          messages: failures.map { "alert file of \($0.incident.id): \($0.error)" }))
    } onRefusal: { mailbox in
      mailbox.post(
        .journalWritten(
          group: group.number, problem: "the disk is too slow: its queue is full",
          unwritten: group.alertFiles, messages: []))
    }
  }

  /// Answers a question about the past: what there is is told by the thread that writes, and read on
  /// another, so that writing never waits for a long question.
  func readHistory(
    _ id: RequestID, until now: WallTime,
    _ answer: @escaping @Sendable (inout HistoryReader) throws -> [UInt8]
  ) {
    submit { [self] files, mailbox in
      let snapshot = files.history.snapshot
      let accepted = reader.submit {
        var reader = HistoryReader(snapshot, until: now)
        do {
          mailbox.post(.samplesRead(id, body: try answer(&reader), problem: nil))
        } catch {
          mailbox.post(.samplesRead(id, body: [], problem: "\(error)"))
        }
      }
      if !accepted {
        mailbox.post(.samplesRead(id, body: [], problem: "too many questions wait"))
      }
    } onRefusal: { mailbox in
      mailbox.post(
        .samplesRead(id, body: [], problem: "the disk is too slow: its queue is full"))
    }
  }

  /// Reads samples of a link's probes.
  func readSamples(_ id: RequestID, _ request: SamplesRequest, at now: WallTime) {
    readHistory(id, until: now) { reader in
      var found: [(probe: String, samples: [Sample])] = []
      for key in request.keys {
        found.append(
          (
            key.probe,
            try reader.samples(
              of: key, in: request.from..<max(request.from, request.to), limit: request.limit)
          ))
      }
      return samplesBody(request, found)
    }
  }

  /// Looks up what latencies were in the weeks before. Where that fails nothing is known of them, and the
  /// rules that go by them say so.
  func readPast(_ question: PastQuestion, until now: WallTime) {
    let nothing = PastAnswer(number: question.number)
    submit { [self] files, mailbox in
      let snapshot = files.history.snapshot
      let accepted = reader.submit {
        var reader = HistoryReader(snapshot, until: now)
        do {
          mailbox.post(.pastRead(try pastHours(question, &reader)))
        } catch {
          mailbox.post(.problem("the weeks before could not be read: \(error)"))
          mailbox.post(.pastRead(nothing))
        }
      }
      if !accepted { mailbox.post(.pastRead(nothing)) }
    } onRefusal: { mailbox in
      mailbox.post(.pastRead(nothing))
    }
  }

  /// Answers a question about the past.
  func readReport(_ id: RequestID, _ request: HistoryRequest) {
    readHistory(id, until: request.now) { [self] reader in
      try historyBody(request, &reader) { cancelled.load(ordering: .relaxed) == id }
    }
  }

  /// Nobody waits for the answer to a question any more.
  func cancel(_ id: RequestID) { cancelled.store(id, ordering: .relaxed) }

  /// Writes a small file whole or not at all.
  func writeFile(_ path: String, _ bytes: [UInt8]) { writeFile(path) { bytes } }

  /// The same with content that is made on the disk thread.
  func writeFile(_ path: String, _ content: @escaping @Sendable () -> [UInt8]) {
    submit { _, mailbox in
      do throws(SystemError) {
        try replaceFile(path, with: content(), mode: 0o640)
      } catch {
        mailbox.post(.problem("\(error)"))
      }
    } onRefusal: { mailbox in
      mailbox.post(.problem("write \(path): the disk's queue is full"))
    }
  }

  /// Keeps what operators entered; ``Event/quietWritten(number:problem:)`` follows.
  func writeQuiet(_ path: String, _ state: QuietState, number: UInt64) {
    submit { _, mailbox in
      do throws(SystemError) {
        try replaceFile(path, with: state.document, mode: 0o640)
        mailbox.post(.quietWritten(number: number, problem: nil))
      } catch {
        mailbox.post(.quietWritten(number: number, problem: "\(error)"))
      }
    } onRefusal: { mailbox in
      mailbox.post(.quietWritten(number: number, problem: "the disk's queue is full"))
    }
  }

  /// Runs what waits to its end and joins the thread.
  func stopAndWait() {
    worker.stopAndWait()
    reader.stopAndWait()
  }

  private func submit(
    _ job: @escaping @Sendable (inout DiskFiles, Mailbox<Event>) -> Void,
    onRefusal: (Mailbox<Event>) -> Void
  ) {
    let accepted = worker.submit { [self] in
      files.withLock { job(&$0, mailbox) }
    }
    if !accepted { onRefusal(mailbox) }
  }
}
