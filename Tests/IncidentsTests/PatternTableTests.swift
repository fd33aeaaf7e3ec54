import Incidents
import Testing

/// One row of the table: what is drawn, and the patterns that explain it.
struct Drawn: Sendable, CustomTestStringConvertible {
  var reason: String
  var picture: String
  var options: String
  var patterns: String

  init(_ reason: String, _ picture: String, _ options: String = "", is patterns: String) {
    self.reason = reason
    self.picture = picture
    self.options = options
    self.patterns = patterns
  }

  var testDescription: String { reason }
}

let drawn = drawnColumns + drawnOwners + drawnRows + drawnOthers

@Suite("Patterns of drawn matrices")
struct PatternTableTests {
  @Test("A drawn matrix is explained by the patterns of its row", arguments: drawn)
  func explained(_ row: Drawn) {
    #expect(Sketch(row.picture, row.options).words() == row.patterns)
  }

  @Test("Each bad link is in exactly one pattern", arguments: drawn)
  func once(_ row: Drawn) {
    let sketch = Sketch(row.picture, row.options)
    let explained = explain(sketch.matrix, canaries: sketch.canaries).flatMap(\.allLinks).sorted()
    let bad = sketch.cells.indices.filter { Layer(sketch.cells[$0].state) != nil }
    #expect(explained == bad.map { Int32($0) })
  }

  @Test("There are at least sixty matrices")
  func enough() { #expect(drawn.count >= 60) }

  @Test("Three of a hundred that fail alike are three points, ten are a part")
  func chance() {
    func picture(_ failing: Int) -> String {
      (0..<100).reduce("  a b") { "\($0)\np\($1) \($1 < failing ? "X" : ".") ." }
    }
    #expect(Sketch(picture(3)).words() == "point a/p0; point a/p1; point a/p2")
    #expect(Sketch(picture(10)).words().hasPrefix("part of system a x10"))
  }
}
