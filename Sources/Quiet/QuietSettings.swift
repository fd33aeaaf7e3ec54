import Base

/// What files say of quiet: the windows that are written in them, and the rules of announcing.
package struct QuietSettings: Sendable, Hashable {
  package var windows: [MaintenanceWindow] = []
  package var rules: NoticeRules

  /// `zone`: the distance from UTC by which days and times are meant.
  package init(zone: TimeAmount) { rules = NoticeRules(zone: zone) }
}
