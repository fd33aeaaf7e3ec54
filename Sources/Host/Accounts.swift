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
