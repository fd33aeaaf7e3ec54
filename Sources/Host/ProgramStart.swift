import Base
import CLinux
import Glibc
import Probes

/// A program that has just been started, with the numbers of its descriptors: whoever takes it closes
/// them.
struct StartedProgram: Sendable {
  var pid: Int32
  var process: Int32
  var output: Int32
  var errors: Int32
  var began: Instant

  func closeAll() {
    for descriptor in [process, output, errors] { close(descriptor) }
  }
}

/// Why a program was not started.
enum StartFailure: Error, Sendable {
  case noRoom
  case refused(String)
}

/// Starts a program. It waits for the disk, and for as long as the kernel takes to load the program.
func startProgram(_ spawn: Spawn) throws(StartFailure) -> StartedProgram {
  let output = try Pipe()
  let errors = try Pipe()
  let began = Clock.instant
  var pid: Int32 = 0
  let code = withCStrings([spawn.program] + spawn.arguments) { arguments in
    withCStrings(spawn.environment) { environment in
      lh_spawn(
        spawn.program, arguments, environment, output.writing.raw, errors.writing.raw, &pid)
    }
  }
  guard code == 0 else { throw startFailure(spawn.program, code) }
  let process = lh_pidfd_open(pid)
  guard process >= 0 else {
    // It has not been told to anybody yet: nobody else reaps it.
    kill(-pid, SIGKILL)
    waitpid(pid, nil, 0)
    throw .noRoom
  }
  return StartedProgram(
    pid: pid, process: process, output: output.reading.release(),
    errors: errors.reading.release(), began: began)
}

/// Both ends of a pipe.
private struct Pipe: ~Copyable {
  var reading: Descriptor
  var writing: Descriptor

  init() throws(StartFailure) {
    var ends: (reading: Int32, writing: Int32) = (-1, -1)
    guard lh_pipe(&ends.reading, &ends.writing) == 0 else { throw .noRoom }
    reading = Descriptor(ends.reading)
    writing = Descriptor(ends.writing)
  }
}

private func startFailure(_ path: String, _ code: Int32) -> StartFailure {
  let reason = SystemError(operation: "", code: code).reason
  switch code {
  case EAGAIN, ENOMEM, EMFILE, ENFILE: return .noRoom
  case ENOENT where access(path, F_OK) == 0:
    return .refused("the interpreter that its first line names is not there: \(reason)")
  case ENOEXEC:
    return .refused(
      "neither a program of this machine nor a script that begins with #!: \(reason)")
  default: return .refused(reason)
  }
}

/// Calls with an array of C strings that ends in a null pointer.
private func withCStrings<Result>(
  _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  var copies: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  copies.append(nil)
  return body(copies)
}
