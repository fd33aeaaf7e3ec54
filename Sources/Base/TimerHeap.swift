/// A binary heap of payloads by due time; equal times come out in the order they went in.
package struct TimerHeap<Payload> {
  private struct Entry {
    var due: Instant
    var order: UInt64
    var payload: Payload

    func precedes(_ other: Entry) -> Bool {
      due != other.due ? due < other.due : order < other.order
    }
  }

  private var entries: [Entry] = []
  private var nextOrder: UInt64 = 0

  package init() {}

  package var count: Int { entries.count }
  package var isEmpty: Bool { entries.isEmpty }
  /// When the earliest payload is due; nil when the heap is empty.
  package var nextDue: Instant? { entries.first?.due }

  package mutating func reserveCapacity(_ count: Int) { entries.reserveCapacity(count) }

  package mutating func push(_ payload: Payload, due: Instant) {
    entries.append(Entry(due: due, order: nextOrder, payload: payload))
    nextOrder &+= 1
    siftUp(entries.count - 1)
  }

  /// Takes the earliest payload if it is due at or before `now`.
  package mutating func popDue(at now: Instant) -> (due: Instant, payload: Payload)? {
    guard let first = entries.first, first.due <= now else { return nil }
    entries.swapAt(0, entries.count - 1)
    entries.removeLast()
    if !entries.isEmpty { siftDown(0) }
    return (first.due, first.payload)
  }

  package mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  private mutating func siftUp(_ start: Int) {
    var child = start
    while child > 0 {
      let parent = (child - 1) / 2
      guard entries[child].precedes(entries[parent]) else { return }
      entries.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func siftDown(_ start: Int) {
    var parent = start
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < entries.count && entries[child].precedes(entries[least]) {
        least = child
      }
      if least == parent { return }
      entries.swapAt(parent, least)
      parent = least
    }
  }
}
