import Base
import CLinux
import Glibc
import Host

/// An nginx of our own on loopback that answers every request with the same small JSON.
struct WebServer {
  /// The links are spread over so many addresses, 127.0.1.1 and up: one address has too few ports
  /// for a minute of new connections.
  static let addresses = 10
  /// Some 120 bytes, as small ministries' interfaces answer.
  private static let answer = """
    {"status":"0","message":"","data":[{"code":"01","name":"a"},{"code":"02","name":"b"}],\
    "time":"2025-01-01T00:00:00Z"}
    """

  let port: UInt16
  /// The bundle that verifies the server; nil when it speaks plain HTTP.
  let caFile: String?
  private let child: Child

  var scheme: String { caFile == nil ? "http" : "https" }

  /// Starts the server and waits until it accepts.
  init(_ workbench: Workbench, tls: Bool = false) throws {
    try self.init(workbench, certificates: tls ? Certificates(workbench) : nil)
  }

  init(_ workbench: Workbench, certificates: Certificates?) throws {
    let program = try findProgram("nginx", package: "nginx-light")
    port = try freePort()
    caFile = certificates?.caFile
    let home = "\(workbench.directory)/nginx\(certificates == nil ? "" : "-tls")"
    guard mkdir(home, 0o755) == 0 || errno == EEXIST else {
      throw SystemError.last("mkdir", home)
    }
    let file = "\(home)/nginx.conf"
    let text = Self.configuration(home: home, port: port, certificates)
    try writeFile(file, Array(text.utf8))
    child = try workbench.start(
      [program, "-e", "\(home)/error.log", "-c", file], name: "nginx")
    let port = self.port
    try workbench.wait(for: "nginx accepts on port \(port)", within: .seconds(10)) {
      accepts("127.0.1.\(Self.addresses)", port: port)
    }
  }

  func stop(_ workbench: Workbench) { workbench.stop(child) }

  private static func configuration(
    home: String, port: UInt16, _ certificates: Certificates?
  ) -> String {
    let listens = (1...addresses).map {
      "listen 127.0.1.\($0):\(port) backlog=4096\(certificates == nil ? "" : " ssl");"
    }
    let tls = certificates.map {
      """
      ssl_certificate \($0.certificate);
      ssl_certificate_key \($0.key);
      ssl_protocols TLSv1.2 TLSv1.3;
      ssl_session_tickets off;
      ssl_session_cache off;
      """
    }
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
      "\($0)_temp_path \(home)/\($0);"
    }
    return """
      daemon off;
      worker_processes 1;
      worker_rlimit_nofile 20000;
      pid \(home)/pid;
      events { worker_connections 16000; }
      http {
        access_log off;
        keepalive_timeout 75s;
        keepalive_requests 1000000000;
        \(paths.joined(separator: "\n  "))
        server {
          \(listens.joined(separator: "\n    "))
          \(tls ?? "")
          location / {
            default_type application/json;
            return 200 '\(answer)';
          }
        }
      }

      """
  }
}

/// Whether somebody listens; a refused connection costs nothing.
private func accepts(_ address: String, port: UInt16) -> Bool {
  let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  guard raw >= 0 else { return false }
  let descriptor = Descriptor(raw)
  var target = sockaddr_in()
  target.sin_family = sa_family_t(AF_INET)
  target.sin_port = port.bigEndian
  guard inet_pton(AF_INET, address, &target.sin_addr) == 1 else { return false }
  return withUnsafePointer(to: &target) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor.raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
  }
}

/// A private authority and a server certificate that it signed, made anew for each run.
struct Certificates {
  let caFile: String
  let certificate: String
  let key: String

  init(caFile: String, certificate: String, key: String) {
    self.caFile = caFile
    self.certificate = certificate
    self.key = key
  }

  init(_ workbench: Workbench) throws {
    let program = try findProgram("openssl", package: "openssl")
    let home = "\(workbench.directory)/certificates"
    guard mkdir(home, 0o700) == 0 || errno == EEXIST else {
      throw SystemError.last("mkdir", home)
    }
    caFile = "\(home)/ca.pem"
    certificate = "\(home)/server.pem"
    key = "\(home)/server.key"
    let addresses = (1...WebServer.addresses).map { "IP:127.0.1.\($0)" }.joined(separator: ",")
    try writeFile(
      "\(home)/openssl.cnf",
      Array(
        """
        [req]
        distinguished_name = name
        prompt = no
        [name]
        CN = bench.invalid
        [authority]
        basicConstraints = critical, CA:TRUE
        keyUsage = critical, keyCertSign
        subjectKeyIdentifier = hash
        [server]
        basicConstraints = critical, CA:FALSE
        extendedKeyUsage = serverAuth
        subjectAltName = \(addresses)

        """.utf8))
    let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    let common = ["-config", "\(home)/openssl.cnf", "-subj"]
    let steps = [
      [program, "req", "-x509", "-days", "2", "-extensions", "authority", "-out", caFile]
        + newKey + ["-keyout", "\(home)/ca.key"] + common + ["/CN=linkhealth-bench authority"],
      [program, "req", "-out", "\(home)/server.csr"] + newKey + ["-keyout", key] + common
        + ["/CN=bench.invalid"],
      [
        program, "x509", "-req", "-days", "2", "-in", "\(home)/server.csr", "-CA", caFile,
        "-CAkey", "\(home)/ca.key", "-CAcreateserial", "-out", certificate,
        "-extfile", "\(home)/openssl.cnf", "-extensions", "server",
      ],
    ]
    for step in steps { _ = try workbench.run(step, name: "openssl", within: .seconds(30)) }
  }
}
