// Public so that the compiler specialises it in other modules; see Time.swift.

/// Names one occupant of a ``SlotTable``; once that occupant has left, the token finds nothing,
/// even when its place has been given to another.
public struct Token: Hashable, Sendable {
  public var index: UInt32
  public var generation: UInt32

  @inlinable public init(index: UInt32, generation: UInt32) {
    self.index = index
    self.generation = generation
  }

  /// One word, for `epoll_data` and libcurl's private pointers.
  @inlinable public var rawValue: UInt64 { UInt64(generation) << 32 | UInt64(index) }
  @inlinable public init(rawValue: UInt64) {
    self.init(index: UInt32(truncatingIfNeeded: rawValue), generation: UInt32(rawValue >> 32))
  }
}

/// A bounded table whose places are reused under new generations, so that a late event for an
/// occupant that has left is recognised and dropped.
public struct SlotTable<Value> {
  @usableFromInline var values: [Value?] = []
  @usableFromInline var generations: [UInt32] = []
  @usableFromInline var free: [UInt32] = []
  public let capacity: Int
  @inlinable public var count: Int { occupied }
  @usableFromInline var occupied = 0

  @inlinable public init(capacity: Int) { self.capacity = capacity }

  @inlinable public var isFull: Bool { count == capacity }

  /// Puts a value in; nil when the table is full.
  @inlinable public mutating func insert(_ value: Value) -> Token? {
    guard occupied < capacity else { return nil }
    occupied += 1
    if let index = free.popLast() {
      values[Int(index)] = value
      return Token(index: index, generation: generations[Int(index)])
    }
    values.append(value)
    generations.append(1)
    return Token(index: UInt32(values.count - 1), generation: 1)
  }

  @inlinable public func contains(_ token: Token) -> Bool {
    Int(token.index) < values.count && generations[Int(token.index)] == token.generation
      && values[Int(token.index)] != nil
  }

  /// The occupant, or nil once it has left. Assigning to a token that has left does nothing.
  @inlinable public subscript(token: Token) -> Value? {
    get { contains(token) ? values[Int(token.index)] : nil }
    set {
      guard contains(token) else { return }
      if let newValue { values[Int(token.index)] = newValue } else { remove(token) }
    }
    _modify {
      var absent: Value?
      if contains(token) {
        yield &values[Int(token.index)]
        if values[Int(token.index)] == nil { release(token) }
      } else {
        yield &absent
      }
    }
  }

  @discardableResult @inlinable
  public mutating func remove(_ token: Token) -> Value? {
    guard contains(token) else { return nil }
    let value = values[Int(token.index)]
    values[Int(token.index)] = nil
    release(token)
    return value
  }

  /// The tokens of all occupants, in the order of their places.
  @inlinable public var tokens: [Token] {
    values.indices.compactMap { index in
      values[index] == nil
        ? nil : Token(index: UInt32(index), generation: generations[index])
    }
  }

  @inlinable mutating func release(_ token: Token) {
    generations[Int(token.index)] &+= 1
    free.append(token.index)
    occupied -= 1
  }
}
