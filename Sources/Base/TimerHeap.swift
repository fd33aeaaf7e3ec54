// Public so that the compiler specialises it in other modules; see Time.swift.

/// A binary heap of payloads by due time; equal times come out in the order they went in.
public struct TimerHeap<Payload> {
  @usableFromInline struct Entry {
    @usableFromInline var due: Instant
    @usableFromInline var order: UInt64
    @usableFromInline var payload: Payload

    @inlinable init(due: Instant, order: UInt64, payload: Payload) {
      self.due = due
      self.order = order
      self.payload = payload
    }

    @inlinable func precedes(_ other: Entry) -> Bool {
      due != other.due ? due < other.due : order < other.order
    }
  }

  @usableFromInline var entries: [Entry] = []
  @usableFromInline var nextOrder: UInt64 = 0

  @inlinable public init() {}

  @inlinable public var count: Int { entries.count }
  @inlinable public var isEmpty: Bool { entries.isEmpty }
  /// When the earliest payload is due; nil when the heap is empty.
  @inlinable public var nextDue: Instant? { entries.first?.due }

  @inlinable public mutating func reserveCapacity(_ count: Int) { entries.reserveCapacity(count) }

  @inlinable public mutating func push(_ payload: Payload, due: Instant) {
    entries.append(Entry(due: due, order: nextOrder, payload: payload))
    nextOrder &+= 1
    siftUp(entries.count - 1)
  }

  /// Takes the earliest payload if it is due at or before `now`.
  @inlinable public mutating func popDue(at now: Instant) -> (due: Instant, payload: Payload)? {
    guard let first = entries.first, first.due <= now else { return nil }
    entries.swapAt(0, entries.count - 1)
    entries.removeLast()
    if !entries.isEmpty { siftDown(0) }
    return (first.due, first.payload)
  }

  /// Changes each payload, or takes it out where the change is nil; the rest keep their times and their
  /// order.
  @inlinable public mutating func update(_ change: (Payload) -> Payload?) {
    var kept = 0
    for index in entries.indices {
      guard let payload = change(entries[index].payload) else { continue }
      entries[kept] = Entry(
        due: entries[index].due, order: entries[index].order, payload: payload)
      kept += 1
    }
    guard kept < entries.count else { return }
    entries.removeLast(entries.count - kept)
    for parent in stride(from: kept / 2 - 1, through: 0, by: -1) { siftDown(parent) }
  }

  @inlinable public mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  @inlinable mutating func siftUp(_ start: Int) {
    var child = start
    while child > 0 {
      let parent = (child - 1) / 2
      guard entries[child].precedes(entries[parent]) else { return }
      entries.swapAt(child, parent)
      child = parent
    }
  }

  @inlinable mutating func siftDown(_ start: Int) {
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
