import Base
import Glibc
import Host

/// Chains of certificates, good ones and all sorts of bad ones, under authorities that nobody knows. Made
/// once for all tests by openssl.
struct Chains: Sendable {
  private let place: Workplace

  static let shared = Result { try Chains() }

  /// A file of the directory, by its name: `ca.pem`.
  func file(_ name: String) -> String { "\(place.path)/\(name)" }

  private init() throws {
    place = try Workplace()
    try place.write("ca.cnf", authorityPolicy)
    try place.write("ids", "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
    try place.write(
      "issuer", "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid,issuer:always\n")
    try place.write("index.txt", "")
    try place.write("make", Self.script)
    let made = try ChildProcess.run(["sh", "-eu", "\(place.path)/make", place.path])
    guard made.end == .exited(0) else {
      throw HarnessError("openssl (Debian's package openssl): \(made.output)")
    }
    atexit { try? Chains.shared.get().place.remove() }
  }

  private static let script = #"""
    cd "$1"
    always="-startdate 20200101000000Z -enddate 20991231000000Z"
    past="-startdate 20200101000000Z -enddate 20210101000000Z"
    future="-startdate 20900101000000Z -enddate 20991231000000Z"
    ours="subjectAltName=DNS:localhost,IP:127.0.0.1,DNS:server.example"

    root() { # name, subject
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3000 \
        -subj "/CN=$2" -keyout "$1.key" -out "$1.pem"
    }
    sign() { # name, key, subject, extension, authority, its key, further extensions, times
      openssl req -new -key "$2.key" -subj "/CN=$3" -addext "$4" -out "$1.csr"
      openssl ca -batch -notext -config ca.cnf -cert "$5.pem" -keyfile "$6.key" -rand_serial \
        -extfile "$7" $8 -in "$1.csr" -out "$1.pem"
    }
    intermediate() { # name, subject, times
      sign "$1" between "$2" "basicConstraints=critical,CA:TRUE" ca ca ids "$3"
    }

    root ca "Test root"
    root other-ca "Another root"
    openssl genrsa -out rsa.key 2048
    openssl genrsa -out weak.key 1024
    openssl ecparam -name prime256v1 -genkey -noout -out ec.key
    openssl ecparam -name prime256v1 -genkey -noout -out between.key
    openssl genpkey -algorithm ed25519 -out ed.key
    intermediate between "Between" "$always"
    intermediate old-between "Old between" "$past"
    intermediate early-between "Early between" "$future"
    intermediate soon-between "Soon between" "-days 5"

    sign rsa rsa server "$ours" ca ca ids "$always"
    sign ec ec server "$ours" ca ca ids "$always"
    sign weak weak server "$ours" ca ca ids "$always"
    sign expired ec server "$ours" ca ca ids "$past"
    sign early ec server "$ours" ca ca ids "$future"
    sign soon ec server "$ours" ca ca ids "-days 10"
    sign other ec server "subjectAltName=DNS:other.example" ca ca ids "$always"
    sign stranger ec server "$ours" other-ca other-ca issuer "$always"
    sign below ec server "$ours" between between ids "$always"
    sign below-old ec server "$ours" old-between between ids "$always"
    sign below-early ec server "$ours" early-between between ids "$always"
    sign below-soon ec server "$ours" soon-between between ids "$always"
    openssl req -x509 -key ec.key -days 30 -subj "/CN=server" -addext "$ours" -out self.pem
    openssl req -x509 -key ed.key -days 30 -subj "/CN=ed" -addext "$ours" -out ed.pem
    cat between.pem ca.pem > between-and-root.pem
    cat ca.pem between.pem > root-and-between.pem
    """#
}

/// An `openssl s_server` of a test's own, which answers every request by a page. Must be stopped.
final class OpenSSLServer {
  let port: UInt16
  private let place: Workplace
  private let process: ChildProcess

  /// `more` is added to its words, such as `-tls1_1`.
  init(certificate: String, key: String, chain: String? = nil, _ more: [String] = []) throws {
    let files = try Chains.shared.get()
    place = try Workplace()
    port = try freePort()
    var words = [
      "openssl", "s_server", "-www", "-accept", "127.0.0.1:\(port)",
      "-cert", files.file("\(certificate).pem"), "-key", files.file("\(key).key"),
    ]
    if let chain { words += ["-cert_chain", files.file("\(chain).pem")] }
    process = try ChildProcess(words + more, output: "\(place.path)/output")
    try eventually("openssl s_server listens") { [process] in
      if let end = process.poll() {
        throw HarnessError("openssl s_server (package openssl): \(end) \(process.output)")
      }
      return process.output.contains("ACCEPT")
    }
  }

  func stop() { process.kill() }
}
