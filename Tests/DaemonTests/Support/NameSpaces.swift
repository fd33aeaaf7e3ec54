import Base
import Glibc
import Host

/// Network name spaces of a test's own. Their names hold in the mount name space of one holding process
/// alone: they are gone with it and with what runs in them, however the test ends, and two tests cannot
/// be in each other's way. Needs root.
final class NameSpaces {
  private let place: Workplace
  private let holder: ChildProcess

  /// `script`: lines of sh that lay the cables, once the name spaces are there.
  init(_ names: [String], files: [String: String], script: String) throws {
    place = try Workplace()
    let path = place.path
    for (name, text) in files { try place.write(name, text) }
    let file = try place.write(
      "script",
      """
      set -e
      cd \(path)
      mount -t tmpfs none /run
      for name in \(names.joined(separator: " ")); do
        ip netns add $name
        ip -n $name link set lo up
      done
      \(script)
      touch ready
      # The end of a test is its end; this bound is for one that is killed.
      exec sleep 900

      """)
    try requirePrograms([
      ("unshare", "util-linux"), ("nsenter", "util-linux"), ("ip", "iproute2"),
    ])
    holder = try ChildProcess(
      ["unshare", "--mount", "--propagation", "private", "sh", file], output: "\(path)/output")
    try eventually("the name spaces are there", within: .seconds(60)) { [holder, place] in
      if let end = holder.poll() {
        throw HarnessError("name spaces: \(end) \(holder.output)")
      }
      return place.read("ready") != nil
    }
  }

  private var within: [String] { ["nsenter", "--mount=/proc/\(holder.pid)/ns/mnt"] }

  /// The words before a program's own that start it in a name space.
  func words(_ name: String) -> [String] { within + ["ip", "netns", "exec", name] }

  /// Runs `ip` in a name space, once for each line.
  func ip(_ name: String, _ lines: String...) throws {
    for line in lines { try run(name, line.split(separator: " ").map(String.init)) }
  }

  /// Runs `ip` in a name space on all lines of one of the files.
  func batch(_ name: String, _ file: String) throws {
    try run(name, ["-batch", "\(place.path)/\(file)"])
  }

  private func run(_ name: String, _ words: [String]) throws {
    let done = try ChildProcess.run(within + ["ip", "-n", name] + words)
    guard done.end == .exited(0) else {
      throw HarnessError("ip \(words.joined(separator: " ")): \(done.output)")
    }
  }
}

/// Throws with the name of the Debian package of the first program that is not there.
func requirePrograms(_ programs: [(name: String, package: String)]) throws {
  let directories = (environment("PATH") ?? "").split(separator: ":")
  for program in programs
  where !directories.contains(where: { access("\($0)/\(program.name)", X_OK) == 0 }) {
    throw HarnessError("no \(program.name): install the Debian package \(program.package)")
  }
}
