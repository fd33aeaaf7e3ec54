// Public so that the compiler specialises it in other modules; see Time.swift.

/// A first-in, first-out queue in a ring of fixed capacity.
public struct BoundedQueue<Element> {
  @usableFromInline var storage: [Element?]
  @usableFromInline var head = 0
  @inlinable public var count: Int { occupied }
  @usableFromInline var occupied = 0

  @inlinable public init(capacity: Int) {
    precondition(capacity > 0, "a queue holds at least one element")
    storage = Array(repeating: nil, count: capacity)
  }

  @inlinable public var capacity: Int { storage.count }
  @inlinable public var isEmpty: Bool { count == 0 }
  @inlinable public var isFull: Bool { count == storage.count }

  /// Adds an element at the end; false, and nothing happens, when the queue is full.
  @discardableResult @inlinable
  public mutating func append(_ element: Element) -> Bool {
    guard !isFull else { return false }
    storage[(head + count) % storage.count] = element
    occupied += 1
    return true
  }

  @inlinable public mutating func popFirst() -> Element? {
    guard count > 0 else { return nil }
    let element = storage[head]
    storage[head] = nil
    head = (head + 1) % storage.count
    occupied -= 1
    return element
  }

  @inlinable public var first: Element? { count > 0 ? storage[head] : nil }

  /// The element `offset` places behind the first.
  @inlinable public subscript(offset: Int) -> Element {
    precondition(offset >= 0 && offset < count, "offset within the queue")
    return storage[(head + offset) % storage.count]!
  }
}
