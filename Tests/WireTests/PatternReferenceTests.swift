import Base
import Testing

@testable import Wire

/// A pattern for the reference, which knows its meaning by definition and not by an automaton.
private indirect enum Expression {
  case letter(Unicode.Scalar)
  case any
  case oneOf([Unicode.Scalar], negated: Bool)
  case start
  case end
  case sequence([Expression])
  case either([Expression])
  case repeated(Expression, least: Int, most: Int?)

  /// The source that should be read as this expression.
  var source: String {
    switch self {
    case .letter(let scalar): return String(scalar)
    case .any: return "."
    case .oneOf(let scalars, let negated):
      return "[" + (negated ? "^" : "") + scalars.map(String.init).joined() + "]"
    case .start: return "^"
    case .end: return "$"
    case .sequence(let items): return items.map(\.source).joined()
    case .either(let branches): return "(" + branches.map(\.source).joined(separator: "|") + ")"
    case .repeated(let item, let least, let most):
      let body = "(?:" + item.source + ")"
      switch (least, most) {
      case (0, nil): return body + "*"
      case (1, nil): return body + "+"
      case (0, 1): return body + "?"
      case (_, nil): return body + "{\(least),}"
      case (_, let most?): return body + "{\(least),\(most)}"
      }
    }
  }

  /// Every place at which the expression may end when it begins at `place`.
  func ends(_ text: [Unicode.Scalar], from place: Int) -> Set<Int> {
    func one(_ isAccepted: (Unicode.Scalar) -> Bool) -> Set<Int> {
      place < text.count && isAccepted(text[place]) ? [place + 1] : []
    }
    switch self {
    case .letter(let scalar): return one { $0 == scalar }
    case .any: return one { $0 != "\n" }
    case .oneOf(let scalars, let negated): return one { scalars.contains($0) != negated }
    case .start: return place == 0 ? [0] : []
    case .end: return place == text.count ? [place] : []
    case .sequence(let items):
      return items.reduce([place]) { places, item in
        places.reduce(into: Set()) { $0.formUnion(item.ends(text, from: $1)) }
      }
    case .either(let branches):
      return branches.reduce(into: Set()) { $0.formUnion($1.ends(text, from: place)) }
    case .repeated(let item, let least, let most):
      var reached: Set<Int> = least == 0 ? [place] : []
      var current: Set<Int> = [place]
      // More rounds than the text is long reach nothing new beyond the least.
      for round in 1...max(1, most ?? (least + text.count + 1)) where most != 0 {
        current = current.reduce(into: Set()) { $0.formUnion(item.ends(text, from: $1)) }
        if round >= least { reached.formUnion(current) }
      }
      return reached
    }
  }

  func matches(_ text: [Unicode.Scalar]) -> Bool {
    (0...text.count).contains { !ends(text, from: $0).isEmpty }
  }
}

private let letters: [Unicode.Scalar] = ["a", "b", "c", "\n", "ộ", "é"]

extension SeededGenerator {
  fileprivate mutating func pick<T>(_ items: [T]) -> T { items[Int(below(UInt64(items.count)))] }

  fileprivate mutating func expression(depth: Int) -> Expression {
    switch below(depth == 0 ? 6 : 12) {
    case 0, 1, 2: return .letter(pick(letters))
    case 3: return .any
    case 4: return .oneOf((0...below(2)).map { _ in pick(letters) }, negated: below(2) == 0)
    case 5: return below(4) == 0 ? pick([.start, .end]) : .letter("a")
    case 6, 7, 8: return .sequence((0...below(3)).map { _ in expression(depth: depth - 1) })
    case 9, 10:
      return .either((0...below(3)).map { _ in .sequence([expression(depth: depth - 1)]) })
    default:
      let least = Int(below(4))
      let most: Int? = below(2) == 0 ? nil : least + Int(below(3))
      return .repeated(expression(depth: depth - 1), least: least, most: most)
    }
  }

  fileprivate mutating func text(longest: UInt64) -> [Unicode.Scalar] {
    (0..<below(longest + 1)).map { _ in pick(letters) }
  }
}

@Suite("Pattern against a reference")
struct PatternReferenceTests {
  @Test("random patterns agree with their definition on random texts", arguments: 0..<8)
  func agreement(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var positives = 0
    for _ in 0..<250 {
      let expression = generator.expression(depth: 4)
      guard expression.source.utf8.count <= Pattern.sourceBytesLimit else { continue }
      let pattern: Pattern
      do {
        pattern = try Pattern(expression.source)
      } catch {
        #expect(error.message.contains("states"), "\(expression.source): \(error)")
        continue
      }
      for _ in 0..<12 {
        let text = generator.text(longest: 9)
        let isExpected = expression.matches(text)
        positives += isExpected ? 1 : 0
        let bytes = text.flatMap { Array(UTF8.encode($0)!) }
        #expect(
          pattern.matches(bytes) == isExpected,
          "seed \(seed): \(expression.source.debugDescription) on \(text)")
      }
    }
    #expect(positives > 300, "the texts do match now and then")
  }
}
