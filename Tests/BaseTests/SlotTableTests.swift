import Testing

@testable import Base

/// What `#require` does, for values that come from a mutating call.
private func required<Value>(
  _ value: Value?, sourceLocation: SourceLocation = #_sourceLocation
) throws -> Value {
  try #require(value, sourceLocation: sourceLocation)
}

struct SlotTableTests {
  @Test("a token finds its occupant until it has left, and nobody after")
  func staleTokens() throws {
    var table = SlotTable<String>(capacity: 2)
    let first = try required(table.insert("a"))
    #expect(table[first] == "a")
    #expect(table.remove(first) == "a")
    #expect(table[first] == nil)
    let second = try required(table.insert("b"))
    #expect(second.index == first.index, "the place is used again")
    #expect(second != first, "under another generation")
    #expect(table[first] == nil, "the old token does not find the new occupant")
    #expect(table.remove(first) == nil)
    table[first] = "c"
    #expect(table[second] == "b", "an old token cannot overwrite")
    #expect(table.count == 1)
  }

  @Test("a full table takes nothing until somebody leaves")
  func full() throws {
    var table = SlotTable<Int>(capacity: 2)
    let token = try required(table.insert(1))
    #expect(table.insert(2) != nil)
    #expect(table.isFull)
    #expect(table.insert(3) == nil)
    #expect(table.count == 2)
    table.remove(token)
    #expect(!table.isFull)
    #expect(table.insert(4) != nil)
  }

  @Test("an occupant is changed in place, and leaves when nil is assigned")
  func inPlace() throws {
    var table = SlotTable<[Int]>(capacity: 1)
    let token = try required(table.insert([1]))
    table[token]?.append(2)
    #expect(table[token] == [1, 2])
    table[token] = nil
    #expect(!table.contains(token))
    #expect(table.count == 0)
    table[token]?.append(3)
    #expect(table.insert([9]) != nil, "the place is free once, not twice")
    #expect(table.insert([9]) == nil)
  }

  @Test("a token fits into one word and comes back whole")
  func rawValues() {
    for token in [
      Token(index: 0, generation: 0), Token(index: .max, generation: 1),
      Token(index: 1, generation: .max), Token(index: 0x1234_5678, generation: 0x9ABC_DEF0),
    ] {
      #expect(Token(rawValue: token.rawValue) == token)
    }
    #expect(Token(index: 1, generation: 2).rawValue == 0x0000_0002_0000_0001)
  }

  @Test("it does what a list of tokens and values does", arguments: 0..<20)
  func againstList(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var table = SlotTable<Int>(capacity: 12)
    var present: [(token: Token, value: Int)] = []
    var gone: [Token] = []
    for step in 0..<500 {
      switch random.below(4) {
      case 0, 1:
        if let token = table.insert(step) {
          #expect(!gone.contains(token), "a token is never given twice")
          present.append((token, step))
        } else {
          #expect(present.count == 12)
        }
      case 2:
        guard !present.isEmpty else { continue }
        let index = Int(random.below(UInt64(present.count)))
        let (token, value) = present.remove(at: index)
        #expect(table.remove(token) == value)
        gone.append(token)
      default:
        guard !present.isEmpty else { continue }
        let index = Int(random.below(UInt64(present.count)))
        table[present[index].token] = step
        present[index].value = step
      }
      #expect(table.count == present.count, "seed \(seed)")
    }
    for (token, value) in present { #expect(table[token] == value, "seed \(seed)") }
    for token in gone { #expect(table[token] == nil, "seed \(seed)") }
    #expect(table.tokens == present.map(\.token).sorted { $0.index < $1.index }, "seed \(seed)")
  }
}
