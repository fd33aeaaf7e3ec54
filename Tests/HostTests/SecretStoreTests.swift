import Glibc
import Host
import Model
import Testing

@Suite("Files of secrets")
struct SecretStoreTests {
  private final class Place {
    let path: String

    init() {
      var template = Array("/tmp/linkhealth-secrets-XXXXXX".utf8CString)
      _ = mkdtemp(&template)
      path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
      for name in ["a", "b"] { unlink("\(path)/\(name)") }
      rmdir(path)
    }

    func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o600) {
      let raw = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
      _ = Glibc.write(raw, bytes, bytes.count)
      fchmod(raw, mode)
      close(raw)
    }
  }

  private let place = Place()

  private func read(_ name: String = "a") -> Result<Secret, SecretProblem> {
    SecretStore(credentials: nil, directory: place.path).read(name)
  }

  private func problem(_ result: Result<Secret, SecretProblem>) -> String {
    if case .failure(let problem) = result { problem.message } else { "none" }
  }

  @Test("a file of mode 0600 is read, without the line end at its end")
  func good() throws {
    place.write("a", Array("topsecret\n".utf8))
    #expect(try read().get().bytes == Array("topsecret".utf8))
    place.write("a", Array("two\nlines\r\n".utf8), mode: 0o400)
    #expect(try read().get().bytes == Array("two\nlines".utf8))
  }

  @Test(
    "a file that others may read is refused, whoever they are",
    arguments: [0o604, 0o640, 0o644, 0o660, 0o620, 0o602, 0o777] as [mode_t])
  func readable(_ mode: mode_t) {
    place.write("a", Array("topsecret\n".utf8), mode: mode)
    #expect(problem(read()).contains("may be read by others (mode 0\(String(mode, radix: 8)))"))
    #expect(!problem(read()).contains("topsecret"))
  }

  @Test("what the service manager hands over is its own to protect, and goes first")
  func credentials() throws {
    let other = Place()
    other.write("a", Array("from-systemd".utf8), mode: 0o644)
    place.write("a", Array("from-the-directory".utf8))
    place.write("b", Array("only-there".utf8))
    let store = SecretStore(credentials: other.path, directory: place.path)
    #expect(try store.read("a").get().bytes == Array("from-systemd".utf8))
    #expect(try store.read("b").get().bytes == Array("only-there".utf8))
  }

  @Test("missing, empty, binary and too large files are told apart")
  func wrong() {
    #expect(problem(read()).contains("no secret a in \(place.path); give it with"))
    place.write("a", Array(" \n".utf8))
    #expect(problem(read()).hasSuffix("/a is empty"))
    place.write("a", [0x41, 0xFF, 0xFE])
    #expect(problem(read()).hasSuffix("/a is not text"))
    place.write("a", Array(repeating: 0x41, count: Limits.secretBytes + 1))
    #expect(problem(read()).contains("is larger than"))
    let nowhere = SecretStore(credentials: nil, directory: nil)
    #expect(problem(nowhere.read("a")).contains("in any place"))
  }
}
