import Glibc
import Testing

/// The directory with the daemon's answers and the screens that must come of them.
let goldenDirectory = repositoryPath("Tests/Golden/ctl")

/// A path within the sources that these tests were built from.
func repositoryPath(_ path: String) -> String {
  let parts = #filePath.split(separator: "/").dropLast(3)
  return "/" + parts.joined(separator: "/") + "/" + path
}

func contents(_ path: String) throws -> [UInt8] {
  guard let file = fopen(path, "r") else {
    throw MissingFile(path: path)
  }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 64 << 10)
  while true {
    let count = fread(&chunk, 1, chunk.count, file)
    if count == 0 { return bytes }
    bytes += chunk[..<count]
  }
}

struct MissingFile: Error { var path: String }

/// Compares a screen with the one kept under a name; `UPDATE_GOLDEN=1` keeps the new one.
func expectGolden(
  _ screen: [UInt8], _ name: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let path = "\(goldenDirectory)/\(name).txt"
  if getenv("UPDATE_GOLDEN") != nil {
    let file = try #require(fopen(path, "w"))
    _ = fwrite(screen, 1, screen.count, file)
    try #require(fclose(file) == 0)
    return
  }
  let expected = String(decoding: try contents(path), as: UTF8.self)
  #expect(
    String(decoding: screen, as: UTF8.self) == expected,
    "differs from \(name).txt; UPDATE_GOLDEN=1 rewrites it", sourceLocation: sourceLocation)
}
