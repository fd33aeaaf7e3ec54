/// One mistake in a file that people write: where it stands, and what was expected instead.
package struct Complaint: Sendable, Hashable {
  package var file: String
  package var position: Position
  /// The way to the value, such as `probes[0].request.url`; empty for the whole file.
  package var keyPath: String
  package var message: String

  package init(file: String, position: Position, keyPath: String, message: String) {
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
  /// Whether further complaints are only counted.
  package var isFull: Bool { list.count >= capacity }

  package mutating func add(_ complaint: Complaint) {
    if isFull { unlisted += 1 } else { list.append(complaint) }
  }

  package mutating func add(file: String, position: Position, keyPath: String, message: String) {
    add(Complaint(file: file, position: position, keyPath: keyPath, message: message))
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
