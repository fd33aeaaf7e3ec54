import Glibc

/// A `linkhealth-sim` with its test endpoints. Must be stopped.
final class SimulatorProcess {
  let port: UInt16
  private let place: Workplace
  private let process: ChildProcess

  /// `scenario`: a file; without one only the test endpoints answer.
  init(scenario: String = "none") throws {
    place = try Workplace()
    let portFile = "\(place.path)/port"
    process = try ChildProcess(
      [Programs.simulator, "--scenario", scenario, "--seed", "1", "--port-file", portFile],
      output: "\(place.path)/output")
    port = try eventually("the simulator answers") { [process] in
      if let end = process.poll() { throw HarnessError("simulator: \(end) \(process.output)") }
      return fileText(portFile).flatMap { UInt16($0.filter(\.isNumber)) }
    }
  }

  /// The address of a test endpoint.
  func url(_ kind: String) -> String { "http://127.0.0.1:\(port)/_test/\(kind)" }

  func stop() {
    process.signal(SIGTERM)
    if (try? process.waitForEnd()) == nil { process.kill() }
  }
}
