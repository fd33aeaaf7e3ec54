import Testing

@testable import ControlClient

/// The manual page is written by hand; these keep it whole.
@Suite struct ManualTests {
  @Test("the manual page tells of every command", arguments: Command.allCases)
  func commands(_ command: Command) throws {
    let page = try manual()
    #expect([".B", ".BR", ".BI"].contains { page.contains("\n.TP\n\($0) \(command.rawValue)") })
  }

  @Test("the manual page tells of every option")
  func options() throws {
    let page = try manual()
    let options = commonOptions + Command.allCases.flatMap { $0.spec.options }
    for option in options {
      // troff wants its dashes escaped.
      let name = option.name.map { $0 == "-" ? "\\-" : String($0) }.joined()
      #expect(page.contains(name), "\(option.name) is missing")
    }
  }

  private func manual() throws -> String {
    String(decoding: try contents(repositoryPath("deploy/man/linkhealthctl.1")), as: UTF8.self)
  }
}
