import Testing

@testable import Scenario

@Suite struct SimulatorOptionsTests {
  @Test("every option is read, with its value behind it or after an equals sign")
  func all() throws {
    let options = try SimulatorOptions([
      "--scenario", "s.json5", "--provinces=p.json", "--listen", "127.1.2.3:80", "--port-file=f",
      "--seed", "7", "--speed=2.5", "--connections", "10",
    ])
    #expect(options.scenarioFiles == ["s.json5"] && options.provincesFile == "p.json")
    #expect(options.address == "127.1.2.3" && options.port == 80 && options.portFile == "f")
    #expect(options.seed == 7 && options.speed == 2.5 && options.connections == 10)
    #expect(options.action == .serve)
  }

  @Test("several scenarios are kept in their order, none is none, and none of them is the usual")
  func scenarios() throws {
    let two = try SimulatorOptions(["--scenario", "b.json5", "--scenario=a.json5"])
    #expect(two.scenarioFiles == ["b.json5", "a.json5"])
    #expect(try SimulatorOptions(["--scenario", "none"]).scenarioFiles == [])
    #expect(try SimulatorOptions([]).scenarioFiles == nil)
  }

  @Test("expected states are asked for by service")
  func expected() throws {
    let options = try SimulatorOptions(["--expected", "--wrong", "--services", "a,b"])
    #expect(options.action == .expected && options.onlyWrong && options.services == ["a", "b"])
  }

  @Test(
    "only loopback is listened on",
    arguments: [
      "0.0.0.0:80", "192.168.0.1:80", "[::]:80", "localhost:80", "127.0.0.1", "127.0.0.1:",
      "127.0.0.1:70000", "127.0.0:80", "127.0.0.256:80", "127.0.0.1.example:80", "",
    ])
  func loopback(address: String) {
    #expect(throws: SimulatorOptions.Misuse.self) { try SimulatorOptions(["--listen", address]) }
  }

  @Test("the loopback of IPv6 is one too")
  func loopback6() throws {
    let options = try SimulatorOptions(["--listen", "[::1]:0"])
    #expect(options.address == "::1" && options.port == 0)
  }

  @Test(
    "arguments that cannot be meant are refused",
    arguments: [
      ["--seed"], ["--seed", "-1"], ["--speed", "0"], ["--speed", "fast"], ["--connections", "0"],
      ["--oops", "1"], ["--help=1"], ["--wrong"], ["--services", "a"], ["file"],
      ["--scenario", "none", "--scenario", "a"], ["--scenario", "a", "--scenario", "none"],
    ])
  func misuse(arguments: [String]) {
    #expect(throws: SimulatorOptions.Misuse.self) { try SimulatorOptions(arguments) }
  }

  @Test("the help names every test endpoint")
  func help() {
    for (endpoint, summary) in TestEndpoints.help {
      #expect(SimulatorOptions.help.contains("    \(endpoint) "))
      #expect(SimulatorOptions.help.contains(summary))
    }
  }
}
