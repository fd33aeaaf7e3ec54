/// Where grouping draws its lines; deploy/docs/patterns.md says why each lies where it does.
package enum Thresholds {
  /// Most of a row, a column or a block.
  package static let mostPermille: Int64 = 600
  /// Fewer failing links are a pattern only if all links of the group fail.
  package static let leastFailing: Int32 = 3
  /// A smaller part of a column that fails in one way is chance: in a column of thousands there are
  /// always three.
  package static let partPermille: Int64 = 50
  /// Nearly everything, without canaries that say so.
  package static let nearlyPermille: Int64 = 900
  /// The same while some canaries fail.
  package static let nearlyWithDoubtPermille: Int64 = 500
  package static let leastBlind: Int32 = 6
  /// So many links, and so many of all, that have begun to fail since anything answered.
  package static let leastUnanswered = 12
  /// Of so many owners and provinces.
  package static let leastUnansweredSpread = 3
  package static let unansweredPermille: Int64 = 100
  /// Of a hop's links, if its own check fails; otherwise `nearlyPermille`.
  package static let failingHopPermille: Int64 = 300
  package static let vendorPermille: Int64 = 800
  package static let vendorProvinces = 3

  // What a pattern costs, where a point costs 1,000.
  package static let pointCost: Int64 = 1_000
  /// A link of the group that works speaks against the pattern.
  package static let exceptionCost: Int64 = 500
  /// The same where something else is evidence already: the hop fails, or nearly everything does.
  package static let mildExceptionCost: Int64 = 50
  /// A column that fails in part; also the most that a column costs.
  package static let partCost: Int64 = 3_000
  package static let blockCost: Int64 = 2_000
  package static let vendorCost: Int64 = 2_000
}
