/// One mistake in a file that people write: where it stands, and what was expected instead.
package struct Complaint: Sendable, Hashable {
  package var file: String
  package var position: Position
  /// The way to the value, such as `probes[0].request.url`; empty for the whole file.
  package var keyPath: String
  package var message: String
  package var kind: Kind

  package enum Kind: Sendable, Hashable {
    /// The file is wrong.
    case mistake
    /// The file may be right, but this machine does not give the secret that it names.
    case secret
    /// What is written has no effect: worth a note, and no mistake.
    case unused
  }

  package init(
    file: String, position: Position, keyPath: String, message: String, kind: Kind = .mistake
  ) {
    self.kind = kind
    self.file = file
    self.position = position
    self.keyPath = keyPath
    self.message = message
  }
}

extension Complaint: CustomStringConvertible {
  /// `file:line:column: key.path: message`.
  package var description: String {
    "\(file):\(position): \(keyPath.isEmpty ? "" : "\(keyPath): ")\(message)"
  }
}

/// The mistakes found so far, in the order they were found; a bounded list.
package struct Complaints: Sendable {
  package private(set) var list: [Complaint] = []
  /// How many came after the list was full.
  package private(set) var unlisted = 0
  private let capacity: Int

  package init(capacity: Int = 1_000) { self.capacity = capacity }

  package var isEmpty: Bool { list.isEmpty }
  /// How many there were, those included that did not fit into the list.
  package var count: Int { list.count + unlisted }
  /// Whether further complaints are only counted.
  package var isFull: Bool { list.count >= capacity }

  package mutating func add(_ complaint: Complaint) {
    if isFull { unlisted += 1 } else { list.append(complaint) }
  }

  package mutating func add(file: String, position: Position, keyPath: String, message: String) {
    add(Complaint(file: file, position: position, keyPath: keyPath, message: message))
  }

  /// Takes out those of a kind and returns them; what did not fit into the list stays counted.
  package mutating func take(_ kind: Complaint.Kind) -> [Complaint] {
    let taken = list.filter { $0.kind == kind }
    list.removeAll { $0.kind == kind }
    return taken
  }

  /// Adds what the parser found in a file.
  package mutating func add(_ errors: [JSONError], file: String) {
    for error in errors {
      add(file: file, position: error.position, keyPath: "", message: error.message)
    }
  }

  /// Sorts the list by file and place, as a reader goes through the files.
  package mutating func sort() {
    list.sort { ($0.file, $0.position.offset) < ($1.file, $1.position.offset) }
  }
}
