import Base
import Glibc
import Model

/// A directory of its own for each test, removed with its owner.
final class ScratchDirectory {
  let path: String

  init() {
    var template = Array("/tmp/linkhealth-tests-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { buffer in
      String(cString: mkdtemp(buffer.baseAddress!)!)
    }
  }

  deinit { removeTree(path) }

  private func removeTree(_ path: String) {
    chmod(path, 0o700)
    for name in list(path) {
      let child = "\(path)/\(name)"
      if unlink(child) != 0 { removeTree(child) }
    }
    rmdir(path)
  }

  private func list(_ path: String) -> [String] {
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
    return names.sorted()
  }

  func names(_ name: String) -> [String] { list("\(path)/\(name)") }

  func write(_ name: String, _ text: String) {
    let file = fopen("\(path)/\(name)", "w")!
    fputs(text, file)
    fclose(file)
  }

  func read(_ name: String) -> String? {
    guard let file = fopen("\(path)/\(name)", "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return String(decoding: bytes, as: UTF8.self)
  }

  func remove(_ name: String) { unlink("\(path)/\(name)") }

  /// The permission bits; -1 if there is no such file.
  func mode(_ name: String) -> Int {
    var status = stat()
    return lstat("\(path)/\(name)", &status) == 0 ? Int(status.st_mode & 0o7777) : -1
  }

  /// When a file was written, in seconds since the epoch; -1 if there is no such file.
  func date(_ name: String) -> Int {
    var status = stat()
    return lstat("\(path)/\(name)", &status) == 0 ? status.st_mtim.tv_sec : -1
  }

  /// Dates a file, in seconds since the epoch.
  func date(_ name: String, _ seconds: Int) {
    let time = timespec(tv_sec: seconds, tv_nsec: 0)
    _ = [time, time].withUnsafeBufferPointer { times in
      utimensat(AT_FDCWD, "\(path)/\(name)", times.baseAddress!, 0)
    }
  }
}

func hostTestIncident(
  _ letter: Character = "a", _ sequence: Int = 1, resolved: Bool = false
) -> Incident {
  let opened = WallTime(milliseconds: 1_762_477_323_004)
  let updated = opened + .seconds(Int64(sequence - 1))
  return Incident(
    id: "inc-" + String(repeating: letter, count: 20), sequence: sequence, pattern: .point,
    status: resolved ? .resolved : .open, severity: .warning,
    links: [LinkID(service: "land-database", consumer: "ha-noi")], summary: "degraded",
    conditions: [], openedAt: opened, updatedAt: updated, resolvedAt: resolved ? updated : nil)
}
