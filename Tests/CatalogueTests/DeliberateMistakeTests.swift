import Base
import Catalogue
import Testing
import Wire

@Suite("Deliberate mistakes in the shipped files")
struct DeliberateMistakeTests {
  private static let seed: UInt64 = 20_251_107
  private static let configuration = "probes/linkhealth.example.json5"

  /// So many of all that can be made, of each kind alike as far as there are any.
  private static func chosen(_ count: Int) throws -> [DeliberateMistake] {
    var paths = try project.list("probes/systems").map { "probes/systems/\($0)" }
    paths += [configuration, "probes/endpoints.example.json5", "probes/organisations.json5"]
    var random = SeededGenerator(seed: seed)
    var byKind: [[DeliberateMistake]] = DeliberateMistake.Kind.allCases.map { _ in [] }
    for path in paths {
      for mistake in try #require(MistakeMaker(path, try project.read(path))).mistakes {
        let kind = DeliberateMistake.Kind.allCases.firstIndex(of: mistake.kind) ?? 0
        byKind[kind].append(mistake)
      }
    }
    var chosen: [DeliberateMistake] = []
    for kind in byKind.indices {
      let share = (count - chosen.count) / (byKind.count - kind)
      for _ in 0..<min(share, byKind[kind].count) {
        let place = Int(random.next() % UInt64(byKind[kind].count))
        chosen.append(byKind[kind].remove(at: place))
      }
    }
    while chosen.count < count, let rest = byKind.indices.first(where: { !byKind[$0].isEmpty }) {
      let place = Int(random.next() % UInt64(byKind[rest].count))
      chosen.append(byKind[rest].remove(at: place))
    }
    return chosen
  }

  /// The complaints that a file with the mistake in it gives.
  private func complaints(_ mistake: DeliberateMistake) -> [Complaint] {
    let access = FileAccess(
      read: { try $0 == mistake.path ? mistake.bytes : project.read($0) }, list: project.list)
    let isSystem = mistake.path.contains("/systems/")
    return checkReport([isSystem ? mistake.path : Self.configuration], access).complaints.list
  }

  /// The line of a complaint, and those that it names: `opened at 3:5`.
  private func lines(_ complaint: Complaint) -> [Int] {
    let words = complaint.message.split { $0 == " " || $0 == "," || $0 == ";" }
    return [complaint.position.line]
      + words.compactMap { word in
        let parts = word.split(separator: ":")
        return parts.count == 2 ? Int(parts[0]) : nil
      }
  }

  @Test("300 of them give 300 complaints that name the right line")
  func all() throws {
    let mistakes = try Self.chosen(300)
    #expect(mistakes.count == 300)
    var missed: [String] = []
    for mistake in mistakes {
      let found = complaints(mistake).filter { $0.file == mistake.path }
      // A lost brace is one mistake that can be told in one place only: the first.
      let told = mistake.kind == .lostBrace ? Array(found.prefix(1)) : found
      if !told.contains(where: { lines($0).contains(where: mistake.lines.contains) }) {
        missed.append(
          "\(mistake.path):\(mistake.lines): \(mistake.what): \(found.prefix(3).map(\.description))"
        )
      }
    }
    #expect(missed == [])
  }
}
