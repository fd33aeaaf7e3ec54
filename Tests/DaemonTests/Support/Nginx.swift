import Glibc

/// An nginx of a test's own, all its files in a directory of its own. Must be stopped.
final class Nginx {
  let port: UInt16
  private let place: Workplace
  private let process: ChildProcess

  /// One server on a free port of 127.0.0.1. `listen` is added to its `listen`, such as `ssl http2`;
  /// `server` is what stands in its block. `prefix`: words before the program's own, such as those that
  /// put it into another network.
  init(
    listen: String = "", address: String = "127.0.0.1", port fixed: UInt16? = nil,
    connections: Int = 64, prefix: [String] = [], _ server: String
  ) throws {
    place = try Workplace()
    port = try fixed ?? freePort()
    let path = place.path
    try place.write(
      "nginx.conf",
      """
      daemon off;
      master_process off;
      pid \(path)/pid;
      error_log \(path)/errors;
      events { worker_connections \(connections); }
      http {
        access_log off;
        client_body_temp_path \(path)/client;
        proxy_temp_path \(path)/proxy;
        fastcgi_temp_path \(path)/fastcgi;
        uwsgi_temp_path \(path)/uwsgi;
        scgi_temp_path \(path)/scgi;
        server {
          listen \(address):\(port) \(listen);
          \(server)
        }
      }
      """)
    process = try ChildProcess(
      prefix + ["nginx", "-e", "\(path)/errors", "-c", "\(path)/nginx.conf"],
      output: "\(path)/output")
    let pidFile = "\(path)/pid"
    try eventually("nginx runs") { [process, place] in
      if let end = process.poll() {
        throw HarnessError("nginx: \(end) \(process.output) \(place.read("errors") ?? "")")
      }
      return fileText(pidFile)?.isEmpty == false
    }
  }

  /// An HTTPS server that answers every request with its HTTP version.
  static func https(
    _ kind: Certificates.Kind = .good, listen: String = "ssl", address: String = "127.0.0.1",
    _ more: String = ""
  ) throws -> Nginx {
    let certificates = try Certificates.shared.get()
    return try Nginx(
      listen: listen, address: address,
      """
      ssl_certificate \(certificates.certificate(kind));
      ssl_certificate_key \(certificates.key);
      \(more)
      location / { return 200 "spoken: $server_protocol\\n"; }
      """)
  }

  func stop() {
    process.signal(SIGTERM)
    if (try? process.waitForEnd()) == nil { process.kill() }
  }
}
