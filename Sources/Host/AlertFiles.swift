import CLinux
import Delivery
import Glibc
import Model

/// The alert files: `open/ID.json` for each open incident, `closed/ID.json` for the newest resolved
/// ones, each written whole or not at all. Used on the disk thread, without state of its own.
package struct AlertFiles: Sendable {
  /// An incident whose file could not be written, and why.
  package struct Failure: Error, Sendable {
    package var incident: Incident
    package var error: SystemError
  }

  private static let fileMode: mode_t = 0o640
  /// Readers are members of the directories' group, which new files inherit.
  private static let directoryMode: mode_t = 0o2750
  /// Up to so many files are synced one by one; more at once with their file system.
  private static let syncedSingly = 16

  private let directory: String
  private let openDirectory: String
  private let closedDirectory: String
  private let closedLimit: Int

  /// `closedLimit` bounds the files in `closed/`; when there are more, the oldest go.
  package init(directory: String, closedLimit: Int = Limits.alertFilesClosed) {
    self.directory = directory
    openDirectory = "\(directory)/open"
    closedDirectory = "\(directory)/closed"
    self.closedLimit = closedLimit
  }

  /// Makes the directories where there are none. Directories that exist keep their modes.
  package func prepare() throws(SystemError) {
    for path in [directory, openDirectory, closedDirectory] {
      try makeDirectory(path, mode: Self.directoryMode)
    }
  }

  /// Writes the newest versions of some incidents, each at most once; files that say the same already
  /// are left as they are. A resolved one leaves `open/` only after its file in `closed/` is durable.
  /// Returns those that could not be written.
  package func apply(_ incidents: [Incident]) -> [Failure] {
    var changes = incidents.map { incident in
      Change(
        id: incident.id, isClosed: incident.status == .resolved,
        bytes: IncidentDocument.encode(incident, pretty: true))
    }
    write(&changes)
    return zip(incidents, changes).compactMap { incident, change in
      change.error.map { Failure(incident: incident, error: $0) }
    }
  }
}

// MARK: - Writing

extension AlertFiles {
  private struct Change {
    var id: String
    var isClosed: Bool
    var bytes: [UInt8]
    /// The file holds these bytes already. It was synced before it got its name.
    var isThere = false
    var error: SystemError?
  }

  private func directory(closed isClosed: Bool) -> String {
    isClosed ? closedDirectory : openDirectory
  }

  private func path(_ id: String, closed isClosed: Bool) -> String {
    "\(directory(closed: isClosed))/\(id).json"
  }

  private func write(_ changes: inout [Change]) {
    let synced = changes.count <= Self.syncedSingly
    attempt(&changes) { change throws(SystemError) in
      guard isIncidentID(change.id) else {
        throw SystemError(operation: "alert file", path: change.id, code: EINVAL)
      }
      let path = path(change.id, closed: change.isClosed)
      // A file that cannot be read is one to be replaced.
      change.isThere = (try? readWholeFile(path)) == change.bytes
      if change.isThere { return }
      try writeTemporaryFile(
        path + temporarySuffix, change.bytes, mode: Self.fileMode, synced: synced)
    }
    if !synced, changes.contains(where: { !$0.isThere }) {
      attemptOnce(&changes) { () throws(SystemError) in try syncFileSystem() }
    }
    attempt(&changes) { change throws(SystemError) in
      if change.isThere { return }
      let path = path(change.id, closed: change.isClosed)
      try renameFile(path + temporarySuffix, to: path)
      // One that was reopened is not closed any more.
      if !change.isClosed { unlink(self.path(change.id, closed: true)) }
    }
    if changes.contains(where: { $0.isClosed }) {
      attemptOnce(&changes, closed: true) { () throws(SystemError) in
        try syncDirectory(closedDirectory)
      }
      attempt(&changes) { change throws(SystemError) in
        if change.isClosed { try removeOpen(change.id) }
      }
      prune()
    }
    attemptOnce(&changes) { () throws(SystemError) in try syncDirectory(openDirectory) }
  }

  /// Does a step for each change that has not failed yet.
  private func attempt(
    _ changes: inout [Change], _ step: (inout Change) throws(SystemError) -> Void
  ) {
    for index in changes.indices where changes[index].error == nil {
      do throws(SystemError) {
        try step(&changes[index])
      } catch {
        changes[index].error = error
      }
    }
  }

  /// Does a step for all changes together; an error is that of each that has not failed yet, or of
  /// those in `closed/` alone.
  private func attemptOnce(
    _ changes: inout [Change], closed: Bool = false, _ step: () throws(SystemError) -> Void
  ) {
    do throws(SystemError) {
      try step()
    } catch {
      for index in changes.indices
      where changes[index].error == nil && (changes[index].isClosed || !closed) {
        changes[index].error = error
      }
    }
  }

  private func syncFileSystem() throws(SystemError) {
    let raw = open(openDirectory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    let descriptor = Descriptor(try checked(raw, "open", openDirectory))
    _ = try checked(lh_syncfs(descriptor.raw), "syncfs", openDirectory)
  }

  private func removeOpen(_ id: String) throws(SystemError) {
    let path = path(id, closed: false)
    if unlink(path) != 0, errno != ENOENT { throw .last("unlink", path) }
  }

  /// Removes the oldest files of `closed/` when there are too many, and some more, so that this is
  /// not to be done each time. What cannot be removed stays: nothing depends on it.
  private func prune() {
    guard let names = try? fileNames(in: closedDirectory) else { return }
    let ids = names.compactMap(incidentID(ofFile:))
    guard ids.count > closedLimit else { return }
    var aged: [(seconds: Int, nanoseconds: Int, path: String)] = []
    for id in ids {
      let path = path(id, closed: true)
      var status = stat()
      guard lstat(path, &status) == 0 else { continue }
      aged.append((status.st_mtim.tv_sec, status.st_mtim.tv_nsec, path))
    }
    aged.sort { $0 < $1 }
    for file in aged.prefix(ids.count - closedLimit + closedLimit / 20) { unlink(file.path) }
  }
}

// MARK: - After a start

extension AlertFiles {
  /// Clears up after a stop or a crash: files the ends in `resolved`, which the journal holds, and
  /// moves what is in `open/` without being known to the journal to `closed/`, with a note in it. The
  /// files of the incidents that are `open` come with the outbox's first group. Returns what was found
  /// amiss, in words; throws only if there is no looking at the directories.
  package func reconcile(
    open incidents: [Incident], resolved: [Incident]
  ) -> [String] {
    var messages: [String] = []
    removeLeftovers(in: closedDirectory, &messages)
    var present = Set<String>()
    for name in removeLeftovers(in: openDirectory, &messages) {
      if let id = incidentID(ofFile: name) {
        present.insert(id)
      } else {
        messages.append("\(openDirectory)/\(name) is no alert file and was left alone")
      }
    }
    var known = Set(incidents.map(\.id))
    var ends: [Incident] = []
    // Of an incident that ended twice, the later end counts.
    for incident in resolved.reversed() where known.insert(incident.id).inserted {
      if incident.isTold { ends.append(incident) }
    }
    for failure in apply(ends) {
      messages.append("alert file of \(failure.incident.id): \(failure.error)")
    }
    for id in present.subtracting(known).sorted() {
      do throws(SystemError) {
        try closeUnknown(id, &messages)
      } catch {
        messages.append("alert file of \(id), which the journal does not know: \(error)")
      }
    }
    return messages
  }

  /// Removes temporary files and returns the other names.
  @discardableResult
  private func removeLeftovers(
    in directory: String, _ messages: inout [String]
  ) -> [String] {
    let names: [String]
    do throws(SystemError) {
      names = try fileNames(in: directory)
    } catch {
      messages.append("\(error)")
      return []
    }
    var others: [String] = []
    for name in names {
      if name.hasSuffix(temporarySuffix) {
        let path = "\(directory)/\(name)"
        let isGone = unlink(path) == 0
        messages.append("\(path) was left by a crash" + (isGone ? " and removed" : ""))
      } else {
        others.append(name)
      }
    }
    return others
  }

  private func closeUnknown(_ id: String, _ messages: inout [String]) throws(SystemError) {
    let path = path(id, closed: false)
    if try readWholeFile(self.path(id, closed: true)) != nil {
      try removeOpen(id)
      return try syncDirectory(openDirectory)
    }
    messages.append("\(path) moved to closed/: the journal does not know this incident as open")
    guard let bytes = try readWholeFile(path), let incident = try? IncidentDocument.decode(bytes)
    else {
      try renameFile(path, to: self.path(id, closed: true))
      try syncDirectory(closedDirectory)
      return try syncDirectory(openDirectory)
    }
    let note = "moved here at a start of the daemon, whose journal did not know it as open"
    var changes = [
      Change(
        id: id, isClosed: true,
        bytes: IncidentDocument.encode(incident, pretty: true, note: note))
    ]
    write(&changes)
    if let error = changes[0].error { throw error }
  }
}

private func incidentID(ofFile name: String) -> String? {
  guard name.hasSuffix(".json") else { return nil }
  let id = String(name.dropLast(5))
  return isIncidentID(id) ? id : nil
}
