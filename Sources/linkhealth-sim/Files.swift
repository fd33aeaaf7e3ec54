import CLinux
import Glibc
import Host
import Scenario

/// Reads a file of at most `limit` bytes.
func readFile(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
  let raw = lh_open(path, O_RDONLY, 0)
  guard raw >= 0 else { throw SystemError.last("open", path) }
  let file = Descriptor(raw)
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 64 << 10)
  while true {
    let count = read(file.raw, &chunk, chunk.count)
    guard count >= 0 else { throw SystemError.last("read", path) }
    if count == 0 { return bytes }
    bytes += chunk[..<count]
    guard bytes.count <= limit else {
      throw SystemError(operation: "read", path: path, code: EFBIG)
    }
  }
}

/// Writes a file that others find whole or not at all: under another name first, then renamed.
func writeWhole(_ text: String, to path: String) throws(SystemError) {
  let draft = "\(path).\(getpid()).tmp"
  let raw = lh_open(draft, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
  guard raw >= 0 else { throw SystemError.last("open", draft) }
  let file = Descriptor(raw)
  let bytes = Array(text.utf8)
  guard write(file.raw, bytes, bytes.count) == bytes.count else {
    throw SystemError.last("write", draft)
  }
  guard rename(draft, path) == 0 else { throw SystemError.last("rename", path) }
}

func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }

func writeError(_ text: String) {
  let bytes = Array("\(text)\n".utf8)
  _ = write(STDERR_FILENO, bytes, bytes.count)
}

func writeOutput(_ text: String) {
  let bytes = Array(text.utf8)
  var sent = 0
  while sent < bytes.count {
    let count = bytes.withUnsafeBytes {
      write(STDOUT_FILENO, $0.baseAddress! + sent, $0.count - sent)
    }
    if count <= 0 { return }
    sent += count
  }
}
