/// One setting as it holds for a link, and where it was written.
package struct EffectiveSetting: Sendable, Hashable {
  /// The setting's name with the names above it: `probes.http.timeout`.
  package var key: String
  /// As the catalogue would write it; a secret by its name only.
  package var value: String
  /// Nil for what is built in.
  package var location: SourceLocation?

  package init(key: String, value: String, location: SourceLocation?) {
    self.key = key
    self.value = value
    self.location = location
  }
}
