/// What the application codes of a system mean, such as 108: wrong province code. Shared by all links
/// of the system.
package final class CodeTable: Sendable {
  private let meanings: [String: LocalizedName]

  package init(_ meanings: [String: LocalizedName]) { self.meanings = meanings }

  package func meaning(of code: String) -> LocalizedName? { meanings[code] }

  package var isEmpty: Bool { meanings.isEmpty }
}
