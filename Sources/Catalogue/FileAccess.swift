import Base
import Model
import Wire

/// How files are reached: handed in, so that reading a catalogue needs no operating system and can
/// run on any thread.
package struct FileAccess: Sendable {
  /// The bytes of a file; the description of an error is shown to people.
  package var read: @Sendable (String) throws -> [UInt8]
  /// The names of the `*.json5` files in a directory, sorted, without the directory.
  package var list: @Sendable (String) throws -> [String]
  /// The secret of a name, from the service manager or from a directory of secrets.
  package var secret:
    @Sendable (_ name: String, _ directory: String?) -> Result<Secret, SecretProblem>
  /// What there is to know of a program or a directory of programs; nil where there is nothing.
  package var program: @Sendable (_ path: String) -> ProgramFacts?
  /// The time, for what holds from a day on.
  package var now: @Sendable () -> WallTime

  package init(
    read: @escaping @Sendable (String) throws -> [UInt8],
    list: @escaping @Sendable (String) throws -> [String],
    secret: @escaping @Sendable (String, String?) -> Result<Secret, SecretProblem> = { name, _ in
      .failure(SecretProblem("no secret \(name): there are none here"))
    },
    program: @escaping @Sendable (String) -> ProgramFacts? = { _ in nil },
    now: @escaping @Sendable () -> WallTime = { WallTime(nanoseconds: 0) }
  ) {
    self.read = read
    self.list = list
    self.secret = secret
    self.program = program
    self.now = now
  }
}

/// A program or a directory of programs, as far as it matters for running what is there.
package struct ProgramFacts: Sendable, Hashable {
  /// The path without links and `..`.
  package var realPath: String
  package var isDirectory: Bool
  /// Whether it is a plain file that the user who asks may execute.
  package var isExecutable: Bool
  /// Whether its group or others may change it.
  package var isWritableByOthers: Bool
  /// The owner's name, where it is neither root nor the user who asks.
  package var strangeOwner: String?

  package init(
    realPath: String, isDirectory: Bool = false, isExecutable: Bool = true,
    isWritableByOthers: Bool = false, strangeOwner: String? = nil
  ) {
    self.realPath = realPath
    self.isDirectory = isDirectory
    self.isExecutable = isExecutable
    self.isWritableByOthers = isWritableByOthers
    self.strangeOwner = strangeOwner
  }
}

/// A place in a file that a complaint can point at.
struct Origin: Sendable {
  var file: String
  var position: Position
  var keyPath: String

  init(file: String, position: Position, keyPath: String) {
    self.file = file
    self.position = position
    self.keyPath = keyPath
  }

  /// A file as a whole.
  init(file: String) {
    self.init(file: file, position: Position(line: 1, column: 1, offset: 0), keyPath: "")
  }

  /// A key of an object that is being read.
  init(_ reader: FieldReader, _ key: String) {
    self.init(file: reader.file, position: reader.position(of: key), keyPath: reader.keyPath(key))
  }

  var location: SourceLocation {
    SourceLocation(file: file, line: position.line, column: position.column)
  }

  func complain(_ message: String, _ complaints: inout Complaints) {
    complaints.add(file: file, position: position, keyPath: keyPath, message: message)
  }
}

/// A file to be read, and who named it.
struct NamedPath: Sendable {
  var path: String
  var origin: Origin

  /// A file that was named on the command line.
  init(_ path: String) { self.init(path, origin: Origin(file: path)) }

  init(_ path: String, origin: Origin) {
    self.path = path
    self.origin = origin
  }

  /// Reads and parses the file; complains at its origin when it cannot be read, and in it when it
  /// cannot be parsed.
  func parse(_ access: FileAccess, _ complaints: inout Complaints) -> JSONNode? {
    let bytes: [UInt8]
    do {
      bytes = try access.read(path)
    } catch {
      origin.complain("cannot read \(path): \(printable("\(error)"))", &complaints)
      return nil
    }
    guard bytes.count <= Limits.catalogueFileBytes else {
      origin.complain(
        "\(path) is larger than \(sizeDescription(Limits.catalogueFileBytes))", &complaints)
      return nil
    }
    let (node, errors) = parseJSON(bytes, dialect: .json5, limits: .catalogue)
    complaints.add(errors, file: path)
    return node
  }
}

/// The directory part of a path; `.` for a bare name.
package func directory(of path: String) -> String {
  var trimmed = path[...]
  while trimmed.utf8.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
  guard let slash = trimmed.lastIndex(of: "/") else { return "." }
  return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
}

/// A path as seen from a directory.
package func resolve(_ path: String, from directory: String) -> String {
  if path.hasPrefix("/") || directory == "." { return path }
  if path == "." { return directory }
  return directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)"
}

/// Whether a path names a file rather than a directory, as far as its spelling tells.
func namesFile(_ path: String) -> Bool { path.hasSuffix(".json5") || path.hasSuffix(".json") }

/// The directory that holds a directory.
func directoryAbove(_ path: String) -> String {
  path == "." || path.hasSuffix("..") ? resolve("..", from: path) : directory(of: path)
}
