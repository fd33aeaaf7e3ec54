import Model
import Testing
import Wire

@testable import Probes

/// What a probe's object reads as, and what was complained of.
func decode<Kind: Probe>(
  _ kind: Kind.Type, _ text: String, secrets: [String: String] = [:], tokens: [String]? = nil,
  placeholders: [String: String] = [:]
) throws -> (options: Kind.Options?, complaints: [Complaint]) {
  let parsed = parseJSON(Array(text.utf8), dialect: .json5, limits: .catalogue)
  let node = try #require(parsed.node)
  #expect(parsed.errors.isEmpty)
  var complaints = Complaints()
  var reader = try #require(
    FieldReader(node, file: "a.json5", path: "", complaints: &complaints))
  let found = secrets.mapValues { secretValue in
    secretValue.isEmpty
      ? Result<Secret, SecretProblem>.failure(SecretProblem("it is empty"))
      : .success(Secret(name: "", bytes: Array(secretValue.utf8)))
  }
  var named: [String: Result<Secret, SecretProblem>] = [:]
  for (name, result) in found {
    named[name] = result.map { Secret(name: name, bytes: $0.bytes) }
  }
  let options = kind.decode(
    &reader,
    ProbeContext(placeholders: placeholders, secrets: named, tokens: tokens), &complaints)
  reader.finish(&complaints)
  return (options, complaints.list)
}

func secret(_ name: String, _ text: String) -> Secret {
  Secret(name: name, bytes: Array(text.utf8))
}

let pemCertificate = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ\n-----END CERTIFICATE-----"
let pemKey = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\n-----END PRIVATE KEY-----"
