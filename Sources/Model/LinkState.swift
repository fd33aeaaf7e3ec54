/// What is known of a link now. The rules by which its probes combine are one page in the docs
/// (`deploy/docs/state.md`) and one function here, ``combinedState(of:)``.
package enum LinkState: String, Sendable, Hashable, CaseIterable {
  case planned
  case notConnected
  case up
  case degraded
  case down
  case unknown
}

/// What one probe of a link shows now.
package enum ProbeCondition: String, Sendable, Hashable, CaseIterable {
  /// No attempt has ended lately enough to say anything.
  case unknown
  /// The last attempt was right and quick enough and no rule is raised.
  case ok
  /// A rule on error rate, latency or warnings is raised, or the last attempt failed, was slow or
  /// warned and the failure rule does not hold (yet).
  case impaired
  /// The failure rule is raised.
  case failing
}

/// A probe's part in its link's state.
package struct ProbeView: Sendable, Hashable {
  package var condition: ProbeCondition
  package var isRequired: Bool

  package init(condition: ProbeCondition, isRequired: Bool) {
    self.condition = condition
    self.isRequired = isRequired
  }
}

/// How the probes of a link combine into its state:
/// 1. a required probe is failing: `down`, whatever the others show;
/// 2. otherwise a required probe is unknown, or there is none at all: `unknown`, never `up`;
/// 3. otherwise any probe is impaired, or one that is not required is failing: `degraded`;
/// 4. otherwise `up`. A probe that is not required and unknown changes nothing.
package func combinedState(of probes: some Sequence<ProbeView>) -> LinkState {
  var anyRequired = false
  var requiredUnknown = false
  var impaired = false
  for probe in probes {
    switch (probe.condition, probe.isRequired) {
    case (.failing, true): return .down
    case (.failing, false), (.impaired, _): impaired = true
    case (.unknown, true): requiredUnknown = true
    case (.unknown, false), (.ok, _): break
    }
    anyRequired = anyRequired || probe.isRequired
  }
  if requiredUnknown || !anyRequired { return .unknown }
  return impaired ? .degraded : .up
}
