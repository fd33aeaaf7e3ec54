import Base
import CLinux
import Glibc
import Model

/// Where secrets come from: systemd's credentials directory, or a directory of files that nobody
/// else may read.
package struct SecretStore: Sendable {
  private let directories: [(path: String, isSystemd: Bool)]

  /// `credentials`: what the service manager has put into `$CREDENTIALS_DIRECTORY`.
  package init(credentials: String?, directory: String?) {
    var list: [(path: String, isSystemd: Bool)] = []
    if let credentials, !credentials.isEmpty { list.append((credentials, true)) }
    if let directory { list.append((directory, false)) }
    directories = list
  }

  /// The secret of a name, without the line end at its end.
  package func read(_ name: String) -> Result<Secret, SecretProblem> {
    do throws(SecretProblem) {
      for (directory, isSystemd) in directories {
        let path = "\(directory)/\(name)"
        guard let bytes = try readSecret(path, isSystemd: isSystemd) else { continue }
        return .success(Secret(name: name, bytes: bytes))
      }
    } catch {
      return .failure(error)
    }
    let places = directories.map(\.path).joined(separator: " and ")
    return .failure(
      SecretProblem(
        "no secret \(name) in \(places.isEmpty ? "any place" : places); give it with systemd's "
          + "LoadCredential=\(name):FILE, or as a file of mode 0600 in the directory that "
          + "\"secrets\" names"))
  }
}

/// Nil when there is no such file.
private func readSecret(_ path: String, isSystemd: Bool) throws(SecretProblem) -> [UInt8]? {
  let raw = lh_open(path, O_RDONLY | O_NONBLOCK, 0)
  guard raw >= 0 else {
    if errno == ENOENT { return nil }
    throw SecretProblem("\(SystemError.last("open", path))")
  }
  let descriptor = Descriptor(raw)
  // Asked of the open file: another may stand at the path by now.
  var info = stat()
  guard fstat(descriptor.raw, &info) == 0 else {
    throw SecretProblem("\(SystemError.last("stat", path))")
  }
  guard info.st_mode & S_IFMT == S_IFREG else { throw SecretProblem("\(path) is not a file") }
  // The service manager's are in a directory of ours alone.
  guard isSystemd || info.st_mode & 0o077 == 0 else {
    throw SecretProblem(
      "\(path) may be read by others (mode \(octal(info.st_mode & 0o777))); make its mode 0600")
  }
  let bytes = try readAll(descriptor, path)
  guard let text = String(validating: bytes, as: UTF8.self) else {
    throw SecretProblem("\(path) is not text")
  }
  if text.allSatisfy(\.isWhitespace) { throw SecretProblem("\(path) is empty") }
  let end = bytes.lastIndex { $0 != 0x0A && $0 != 0x0D } ?? bytes.endIndex
  return Array(bytes[...end])
}

private func readAll(
  _ descriptor: borrowing Descriptor, _ path: String
) throws(SecretProblem) -> [UInt8] {
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 16 << 10)
  while true {
    let count = read(descriptor.raw, &buffer, buffer.count)
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { throw SecretProblem("\(SystemError.last("read", path))") }
    if count == 0 { return bytes }
    bytes += buffer.prefix(count)
    if bytes.count > Limits.secretBytes {
      throw SecretProblem("\(path) is larger than \(Limits.secretBytes) bytes")
    }
  }
}

private func octal(_ mode: mode_t) -> String {
  let digits = String(mode, radix: 8)
  return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
