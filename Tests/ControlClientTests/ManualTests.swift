import Testing

@testable import ControlClient

/// The manual page is written by hand; these keep it whole.
@Suite struct ManualTests {
  @Test("the manual page tells of every command", arguments: Command.allCases)
  func commands(_ command: Command) throws {
    let page = try manual()
    let word = escaped(command.rawValue)
    #expect([".B", ".BR", ".BI"].contains { page.contains("\n.TP\n\($0) \(word)") })
  }

  @Test("the manual page tells of every option")
  func options() throws {
    let page = try manual()
    let options = commonOptions + Command.allCases.flatMap { $0.spec.options }
    for option in options {
      #expect(page.contains(escaped(option.name)), "\(option.name) is missing")
    }
  }

  /// troff wants its dashes escaped.
  private func escaped(_ text: String) -> String {
    text.map { $0 == "-" ? "\\-" : String($0) }.joined()
  }

  private func manual() throws -> String {
    String(decoding: try contents(repositoryPath("deploy/man/linkhealthctl.1")), as: UTF8.self)
  }
}
