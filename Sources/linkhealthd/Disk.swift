import Base
import Control
import Delivery
import Engine
import Glibc
import History
import Host
import Model
import Synchronization

/// What the disk thread works on. Only jobs on that thread touch it; the lock is never waited for.
struct DiskFiles {
  var ring: RingFiles
  var journal: JournalFile
  var alerts: AlertFiles
}

/// Hands work to the one thread that may wait for the disk, and brings its results to the loop.
final class Disk: Sendable {
  enum Event: Sendable {
    case ringWritten(group: UInt64, problem: String?)
    case journalWritten(group: UInt64, problem: String?, unwritten: [Incident], messages: [String])
    case samplesRead(RequestID, body: [UInt8], problem: String?)
    case problem(String)
  }

  typealias RequestID = UInt64

  private let files: Mutex<DiskFiles>
  private let worker: Workers
  private let mailbox: Mailbox<Event>

  private init(_ files: sending DiskFiles, events mailbox: Mailbox<Event>) throws(SystemError) {
    self.files = Mutex(files)
    self.mailbox = mailbox
    worker = try Workers(threads: 1, capacity: 4_096)
  }

  /// What was found on the disk at the start.
  struct Found: Sendable {
    var disk: Disk
    var resume: RingResume
    var historyBytes: Int
    /// The samples of the last while, oldest first.
    var samples: [(ProbeKey, Sample)]
    /// The journal's content.
    var journal: [UInt8]
    var messages: [String]
  }

  /// Opens the files of a state directory, and reads what the daemon goes on from.
  static func open(
    _ statePath: String, ringBytes: Int, segmentBytes: Int, wanted: WantedSamples,
    events mailbox: Mailbox<Event>
  ) throws -> Found {
    let ring = try RingFiles(
      directory: "\(statePath)/history", ringBytes: ringBytes, segmentBytes: segmentBytes,
      newRingID: randomSeed())
    var messages = ring.messages
    let resume = ring.resume
    let historyBytes = ring.byteCount
    var samples: [(ProbeKey, Sample)] = []
    messages += try ring.replay(since: wanted.earliest) { record in
      if case .sample(let key, let sample) = record, wanted.wants(key, sample.time) {
        samples.append((key, sample))
      }
    }
    let journal = JournalFile(directory: "\(statePath)/outbox")
    let bytes = try journal.readAll()
    let alerts = AlertFiles(directory: "\(statePath)/alerts")
    try alerts.prepare()
    let disk = try Disk(
      DiskFiles(ring: ring, journal: journal, alerts: alerts), events: mailbox)
    return Found(
      disk: disk, resume: resume, historyBytes: historyBytes, samples: samples, journal: bytes,
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
    submit { files, mailbox in
      var problem: String?
      for batch in batches {
        do throws(SystemError) {
          try files.ring.write(batch)
        } catch {
          problem = "\(error)"
        }
      }
      mailbox.post(.ringWritten(group: group, problem: problem))
    } onRefusal: { mailbox in
      mailbox.post(.ringWritten(group: group, problem: "the disk is too slow: its queue is full"))
    }
  }

  /// Asks the disk to hold what was written against a loss of power.
  func syncRing() {
    submit { files, mailbox in
      do throws(SystemError) { try files.ring.sync() } catch { mailbox.post(.problem("\(error)")) }
    } onRefusal: { _ in
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

  /// Searches the ring, one segment a job, so that writing never waits for a long search.
  /// The answer is made here too: with thousands of samples it takes longer than the loop can spare.
  func readSamples(_ id: RequestID, _ request: SamplesRequest) {
    let queries = request.keys.map {
      RingQuery(key: $0, from: request.from, to: request.to, limit: request.limit)
    }
    search(id, request, queries, place: 0)
  }

  private func search(
    _ id: RequestID, _ request: SamplesRequest, _ queries: [RingQuery], place: Int
  ) {
    submit { [self] files, mailbox in
      var queries = queries
      var place = place
      do throws(SystemError) {
        if place < queries.count, try files.ring.advance(&queries[place]) { place += 1 }
      } catch {
        mailbox.post(.samplesRead(id, body: [], problem: "\(error)"))
        return
      }
      if place >= queries.count {
        let found = zip(request.keys, queries).map { (probe: $0.probe, samples: $1.samples) }
        mailbox.post(.samplesRead(id, body: samplesBody(request, found), problem: nil))
      } else {
        search(id, request, queries, place: place)
      }
    } onRefusal: { mailbox in
      mailbox.post(
        .samplesRead(id, body: [], problem: "the disk is too slow: its queue is full"))
    }
  }

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

  /// Runs what waits to its end and joins the thread.
  func stopAndWait() { worker.stopAndWait() }

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
