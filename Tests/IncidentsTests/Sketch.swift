import Base
import Incidents
import Model

/// A matrix drawn with letters: the first line names the services, each other line a province and its
/// cells. `X` failing, `C` failing to connect, `T` with a bad certificate, `s` slow, `.` up, `?` unknown,
/// `o` overdue, `p` not counted, `-` no link. Options, with semicolons between them:
/// `owner o = a b`, `system s = a b`, `vendor v = p q`, `national n`, `gateway g` (the column of hops that
/// each row's links pass), `exchange n/x` (a hop that all links but gateways pass), `direct a` (columns
/// that pass no hop), `canaries blind`.
struct Sketch {
  var places: [LinkPlace] = []
  var cells: [(state: CellState, sign: FailureSign)] = []
  var canaries = Canaries.none

  init(_ picture: String, _ options: String = "") {
    var owners: [String: String] = [:]
    var systems: [String: String] = [:]
    var vendors: [String: String] = [:]
    var direct: [String] = []
    var national: [String] = []
    var gateway: String?
    var exchange: LinkID?
    for option in options.split(separator: ";") {
      let words = option.split(separator: " ").map(String.init)
      switch words.first {
      case "owner": for word in words[3...] { owners[word] = words[1] }
      case "system": for word in words[3...] { systems[word] = words[1] }
      case "vendor": for word in words[3...] { vendors[word] = words[1] }
      case "direct": direct = Array(words[1...])
      case "national": national = Array(words[1...])
      case "gateway": gateway = words[1]
      case "exchange": exchange = LinkID(words[1])
      case "canaries": canaries = Self.canaries(words[1])
      default: fatalError("no such option: \(option)")
      }
    }
    let lines = picture.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    for line in lines.dropFirst() {
      for (service, cell) in zip(lines[0], line.dropFirst()) where cell != "-" {
        let id = LinkID(service: service, consumer: line[0])
        var hops: [LinkID] = []
        if service != gateway, id != exchange, !direct.contains(service) {
          let own = gateway.map { LinkID(service: $0, consumer: line[0]) }
          hops = [own, exchange].compactMap { $0 }
        }
        let system = systems[service] ?? service
        places.append(
          LinkPlace(
            id: id, system: system, owner: owners[service] ?? "owner-\(system)",
            province: national.contains(line[0]) ? nil : line[0], vendor: vendors[line[0]],
            hops: hops))
        cells.append(Self.cell(cell))
      }
    }
  }

  private static func canaries(_ word: String) -> Canaries {
    switch word {
    case "blind": Canaries(answering: 0, failing: 2)
    case "doubt": Canaries(answering: 1, failing: 1)
    case "see": Canaries(answering: 3, failing: 0)
    case "deceived": Canaries(answering: 3, failing: 0, isDeceived: true)
    default: fatalError("no such canaries: \(word)")
    }
  }

  private static func cell(_ letter: String) -> (CellState, FailureSign) {
    switch letter {
    case "X": (.failing, .serverError)
    case "C": (.failing, .connectTimedOut)
    case "T": (.failing, .certificateExpired)
    case "A": (.failing, .applicationCode)
    case "s": (.degraded, .slow)
    case ".": (.up, .slow)
    case "?": (.unknown, .slow)
    case "o": (.overdue, .overdue)
    case "p": (.excluded, .slow)
    default: fatalError("no such cell: \(letter)")
    }
  }

  var matrix: Matrix {
    var matrix = Matrix(places)
    for (link, cell) in cells.enumerated() { matrix.set(Int32(link), cell.state, sign: cell.sign) }
    return matrix
  }

  /// The patterns in words, in the order chosen.
  func words() -> String {
    let matrix = matrix
    return explain(matrix, canaries: canaries).map { name(of: $0, in: matrix) }
      .joined(separator: "; ")
  }
}

func name(of pattern: Pattern, in matrix: Matrix) -> String {
  let layer =
    switch pattern.key.layer {
    case .failing: ""
    case .degraded: "slow "
    case .overdue: "overdue "
    }
  if pattern.key.kind == .point {
    return "\(layer)point \(matrix.places[Int(pattern.key.value)].id)"
  }
  let name = matrix.groups[Int(pattern.key.value)].name
  var text = layer + (pattern.isPart ? "part of " : "") + pattern.key.kind.rawValue
  if !name.isEmpty { text += " " + name }
  text += " x\(pattern.links.count)"
  if !pattern.alsoDegraded.isEmpty { text += " +\(pattern.alsoDegraded.count) slow" }
  if pattern.isPart {
    var provinces: [String] = []
    for link in pattern.links {
      let consumer = matrix.places[Int(link)].id.consumer
      if !provinces.contains(consumer) { provinces.append(consumer) }
    }
    text += ": " + provinces.joined(separator: " ")
  }
  return text
}
