import Fuzzing
import Glibc

#if LIBFUZZER
  /// libFuzzer's own entry for programs that have a main (compiler-rt, FuzzerInterface.h).
  @_silgen_name("LLVMFuzzerRunDriver")
  private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
  ) -> Int32
#endif

/// Feeds bytes to one reader: `linkhealth-fuzz TARGET FILE...` once each, to see a finding again;
/// as built by `deploy/fuzz` it looks for findings with libFuzzer.
@main
enum Fuzz {
  /// libFuzzer's callback is a C function and takes no context. It is written once, before the first
  /// call, and there is one thread.
  nonisolated(unsafe) private static var target: FuzzTarget?

  static func main() {
    let words = CommandLine.arguments
    guard words.count > 1, let found = fuzzTargets.first(where: { $0.name == words[1] }) else {
      print("usage: linkhealth-fuzz TARGET FILE...")
      print("targets: \(fuzzTargets.map(\.name).joined(separator: " "))")
      exit(words.count > 1 && words[1] == "--list" ? 0 : 64)
    }
    target = found
    #if LIBFUZZER
      exit(search())
    #else
      var failed = false
      for path in words.dropFirst(2) {
        guard let bytes = contents(path) else {
          print("\(path): cannot be read")
          exit(71)
        }
        if let violation = found.violation(bytes) {
          failed = true
          print("\(path): \(violation)")
        }
      }
      exit(failed ? 1 : 0)
    #endif
  }

  #if LIBFUZZER
    private static func search() -> Int32 {
      // The driver sees the program's name and what comes behind the target.
      var count = CommandLine.argc - 1
      var arguments = CommandLine.unsafeArgv + 1
      return runDriver(&count, &arguments) { bytes, size in
        let input = Array(UnsafeBufferPointer(start: bytes, count: size))
        if let violation = Fuzz.target?.violation(input) {
          print("violation: \(violation)")
          abort()
        }
        return 0
      }
    }
  #endif

  private static func contents(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return bytes
  }
}
