import Glibc

/// How `openssl ca` signs for the authorities of the tests, with its files in the current directory.
let authorityPolicy = """
  [ca]
  default_ca = all
  [all]
  database = index.txt
  new_certs_dir = .
  serial = serial
  default_md = sha256
  policy = any
  unique_subject = no
  copy_extensions = copy
  [any]
  commonName = supplied
  """

/// A certificate authority that nobody knows, and servers' certificates that it has signed well or
/// badly. Made once for all tests by openssl.
struct Certificates: Sendable {
  /// What is wrong with a server's certificate; raw values name its file.
  enum Kind: String, CaseIterable {
    case good
    case expired
    case notYetValid = "early"
    case wrongName = "other"
    case selfSigned = "self"
    /// Signed by another authority, which is a root as the certificate says.
    case unknownIssuer = "stranger"
  }

  private let place: Workplace

  static let shared = Result { try Certificates() }

  /// The authority's own certificate.
  var authority: String { "\(place.path)/ca.pem" }
  /// One key for all servers.
  var key: String { "\(place.path)/server.key" }

  func certificate(_ kind: Kind) -> String { "\(place.path)/\(kind.rawValue).pem" }

  private init() throws {
    place = try Workplace()
    try place.write("ca.cnf", authorityPolicy)
    try place.write("issuer", "authorityKeyIdentifier=keyid,issuer:always\n")
    try place.write("index.txt", "")
    try place.write("make", Self.script)
    let made = try ChildProcess.run(["sh", "-eu", "\(place.path)/make", place.path])
    guard made.end == .exited(0) else { throw HarnessError("openssl: \(made.output)") }
    atexit { try? Certificates.shared.get().place.remove() }
  }

  private static let script = #"""
    cd "$1"
    authority() {
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
        -subj "/CN=$2" -keyout "$1.key" -out "$1.pem"
    }
    leaf() { # file, authority, first day, last day, names
      openssl req -new -key server.key -subj "/CN=server" -addext "subjectAltName=$5" -out "$1.csr"
      openssl ca -batch -notext -config ca.cnf -cert "$2.pem" -keyfile "$2.key" -rand_serial \
        -extfile issuer \
        -startdate "$3" -enddate "$4" -in "$1.csr" -out "$1.pem"
    }
    authority ca "Test authority"
    authority stranger-ca "Another authority"
    openssl ecparam -name prime256v1 -genkey -noout -out server.key
    ours="DNS:localhost,IP:127.0.0.1,IP:::1"
    leaf good ca 20200101000000Z 20991231000000Z "$ours"
    leaf expired ca 20200101000000Z 20210101000000Z "$ours"
    leaf early ca 20900101000000Z 20991231000000Z "$ours"
    leaf other ca 20200101000000Z 20991231000000Z "DNS:other.example"
    leaf stranger stranger-ca 20200101000000Z 20991231000000Z "$ours"
    openssl req -x509 -key server.key -days 30 -subj "/CN=server" \
      -addext "subjectAltName=$ours" -out self.pem
    """#
}
