import Base
import Model
import Probes
import Wire

/// Looks for the CA files that probes and receivers name: a path that is wrong must be told when it
/// is read, not when the first certificate is due. Each file is read once, however many links name it.
struct CAFileTable {
  private let access: FileAccess
  private var problems: [String: String?] = [:]

  init(_ access: FileAccess) { self.access = access }

  /// The file of a path, relative ones seen from a directory.
  mutating func find(_ text: String, from directory: String) -> FoundFile {
    let path = resolve(text, from: directory)
    if let known = problems[path] { return FoundFile(path: path, problem: known) }
    var problem: String?
    do {
      _ = try access.read(path)
    } catch {
      problem = printable("\(error)")
    }
    problems[path] = .some(problem)
    return FoundFile(path: path, problem: problem)
  }

  /// The files of a probe's texts for one link. A text with an unknown placeholder is told elsewhere.
  mutating func find(
    _ texts: [String], _ context: ProbeContext, from directory: String
  ) -> [String: FoundFile] {
    var found: [String: FoundFile] = [:]
    for text in texts {
      guard let name = try? context.expand(text) else { continue }
      found[name] = find(name, from: directory)
    }
    return found
  }
}

/// The texts of a probe that name CA files.
func caFileTexts(in node: JSONNode) -> [String] {
  [node["tls"]?["caFile"]?.string, node["caFile"]?.string].compactMap { $0 }
}
