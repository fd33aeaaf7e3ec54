import CLinux
import Glibc
import Host

/// Writes a file that only we may read.
func writeFile(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
  let raw = lh_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  guard raw >= 0 else { throw SystemError.last("open", path) }
  let file = Descriptor(raw)
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(file.raw, $0.baseAddress, $0.count) }
    guard count > 0 else { throw SystemError.last("write", path) }
    rest = rest.dropFirst(count)
  }
}

/// The first bytes of a file, as many as 1 MiB.
func readFile(_ path: String) throws(SystemError) -> [UInt8] {
  let raw = lh_open(path, O_RDONLY, 0)
  guard raw >= 0 else { throw SystemError.last("open", path) }
  let file = Descriptor(raw)
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 64 << 10)
  while bytes.count < 1 << 20 {
    let count = read(file.raw, &chunk, chunk.count)
    guard count >= 0 else { throw SystemError.last("read", path) }
    if count == 0 { break }
    bytes += chunk[..<count]
  }
  return bytes
}

/// The last lines of a log, for a message that says why a program failed.
func lastLines(of path: String, count: Int = 8) -> String {
  guard let bytes = try? readFile(path) else { return "" }
  let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  return lines.suffix(count).joined(separator: "\n")
}

/// A new directory that only we may use, under TMPDIR or /tmp.
func makeTemporaryDirectory() throws(SystemError) -> String {
  let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
  var template = Array("\(parent)/linkhealth-bench.XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp", parent) }
  return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Removes a directory and what is in it, as far as that can be removed; links are not followed.
func removeTree(_ path: String) {
  for name in names(in: path) {
    let entry = "\(path)/\(name)"
    var status = stat()
    if lstat(entry, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      removeTree(entry)
    } else {
      unlink(entry)
    }
  }
  rmdir(path)
}

/// The names in a directory, in no order; none where it cannot be read.
func names(in path: String) -> [String] {
  guard let directory = opendir(path) else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
        String(cString: $0)
      }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names
}

/// Where a program is: in PATH, or where Debian keeps those of administrators.
func findProgram(_ name: String, package: String) throws(BenchError) -> String {
  let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
  let found = programPlaces(name, path: path).first { access($0, X_OK) == 0 }
  guard let found else {
    throw .failed("\(name) is missing; on Debian: apt-get install \(package)")
  }
  return found
}

func programPlaces(_ name: String, path: String) -> [String] {
  let directories: [Substring] = path.split(separator: ":") + ["/usr/sbin", "/sbin"]
  return directories.map { "\($0)/\(name)" }
}

/// A program of this package, built beside this one.
func ownProgram(_ name: String) throws(BenchError) -> String {
  var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
  let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
  guard count > 0 else { throw .failed("/proc/self/exe cannot be read") }
  let own = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  let directory = own[..<(own.lastIndex(of: "/") ?? own.startIndex)]
  let program = "\(directory)/\(name)"
  guard access(program, X_OK) == 0 else {
    throw .failed("\(program) is missing; build it: deploy/build")
  }
  return program
}

/// A loopback port that nobody used a moment ago.
func freePort() throws(SystemError) -> UInt16 {
  let raw = lh_tcp_listen("127.0.0.1", 0, 1)
  guard raw >= 0 else { throw SystemError.last("listen", "127.0.0.1") }
  let listener = Descriptor(raw)
  return lh_local_port(listener.raw)
}
