import Base
import Engine
import Model
import Wire

/// Writes the list of links.
package struct LinkListing: PiecewiseAnswer {
  /// Links looked at, and links written, in one piece: some 2 ms of work with 100,000 links.
  static let linksPerPiece = 512
  static let writtenPerPiece = 48

  private let filter: LinkFilter
  private let offset: Int
  private let limit: Int
  private var next = 0
  private var matched = 0
  private var written = 0
  private var isBegun = false
  package private(set) var isDone = false

  package init(filter: LinkFilter, offset: Int, limit: Int) {
    self.filter = filter
    self.offset = offset
    self.limit = limit
  }

  /// The next piece of the answer's JSON; a reload in between may repeat or leave out links.
  package mutating func nextPiece(_ engine: borrowing Engine, at now: Now) -> [UInt8] {
    var bytes: [UInt8] = []
    if !isBegun {
      bytes += Array("{\"links\":[".utf8)
      isBegun = true
    }
    let end = min(engine.links.count, next + Self.linksPerPiece)
    let last = written + Self.writtenPerPiece
    while next < end, written < last {
      let index = next
      next += 1
      guard filter.passes(engine.links[index].link) else { continue }
      let state = engine.state(of: index, at: now)
      guard filter.passes(index, in: state, engine, at: now) else { continue }
      matched += 1
      guard matched > offset, written < limit else { continue }
      if written > 0 { bytes.append(0x2C) }
      written += 1
      var writer = JSONWriter()
      writer.link(index, engine, state: state, at: now)
      bytes += writer.bytes
    }
    if next >= engine.links.count {
      bytes += Array("],\"total\":\(matched)}".utf8)
      isDone = true
    }
    return bytes
  }
}
