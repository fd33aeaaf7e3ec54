import ControlClient
import Glibc
import Host

/// The file that stands for the daemon's socket, asked when it could not be connected to.
struct SocketFile {
  private let path: String

  init(_ path: String) { self.path = path }

  /// What a failed connect means.
  func failure(of error: SystemError) -> ClientFailure {
    switch error.code {
    case ENOENT, ENOTDIR: .noSocket(reason: error.description)
    // A name in the abstract name space has no file that could be left behind.
    case ECONNREFUSED where path.hasPrefix("@"): .noSocket(reason: error.description)
    // A file that is no socket refuses in the same way as a socket without a listener.
    case ECONNREFUSED where !isSocket: .system(reason: "\(path) is not a socket")
    case ECONNREFUSED: .staleSocket(reason: error.description)
    case EACCES, EPERM: .notPermitted(reason: error.description, group: groupToJoin)
    default: .system(reason: error.description)
    }
  }

  private var isSocket: Bool {
    status(of: path).map { $0.st_mode & S_IFMT == S_IFSOCK } ?? false
  }

  /// The group whose members may connect: that of the socket, which one must be able to write, or
  /// of its directory, which one must be able to search. Nil where no group may.
  private var groupToJoin: String? {
    if let socket = status(of: path) {
      return socket.st_mode & S_IWGRP == 0 ? nil : groupName(socket.st_gid)
    }
    guard let directory = status(of: parent) else { return nil }
    return directory.st_mode & S_IXGRP == 0 ? nil : groupName(directory.st_gid)
  }

  private var parent: String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private func status(of path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  private func groupName(_ id: gid_t) -> String {
    var group = group()
    var found: UnsafeMutablePointer<group>?
    var buffer = [CChar](repeating: 0, count: 16 << 10)
    guard getgrgid_r(id, &group, &buffer, buffer.count, &found) == 0, found != nil else {
      return String(id)
    }
    return String(cString: group.gr_name)
  }
}
