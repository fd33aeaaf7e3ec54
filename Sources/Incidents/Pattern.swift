import Model

/// What names a pattern: the same from one evaluation to the next while the same group fails.
package struct PatternKey: Sendable, Hashable {
  package var layer: Layer
  package var kind: IncidentPattern
  package var axis: Axis
  /// The group; of a point its link.
  package var value: Int32
  /// The way of failing of a part of a column; nil for whole groups and points.
  package var manner: FailureManner?

  /// Whether two keys speak of one thing, failing in whatever way.
  package func isSameThing(as other: PatternKey) -> Bool {
    kind == other.kind && axis == other.axis && value == other.value
      && (layer == .overdue) == (other.layer == .overdue)
  }
}

/// Bad links that one thing explains.
package struct Pattern: Sendable, Hashable {
  package var key: PatternKey
  /// In ascending order. Each bad link is in exactly one pattern of an evaluation.
  package var links: [Int32]
  /// Links of the same group that work badly while those of `links` fail: told with them.
  package var alsoDegraded: [Int32] = []
  /// Whether it is a named part of a column, and not most of it.
  package var isPart = false
  /// Working links of the group that speak against it.
  package var exceptions: Int32 = 0

  package var allLinks: [Int32] { alsoDegraded.isEmpty ? links : (links + alsoDegraded).sorted() }
}

/// What is known of sight itself: targets that ought to answer whatever happens to links.
package struct Canaries: Sendable, Hashable {
  package var answering: Int
  package var failing: Int
  /// The link that must always fail does not: somebody answers in everybody's place.
  package var isDeceived: Bool
  /// A link that must fail has not been looked at since the start: whoever was deceived before may be so
  /// still.
  package var isUnsure = false
  /// How many links have begun to fail since the last answer of any link, where no canary answers: what is
  /// up was seen before that, and speaks against nothing.
  package var unanswered = 0
  /// Of how many owners and provinces they are, whichever are fewer.
  package var unansweredSpread = 0

  package init(answering: Int = 0, failing: Int = 0, isDeceived: Bool = false) {
    self.answering = answering
    self.failing = failing
    self.isDeceived = isDeceived
  }

  package static let none = Canaries()

  /// Two independent targets fail and none answers: whatever links show is worth nothing.
  package var isBlind: Bool { isDeceived || failing >= 2 && answering == 0 }
  /// One fails, which may be its own trouble.
  package var isDoubtful: Bool { !isBlind && failing > 0 && failing >= answering }
  package var isSeeing: Bool { !isBlind && answering > failing }
}
