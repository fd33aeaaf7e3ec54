import Model
import Testing

@testable import Quiet

@Suite struct SelectorTests {
  static let subject = link(
    "land-database/ha-noi", system: "land-db", owner: "moae", route: ["lgsp", "ndxp"])

  static let cases: [(selector: LinkSelector, matches: Bool, why: String)] = [
    (selector { $0.links = [subject.id] }, true, "by its id"),
    (selector { $0.services = ["land-database"] }, true, "by its service"),
    (selector { $0.systems = ["land-db"] }, true, "by its system"),
    (selector { $0.owners = ["moj", "moae"] }, true, "one of the owners"),
    (selector { $0.provinces = ["ha-noi"] }, true, "by its province"),
    (selector { $0.routes = ["ndxp"] }, true, "a word of its route"),
    (selector { $0.routes = ["direct"] }, false, "it is not direct"),
    (selector { $0.systems = ["land-database"] }, false, "that is its service, not its system"),
    (
      selector {
        $0.systems = ["land-db"]
        $0.provinces = ["ha-noi", "hue"]
      }, true, "both lists hold"
    ),
    (
      selector {
        $0.systems = ["land-db"]
        $0.provinces = ["hue"]
      }, false, "the other list does not"
    ),
    (selector { _ in }, true, "nothing is asked for"),
  ]

  @Test("lists must all hold, and one value of a list is enough", arguments: cases)
  func matching(_ selector: LinkSelector, _ matches: Bool, _ why: String) {
    #expect(selector.matches(Self.subject) == matches, "\(why)")
  }

  @Test("work on a hop is meant by the word of the route, of the hop itself too")
  func hop() {
    let lgsp = selector {
      $0.routes = ["lgsp"]
      $0.provinces = ["ha-noi"]
    }
    #expect(lgsp.matches(link("lgsp/ha-noi", system: "lgsp", owner: "ha-noi", isHop: true)))
    #expect(!lgsp.matches(link("lgsp/hue", system: "lgsp", owner: "hue", isHop: true)))
    #expect(lgsp.matches(Self.subject))
    #expect(!lgsp.matches(link("merit-people/ha-noi")), "goes past it")
    let direct = selector { $0.routes = ["direct"] }
    #expect(direct.matches(link("merit-people/ha-noi")))
    #expect(!direct.matches(link("lgsp/ha-noi", isHop: true)))
  }

  @Test("a selector is told in words, a long list of alternatives cut short")
  func words() {
    let few = selector {
      $0.systems = ["a"]
      $0.provinces = ["b", "c"]
    }
    #expect(few.words == "system a, province b or c")
    #expect(
      selector { $0.owners = ["a", "b", "c", "d", "e"] }.words == "owner a or b or c or 2 more")
  }
}
