import Base
import Model
import Testing

@testable import Engine

@Suite("Which incidents are shown") struct ShownIncidentsTests {
  private let link = LinkID(service: "land-database", consumer: "ha-noi")
  private let start = Instant(nanoseconds: 1_000_000_000)

  private func incident(
    _ id: String, _ sequence: Int = 1, resolved: Bool = false
  ) -> Incident {
    let time = WallTime(milliseconds: 1_762_477_323_004)
    return Incident(
      id: id, sequence: sequence, pattern: .point, status: resolved ? .resolved : .open,
      severity: .critical, links: [link], summary: "down", conditions: [], openedAt: time,
      updatedAt: time, resolvedAt: resolved ? time : nil)
  }

  @Test("a version that the journal does not have yet is not shown: a crash would take it back")
  func unwritten() {
    var shown = ShownIncidents()
    shown.add(incident("inc-a"), at: start)
    #expect(shown.open.isEmpty)
    #expect(shown.openIncident(of: link) == nil)
    #expect(shown.show(through: 1).map(\.incident) == [incident("inc-a")])
    #expect(shown.open == [incident("inc-a")])
    #expect(shown.openIncident(of: link) == incident("inc-a"))
  }

  @Test("the former version is shown until the journal has the next")
  func former() {
    var shown = ShownIncidents()
    shown.restore(incident("inc-a", 3))
    shown.add(incident("inc-a", 4), at: start)
    shown.add(incident("inc-a", 5, resolved: true), at: start)
    #expect(shown.open == [incident("inc-a", 3)])
    _ = shown.show(through: 1)
    #expect(shown.open == [incident("inc-a", 4)])
    #expect(shown.resolved.isEmpty)
    _ = shown.show(through: 2)
    #expect(shown.open.isEmpty)
    #expect(shown.resolved == [incident("inc-a", 5, resolved: true)])
  }

  @Test("a link's next incident takes the place of the one that has ended")
  func nextOfLink() {
    var shown = ShownIncidents()
    shown.add(incident("inc-a"), at: start)
    shown.add(incident("inc-a", 2, resolved: true), at: start)
    shown.add(incident("inc-b"), at: start)
    #expect(shown.show(through: 3).map(\.incident.id) == ["inc-a", "inc-a", "inc-b"])
    #expect(shown.openIncident(of: link)?.id == "inc-b")
  }

  @Test("a journal that does not answer silences nothing for longer than the patience")
  func overdue() {
    var shown = ShownIncidents()
    shown.add(incident("inc-a"), at: start)
    #expect(shown.nextDue == start + Recording.patience)
    #expect(shown.showOverdue(at: start + .milliseconds(1_999)).isEmpty)
    #expect(
      shown.showOverdue(at: start + Recording.patience).map(\.incident) == [incident("inc-a")])
    #expect(shown.nextDue == nil)
    #expect(shown.show(through: 1).isEmpty, "once is enough")
    #expect(shown.open == [incident("inc-a")])
  }

  @Test("open ones are counted by severity and kept in order, through many that come and go")
  func order() {
    var shown = ShownIncidents()
    for number in 100...399 { shown.restore(incident("inc-\(number)")) }
    shown.restore(incident("inc-050"))
    #expect(shown.openCounts[.critical] == 301)
    for number in 100...398 { shown.restore(incident("inc-\(number)", 2, resolved: true)) }
    #expect(shown.open.map(\.id) == ["inc-050", "inc-399"])
    #expect(shown.openCounts[.critical] == 2)
    #expect(shown.order.count <= 2 * 2 + 64, "what has ended does not stay for ever")
  }

  @Test("of the resolved ones the newest are kept")
  func bounded() {
    var shown = ShownIncidents()
    let count = ShownIncidents.resolvedKept + 1
    for number in 1...count {
      shown.add(incident("inc-\(number)", 2, resolved: true), at: start)
    }
    _ = shown.show(through: UInt64(count))
    #expect(shown.resolved.count == ShownIncidents.resolvedKept)
    #expect(shown.resolved.first?.id == "inc-2")
  }
}
