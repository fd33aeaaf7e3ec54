/// The exit codes. Those of `status` are of the monitoring plug-ins' convention, see ``Health``.
package enum Exit {
  package static let done: Int32 = 0
  /// The daemon refused, or what was asked for failed.
  package static let failed: Int32 = 1
  /// The daemon could not be reached or did not answer.
  package static let unreachable: Int32 = 3
  /// The command line was wrong (`EX_USAGE` of sysexits.h).
  package static let usage: Int32 = 64
  /// Files with mistakes kept rules from being tried (`EX_CONFIG` of sysexits.h).
  package static let mistakes: Int32 = 78
  /// The caller may not do this (`EX_NOPERM` of sysexits.h).
  package static let forbidden: Int32 = 77
}
