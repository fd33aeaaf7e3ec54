import Glibc
import Host

/// How much has been written: by this process, and to the device that holds a directory.
struct DiskCounters {
  /// What this process caused to be sent to the disk (proc_pid_io(5), `write_bytes`).
  var processBytes: Double
  /// What the device took from everybody; nil where the directory is on none that the kernel counts.
  var deviceBytes: Double?

  init(directory: String) throws {
    let text = String(decoding: try readFile("/proc/self/io"), as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("write_bytes:") }
    guard let bytes = line?.split(separator: " ").last.flatMap({ Double($0) }) else {
      throw BenchError.failed("/proc/self/io does not tell what was written")
    }
    processBytes = bytes
    deviceBytes = Self.deviceBytes(directory)
  }

  /// The sectors written, of 512 bytes each (Documentation/block/stat.rst of the kernel).
  private static func deviceBytes(_ directory: String) -> Double? {
    var status = stat()
    guard stat(directory, &status) == 0 else { return nil }
    let device = UInt64(status.st_dev)
    let major = (device >> 8 & 0xFFF) | (device >> 32 & ~0xFFF)
    let minor = (device & 0xFF) | (device >> 12 & ~0xFF)
    guard let bytes = try? readFile("/sys/dev/block/\(major):\(minor)/stat") else { return nil }
    let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    return fields.count > 6 ? Double(fields[6]).map { $0 * 512 } : nil
  }

  /// What has been written since, per byte of so many.
  func ratios(since start: DiskCounters, bytes: Double) -> (process: Double, device: Double?) {
    let device = deviceBytes.flatMap { now in start.deviceBytes.map { (now - $0) / bytes } }
    return ((processBytes - start.processBytes) / bytes, device)
  }
}

/// Free room where a directory is, in bytes.
func freeBytes(_ directory: String) -> Int {
  var status = statvfs()
  guard statvfs(directory, &status) == 0 else { return 0 }
  return Int(status.f_bavail) * Int(status.f_frsize)
}

/// What the files of a directory take on the disk, those in its directories too.
func takenBytes(_ path: String) -> Int {
  filePaths(path).reduce(0) { sum, file in
    var status = stat()
    return lstat(file, &status) == 0 ? sum + Int(status.st_blocks) * 512 : sum
  }
}

/// Has the kernel forget what it keeps in memory of the files of a directory.
func dropFromMemory(_ path: String) {
  sync()
  for file in filePaths(path) {
    let raw = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard raw >= 0 else { continue }
    _ = posix_fadvise(raw, 0, 0, POSIX_FADV_DONTNEED)
    close(raw)
  }
}

private func filePaths(_ path: String) -> [String] {
  names(in: path).flatMap { name -> [String] in
    let entry = "\(path)/\(name)"
    var status = stat()
    guard lstat(entry, &status) == 0 else { return [] }
    return status.st_mode & S_IFMT == S_IFDIR ? filePaths(entry) : [entry]
  }
}
