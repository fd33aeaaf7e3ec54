/// One state of the automaton (Thompson, "Regular Expression Search Algorithm", CACM 11(6), 1968).
struct PatternNode: Sendable {
  enum Kind: Sendable {
    /// Reads a scalar of set number `other`, then goes on at `next`.
    case scalars
    /// Goes on at `next` and at `other` without reading.
    case split
    case startOfText
    case endOfText
    case match
  }
  var kind: Kind
  var next: Int
  var other: Int
}

/// The automaton of a pattern with its alphabet cut down to the classes of scalars that the pattern
/// tells apart. Immutable, shared by all runs.
///
/// A set of states is a row of bits, ``words`` words long; only states that read or that wait for
/// the end of the text (the core) stand in a set between two steps.
final class PatternProgram: Sendable {
  /// The class of a byte that cannot be judged without its neighbours.
  static let undecodedClass = 0

  let nodes: [PatternNode]
  let words: Int
  /// Classes, ``undecodedClass`` included.
  let classCount: Int
  /// The class of each ASCII byte; ``undecodedClass`` from 0x80 on.
  let byteClasses: [UInt16]
  /// For each class, the states that read it: `words` words a class.
  let readers: [UInt64]
  /// Readers whose next state has the number before theirs and belongs to the core: a shift by one
  /// bit takes all of them forward at once.
  let chained: [UInt64]
  let core: [UInt64]
  /// The states in which a match may begin at the start of the text, and elsewhere.
  let start: [UInt64]
  let restart: [UInt64]
  let matchesWithoutReading: Bool

  private let boundaries: [UInt32]
  private let boundaryClasses: [UInt16]

  init(_ tree: PatternTree, stateLimit: Int) throws(PatternError) {
    var compiler = PatternCompiler(stateLimit: stateLimit)
    let entry = try compiler.emit(tree, next: 0)
    let alphabet = PatternAlphabet(compiler.sets)
    nodes = compiler.nodes
    words = (nodes.count + 63) / 64
    classCount = alphabet.classes.count + 1
    boundaries = alphabet.boundaries
    boundaryClasses = alphabet.boundaryClasses

    var byteClasses = [UInt16](repeating: UInt16(Self.undecodedClass), count: 256)
    for byte in 0..<128 { byteClasses[byte] = alphabet.classOf(UInt32(byte)) }
    self.byteClasses = byteClasses

    var readers = [UInt64](repeating: 0, count: classCount * words)
    var chained = [UInt64](repeating: 0, count: words)
    var core = [UInt64](repeating: 0, count: words)
    for (number, node) in nodes.enumerated() {
      let bit: UInt64 = 1 << UInt64(number % 64)
      switch node.kind {
      case .endOfText: core[number / 64] |= bit
      case .scalars:
        core[number / 64] |= bit
        let nextKind = nodes[node.next].kind
        if node.next == number - 1, nextKind == .scalars || nextKind == .endOfText {
          chained[number / 64] |= bit
        }
        for (position, sets) in alphabet.classes.enumerated() where sets[node.other] {
          readers[(position + 1) * words + number / 64] |= bit
        }
      case .split, .startOfText, .match: break
      }
    }
    self.readers = readers
    self.chained = chained
    self.core = core

    var closure = PatternClosure(words: words)
    matchesWithoutReading = closure.add(entry, of: nodes, atStart: true)
    start = closure.coreStates(core)
    closure.clear()
    _ = closure.add(entry, of: nodes)
    restart = closure.coreStates(core)
  }

  /// The class of the scalar or broken byte at `index`, and its length in bytes.
  func classify(_ bytes: [UInt8], at index: Int) -> (scalarClass: Int, length: Int) {
    let first = bytes[index]
    if first < 0x80 { return (Int(byteClasses[Int(first)]), 1) }
    let (value, length) = decodeScalar(bytes, at: index)
    var low = 0
    var high = boundaries.count
    while low < high {
      let middle = (low + high) / 2
      if boundaries[middle] <= value { low = middle + 1 } else { high = middle }
    }
    return (Int(boundaryClasses[low - 1]), length)
  }
}

/// Decodes the UTF-8 sequence at `index` by table 3-7 of the Unicode Standard; a byte that begins
/// no whole sequence reads as ``ScalarSet/invalidByte`` of length 1.
private func decodeScalar(_ bytes: [UInt8], at index: Int) -> (value: UInt32, length: Int) {
  let first = bytes[index]
  let length: Int
  var second: ClosedRange<UInt8> = 0x80...0xBF
  switch first {
  case 0xC2...0xDF: length = 2
  case 0xE0: (length, second) = (3, 0xA0...0xBF)
  case 0xED: (length, second) = (3, 0x80...0x9F)
  case 0xE1...0xEF: length = 3
  case 0xF0: (length, second) = (4, 0x90...0xBF)
  case 0xF1...0xF3: length = 4
  case 0xF4: (length, second) = (4, 0x80...0x8F)
  default: return (ScalarSet.invalidByte, 1)
  }
  guard index + length <= bytes.count, second.contains(bytes[index + 1]) else {
    return (ScalarSet.invalidByte, 1)
  }
  var value = UInt32(first) & (0x7F >> UInt32(length))
  for place in index + 1..<index + length {
    guard bytes[place] & 0xC0 == 0x80 else { return (ScalarSet.invalidByte, 1) }
    value = value << 6 | UInt32(bytes[place] & 0x3F)
  }
  return (value, length)
}

// MARK: - Compiling

/// Turns a tree into states, from the end of the pattern to its start, so that the state to go on
/// at is always known. State 0 is the match.
private struct PatternCompiler {
  let stateLimit: Int
  private(set) var nodes = [PatternNode(kind: .match, next: 0, other: 0)]
  private(set) var sets: [ScalarSet] = []
  private var setNumbers: [ScalarSet: Int] = [:]
  private var offset = 0

  init(stateLimit: Int) { self.stateLimit = stateLimit }

  /// Adds the states of `tree`; the result is the state that it begins in.
  mutating func emit(_ tree: PatternTree, next: Int) throws(PatternError) -> Int {
    switch tree {
    case .empty: return next
    case .scalars(let set):
      return try add(PatternNode(kind: .scalars, next: next, other: number(of: set)))
    case .startOfText: return try add(PatternNode(kind: .startOfText, next: next, other: next))
    case .endOfText: return try add(PatternNode(kind: .endOfText, next: next, other: next))
    case .sequence(let items):
      var entry = next
      for item in items.reversed() { entry = try emit(item, next: entry) }
      return entry
    case .alternatives(let branches):
      var entry = try emit(branches[branches.count - 1], next: next)
      for branch in branches.dropLast().reversed() {
        let first = try emit(branch, next: next)
        entry = try add(PatternNode(kind: .split, next: first, other: entry))
      }
      return entry
    case .repeated(let item, let least, let most, let offset):
      self.offset = offset
      return try emitRepeated(item, least: least, most: most, next: next)
    }
  }

  private mutating func emitRepeated(
    _ item: PatternTree, least: Int, most: Int?, next: Int
  ) throws(PatternError) -> Int {
    var entry = next
    var copies = least
    if let most {
      for _ in least..<most {
        let body = try emit(item, next: entry)
        if body == entry { break }
        entry = try add(PatternNode(kind: .split, next: body, other: next))
      }
    } else {
      let loop = try add(PatternNode(kind: .split, next: next, other: next))
      let body = try emit(item, next: loop)
      nodes[loop].next = body
      entry = least == 0 ? loop : body
      copies = max(least - 1, 0)
    }
    for _ in 0..<copies {
      let body = try emit(item, next: entry)
      // What emits no state is empty, however often it is repeated.
      if body == entry { break }
      entry = body
    }
    return entry
  }

  private mutating func number(of set: ScalarSet) -> Int {
    if let known = setNumbers[set] { return known }
    setNumbers[set] = sets.count
    sets.append(set)
    return sets.count - 1
  }

  private mutating func add(_ node: PatternNode) throws(PatternError) -> Int {
    guard nodes.count < stateLimit else {
      throw PatternError(
        message: "the pattern needs more than \(stateLimit) states; use smaller counts",
        offset: offset)
    }
    nodes.append(node)
    return nodes.count - 1
  }
}

/// The classes of scalars that lie in the same sets.
private struct PatternAlphabet {
  /// Where ranges begin, ascending, the first at 0, and the class of each; classes count from 1.
  let boundaries: [UInt32]
  private(set) var boundaryClasses: [UInt16] = []
  /// For each class, which sets hold it.
  private(set) var classes: [[Bool]] = []

  init(_ sets: [ScalarSet]) {
    var places: Set<UInt32> = [0]
    for set in sets {
      for range in set.ranges {
        places.insert(range.lowerBound)
        places.insert(range.upperBound + 1)
      }
    }
    boundaries = places.sorted()
    var numbers: [[Bool]: UInt16] = [:]
    for boundary in boundaries {
      let membership = sets.map { $0.contains(boundary) }
      if let known = numbers[membership] {
        boundaryClasses.append(known)
      } else {
        classes.append(membership)
        numbers[membership] = UInt16(classes.count)
        boundaryClasses.append(UInt16(classes.count))
      }
    }
  }

  func classOf(_ value: UInt32) -> UInt16 {
    boundaryClasses[boundaries.lastIndex { $0 <= value } ?? 0]
  }
}

// MARK: - Closure

/// A growing set of states, closed over the moves that read nothing.
struct PatternClosure: Sendable {
  /// The states reached so far, those outside the core included until ``coreStates(_:)``.
  var bits: [UInt64]
  private var stack: [Int] = []
  /// States taken from the stack since the start, the measure of the work done.
  private(set) var visits = 0

  init(words: Int) { bits = [UInt64](repeating: 0, count: words) }

  mutating func clear() {
    for word in bits.indices { bits[word] = 0 }
  }

  /// Adds a state and all that follow from it; true when the match is among them.
  mutating func add(
    _ state: Int, of nodes: [PatternNode], atStart: Bool = false, atEnd: Bool = false
  ) -> Bool {
    push(state)
    var isMatch = false
    while let number = stack.popLast() {
      visits += 1
      let node = nodes[number]
      switch node.kind {
      case .scalars: break
      case .split:
        push(node.next)
        push(node.other)
      case .startOfText: if atStart { push(node.next) }
      case .endOfText: if atEnd { push(node.next) }
      case .match: isMatch = true
      }
    }
    return isMatch
  }

  func coreStates(_ core: [UInt64]) -> [UInt64] {
    bits.indices.map { bits[$0] & core[$0] }
  }

  private mutating func push(_ state: Int) {
    let bit: UInt64 = 1 << UInt64(state % 64)
    guard bits[state / 64] & bit == 0 else { return }
    bits[state / 64] |= bit
    stack.append(state)
  }
}
