import Base

/// `14.4` for 144, `6` for 60.
package func tenthsText(_ tenths: Int) -> String {
  tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
}

/// `99.95%` for 999,500.
package func percentText(millionths: Int) -> String {
  var decimals = String(1_000_000 + millionths % 10_000 * 100).dropFirst()
  while decimals.last == "0" { decimals.removeLast() }
  return "\(millionths / 10_000)" + (decimals.isEmpty ? "" : ".\(decimals)") + "%"
}

extension RuleGrade {
  /// What differs from a rule that says nothing of it: `, critical, raise after 5m`.
  package func words(unless standard: Severity = .warning) -> String {
    (severity == standard ? "" : ", \(severity.rawValue)")
      + (raiseAfter == .zero ? "" : ", raise after \(raiseAfter)")
      + (clearAfter == .zero ? "" : ", clear after \(clearAfter)")
  }
}

extension OwnPastRule {
  package var words: String {
    "p\(tenthsText(percentilePermille)) over \(tenthsText(raiseTenths)) times over \(window), "
      + "clear at \(tenthsText(clearTenths)) times, floor \(floor), minimum \(minimumSamples), "
      + "\(weeks) weeks of at least \(minimumPastSamples) answers" + grade.words()
  }
}

extension BurnRateRule {
  package var words: String {
    let pairs = pairs.map {
      "\(tenthsText($0.factorTenths)) times over \($0.long) and \($0.short) "
        + "(\($0.severity.rawValue))"
    }
    return "\(percentText(millionths: objectiveMillionths)): \(pairs.joined(separator: ", ")), "
      + "minimum \(minimumSamples)" + grade.words()
  }
}

extension NoDataRule {
  package var words: String {
    "\(intervals) intervals, at least \(atLeast)"
      + (severity == .warning ? "" : ", \(severity.rawValue)")
  }
}

extension FlappingRule {
  package var words: String { "\(changes) changes over \(window), clear at \(clearChanges)" }
}

extension WarningRule {
  package var words: String {
    (grade.severity == .warning ? "warning" : grade.severity.rawValue)
      + (criticalDays.map { ", critical within \($0) days of an expiry" } ?? "")
      + RuleGrade(raiseAfter: grade.raiseAfter, clearAfter: grade.clearAfter).words()
  }
}
