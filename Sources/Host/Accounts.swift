import Glibc

/// The number of a group; nil when there is none of that name. May ask the network: not for the loop.
package func groupID(named name: String) -> UInt32? {
  var entry = group()
  var found: UnsafeMutablePointer<group>?
  var buffer = [CChar](repeating: 0, count: 64 << 10)
  guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
    return nil
  }
  return entry.gr_gid
}

/// A user's name, or its number in text. May ask the network: not for the loop.
package func userName(_ uid: UInt32) -> String {
  var entry = passwd()
  var found: UnsafeMutablePointer<passwd>?
  var buffer = [CChar](repeating: 0, count: 16 << 10)
  guard getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0, found != nil,
    let name = entry.pw_name
  else { return "uid \(uid)" }
  return String(cString: name)
}

/// A user's name as /etc/passwd has it, without asking any name service; nil when it is not there.
package func localUserName(_ uid: UInt32) -> String? {
  guard let bytes = try? readFile("/etc/passwd", limitBytes: 1 << 20) else { return nil }
  for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
    let fields = line.split(separator: ":", omittingEmptySubsequences: false)
    if fields.count > 2, UInt32(fields[2]) == uid { return String(fields[0]) }
  }
  return nil
}
