/// A search for a pattern in one text, cut into slices of bounded work.
///
/// The automaton's sets of states become the states of a deterministic automaton as they are met,
/// so that most bytes cost one look-up. Their number is bounded; when they do not pay, because
/// nearly every byte leads to a new one, the search goes on without keeping them.
package struct PatternRun: Sendable {
  package enum Result: Sendable, Hashable {
    case matched
    case noMatch
    /// The budget is spent; go on from this index of the same text.
    case more(nextIndex: Int)
  }

  /// Work for one slice that holds a loop up for 1 to 2 ms.
  package static let sliceWork = 500_000

  /// Where the search has come to; `.more(nextIndex: 0)` before the first slice.
  package private(set) var result = Result.more(nextIndex: 0)
  /// The index behind the first match that ends, once the result is `.matched`.
  package private(set) var matchedThrough = 0
  /// The work done so far, in the units of ``advance(_:from:work:)``.
  package private(set) var spent = 0

  private let program: PatternProgram
  private var table: PatternTable
  private var closure: PatternClosure
  /// The deterministic state, while `isKeeping`.
  private var state: Int
  /// The set of states, once the search no longer keeps deterministic ones.
  private var set: [UInt64] = []
  private var isKeeping = true
  private var tableEmptiedAt = 0

  package init(_ pattern: Pattern) {
    program = pattern.program
    closure = PatternClosure(words: program.words)
    table = PatternTable(classCount: program.classCount, words: program.words)
    state = table.state(for: program.start)
  }

  /// Searches on from `start`, the index the slice before returned (0 at first). `bytes` is the
  /// whole text and the same at every call.
  ///
  /// A unit of work is about one byte on the fast path, some 2 ns; the budget is overrun by at most
  /// one step over all states, and at least one step is made.
  package mutating func advance(_ bytes: [UInt8], from start: Int, work budget: Int) -> Result {
    guard case .more = result else { return result }
    if program.matchesWithoutReading { return settle(.matched) }
    var index = start
    var work = max(budget, 1)
    defer { spent += max(budget, 1) - work }
    while index < bytes.count && work > 0 {
      if isKeeping {
        let coasted = coast(bytes, from: index, through: min(work, bytes.count - index))
        work -= coasted
        index += coasted
        if work <= 0 || index == bytes.count { break }
      }
      let (scalarClass, length) = program.classify(bytes, at: index)
      index += length
      switch isKeeping ? move(on: scalarClass, upTo: index) : simulate(on: scalarClass) {
      case .moved(let spent): work -= spent
      case .matched:
        matchedThrough = index
        return settle(.matched)
      case .dead: return settle(.noMatch)
      }
    }
    guard index == bytes.count else { return settle(.more(nextIndex: index)) }
    matchedThrough = index
    return settle(matchesAtEnd(ofEmptyText: bytes.isEmpty) ? .matched : .noMatch)
  }

  private mutating func settle(_ value: Result) -> Result {
    result = value
    return value
  }

  // MARK: - Steps

  private enum Move {
    case moved(work: Int)
    case matched
    /// No text that may follow can match.
    case dead
  }

  /// Follows known transitions over at most `limit` bytes; the number of bytes it came.
  private mutating func coast(_ bytes: [UInt8], from start: Int, through limit: Int) -> Int {
    let byteClasses = program.byteClasses
    var current = state
    var index = start
    while index < start + limit {
      let next = table.transitions[current &+ Int(byteClasses[Int(bytes[index])])]
      if next < 0 { break }
      current = Int(next)
      index &+= 1
    }
    state = current
    return index - start
  }

  /// One step by the table, which learns the transition where it does not know it.
  private mutating func move(on scalarClass: Int, upTo index: Int) -> Move {
    let known = table.transitions[state + scalarClass]
    switch known {
    case PatternTable.matched: return .matched
    case PatternTable.dead: return .dead
    case PatternTable.unknown: break
    default:
      state = Int(known)
      // Decoding a scalar of several bytes costs about this much.
      return .moved(work: 4)
    }
    let outcome = step(from: table.set(of: state), on: scalarClass)
    switch outcome {
    case .matched: table.transitions[state + scalarClass] = PatternTable.matched
    case .dead: table.transitions[state + scalarClass] = PatternTable.dead
    case .moved(let work):
      if table.isFull && !table.contains(closure.bits) {
        let isWorthKeeping = index - tableEmptiedAt >= 8 * table.stateLimit
        table.removeAll()
        tableEmptiedAt = index
        if !isWorthKeeping {
          isKeeping = false
          set = closure.bits
          return .moved(work: work)
        }
        state = table.state(for: closure.bits)
      } else {
        let next = table.state(for: closure.bits)
        table.transitions[state + scalarClass] = Int32(next)
        state = next
      }
      // Looking up and keeping a set costs more than making it.
      return .moved(work: 100 + 2 * work)
    }
    return outcome
  }

  private mutating func simulate(on scalarClass: Int) -> Move {
    let outcome = step(from: set, on: scalarClass)
    swap(&set, &closure.bits)
    return outcome
  }

  /// Leaves in `closure` the core states that follow from a set over one scalar.
  private mutating func step(from set: [UInt64], on scalarClass: Int) -> Move {
    let program = program
    let words = program.words
    let visitsBefore = closure.visits
    for word in 0..<words { closure.bits[word] = program.restart[word] }
    for word in 0..<words {
      let moving = set[word] & program.readers[scalarClass * words + word]
      if moving == 0 { continue }
      let shifted = moving & program.chained[word]
      closure.bits[word] |= shifted >> 1
      if word > 0 { closure.bits[word - 1] |= shifted << 63 }
      var rest = moving ^ shifted
      while rest != 0 {
        let number = word * 64 + rest.trailingZeroBitCount
        rest &= rest - 1
        if closure.add(program.nodes[number].next, of: program.nodes) { return .matched }
      }
    }
    var any: UInt64 = 0
    for word in 0..<words {
      closure.bits[word] &= program.core[word]
      any |= closure.bits[word]
    }
    if any == 0 { return .dead }
    return .moved(work: 8 + 2 * words + 4 * (closure.visits - visitsBefore))
  }

  private mutating func matchesAtEnd(ofEmptyText isEmpty: Bool) -> Bool {
    let last = isKeeping ? table.set(of: state) : set
    closure.clear()
    for (number, node) in program.nodes.enumerated()
    where node.kind == .endOfText && last[number / 64] >> UInt64(number % 64) & 1 == 1 {
      if closure.add(node.next, of: program.nodes, atStart: isEmpty, atEnd: true) { return true }
    }
    return false
  }
}

/// Deterministic states met so far. A state is named by the place of its first transition.
private struct PatternTable: Sendable {
  static let unknown: Int32 = -1
  static let matched: Int32 = -2
  static let dead: Int32 = -3
  /// Bounds the transitions (4 bytes each) and the words of all sets (8 bytes each).
  private static let entryLimit = 32_768

  let stateLimit: Int
  /// One row of `classCount` places per state: the state to go to, or one of the constants above.
  var transitions: [Int32] = []
  private let classCount: Int
  private var sets: [[UInt64]] = []
  private var states: [[UInt64]: Int] = [:]

  init(classCount: Int, words: Int) {
    self.classCount = classCount
    stateLimit = max(8, min(1_024, Self.entryLimit / classCount, Self.entryLimit / words))
  }

  var isFull: Bool { sets.count >= stateLimit }

  func contains(_ set: [UInt64]) -> Bool { states[set] != nil }

  func set(of state: Int) -> [UInt64] { sets[state / classCount] }

  mutating func state(for set: [UInt64]) -> Int {
    if let known = states[set] { return known }
    let state = transitions.count
    states[set] = state
    sets.append(set)
    for _ in 0..<classCount { transitions.append(Self.unknown) }
    return state
  }

  mutating func removeAll() {
    transitions.removeAll(keepingCapacity: true)
    sets.removeAll(keepingCapacity: true)
    states.removeAll(keepingCapacity: true)
  }
}
