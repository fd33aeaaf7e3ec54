/// A first-in, first-out queue in a ring of fixed capacity.
package struct BoundedQueue<Element> {
  private var storage: [Element?]
  private var head = 0
  package private(set) var count = 0

  package init(capacity: Int) {
    precondition(capacity > 0, "a queue holds at least one element")
    storage = Array(repeating: nil, count: capacity)
  }

  package var capacity: Int { storage.count }
  package var isEmpty: Bool { count == 0 }
  package var isFull: Bool { count == storage.count }

  /// Adds an element at the end; false, and nothing happens, when the queue is full.
  @discardableResult
  package mutating func append(_ element: Element) -> Bool {
    guard !isFull else { return false }
    storage[(head + count) % storage.count] = element
    count += 1
    return true
  }

  package mutating func popFirst() -> Element? {
    guard count > 0 else { return nil }
    let element = storage[head]
    storage[head] = nil
    head = (head + 1) % storage.count
    count -= 1
    return element
  }

  package var first: Element? { count > 0 ? storage[head] : nil }

  /// The element `offset` places behind the first.
  package subscript(offset: Int) -> Element {
    precondition(offset >= 0 && offset < count, "offset within the queue")
    return storage[(head + offset) % storage.count]!
  }
}
