import Base
import Catalogue
import Glibc
import Model
import Testing
import Wire

struct NoSuchFile: Error, CustomStringConvertible {
  var description: String { "No such file or directory" }
}

/// Files in memory; a directory is what their names share.
func memory(_ files: [String: String]) -> FileAccess {
  FileAccess(
    read: { path in
      guard let text = files[path] else { throw NoSuchFile() }
      return Array(text.utf8)
    },
    list: { directory in
      let inside = files.keys.filter {
        $0.hasPrefix(directory + "/") && !$0.dropFirst(directory.count + 1).contains("/")
          && $0.hasSuffix(".json5")
      }
      guard !inside.isEmpty || directory == "empty" else { throw NoSuchFile() }
      return inside.map { String($0.dropFirst(directory.count + 1)) }.sorted()
    },
    secret: { name, _ in .success(Secret(name: name, bytes: Array("secret-\(name)".utf8))) })
}

/// Three provinces, so that "all" is short.
let threeProvinces = """
  [
    { code: "01", slug: "ha-noi", name_en: "Hanoi", name_vi: "Hà Nội", agency_code: "H26" },
    { code: "24", slug: "bac-ninh", name_en: "Bac Ninh", name_vi: "Bắc Ninh", agency_code: "H05" },
    { code: "46", slug: "hue", name_en: "Hue", name_vi: "Huế", agency_code: "H57" },
  ]
  """

/// The smallest service that is complete, a key a line.
let plainService: [(key: String, line: String)] = [
  ("service", #"service: "civil-registry","#),
  ("system", #"system: "civil-registry","#),
  ("owner", #"owner: "moj","#),
  ("consumers", #"consumers: "provinces","#),
  ("probes", #"probes: [{ kind: "http", request: { url: "http://127.0.0.1/x" } }],"#),
]

/// An object of such lines, one of them replaced or added, and the number of that line.
func object(
  _ lines: [(key: String, line: String)], _ key: String, _ text: String
) -> (text: String, line: Int) {
  var lines = lines
  let place = lines.firstIndex { $0.key == key } ?? lines.count
  if place == lines.count { lines.append((key, text)) } else { lines[place].line = text }
  return ("{\n" + lines.map { "  \($0.line)\n" }.joined() + "}\n", place + 2)
}

/// Loads one service of the three provinces.
func load(_ service: String) -> (links: [Link]?, complaints: Complaints) {
  loadCatalogue(
    ["services"],
    memory([
      "services/a.json5": service, "services/ca.pem": "", "provinces.json": threeProvinces,
    ]))
}

/// The text of a key, and what is expected of reading it: nothing wrong where `at` is nil, otherwise
/// one complaint that points at the text `at`.
struct KeyCase: Sendable, CustomTestStringConvertible {
  var key: String
  var text: String
  var at: String?
  var path: String
  var says: String

  static func good(_ key: String, _ text: String) -> KeyCase {
    KeyCase(key: key, text: text, at: nil, path: "", says: "")
  }
  static func bad(
    _ key: String, _ text: String, at: String, _ path: String, _ says: String
  ) -> KeyCase {
    KeyCase(key: key, text: text, at: at, path: path, says: says)
  }

  var testDescription: String { text }

  /// Compares what was complained of with what should have been.
  func expect(_ complaints: Complaints, file: String, line: Int) {
    guard let at else {
      #expect(complaints.list.map(\.description) == [])
      return
    }
    #expect(complaints.list.count == 1, "\(complaints.list.map(\.description))")
    guard let complaint = complaints.list.first else { return }
    let column = text.range(of: at).map { 3 + $0 }
    #expect(complaint.file == file)
    #expect(complaint.position.line == line)
    #expect(complaint.position.column == column, "\(complaint)")
    #expect(complaint.keyPath == path)
    #expect(complaint.message.contains(says), "\(complaint)")
  }
}

extension String {
  /// How many characters stand before the first place of a text.
  func range(of text: String) -> Int? {
    let own = Array(unicodeScalars)
    let other = Array(text.unicodeScalars)
    guard own.count >= other.count else { return nil }
    return (0...(own.count - other.count)).first {
      Array(own[$0..<($0 + other.count)]) == other
    }
  }
}

// MARK: - The files of the project

/// The top of the project, from the place of this file.
let projectDirectory: String = {
  var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
  parts.removeLast(3)
  return parts.joined(separator: "/")
}()

/// Reads files below the top of the project, from the disk.
let project = FileAccess(
  read: { path in
    guard let file = fopen("\(projectDirectory)/\(path)", "r") else { throw NoSuchFile() }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&part, 1, part.count, file)
      if count == 0 { return bytes }
      bytes += part[..<count]
    }
  },
  list: { path in
    guard let directory = opendir("\(projectDirectory)/\(path)") else { throw NoSuchFile() }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".json5") { names.append(name) }
    }
    return names.sorted()
  })
