import Base
import Model
import Wire

/// What the configuration says of programs.
package struct ExecDefaults: Sendable, Hashable {
  /// Where programs may lie; nil where no configuration is read.
  package var directories: [String]?
  /// For all programs, `NAME` and value.
  package var environment: [String: String]

  package init(directories: [String]? = nil, environment: [String: String] = [:]) {
    self.directories = directories
    self.environment = environment
  }

  /// What a program has of an environment when nobody says otherwise: nothing of the daemon's own.
  static let scrubbed = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"]
}

extension ExecProbe {
  /// Reads `program`, `arguments`, `environment`, `limits` and `expect`.
  package static func decode(
    _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
  ) -> ExecOptions? {
    let program = decodeProgram(&reader, context, &complaints)
    let arguments = decodeArguments(&reader, context, &complaints)
    let environment = decodeEnvironment(&reader, context, &complaints)
    let size = (arguments ?? []).reduce(0) { $0 + $1.utf8.count + 1 }
    if environment.reduce(size, { $0 + $1.value.text.bytes.count }) > Limits.pluginTextBytes {
      reader.complain(
        nil,
        "expected at most \(sizeDescription(Limits.pluginTextBytes)) of arguments and environment",
        &complaints)
    }
    var outputLimit = Limits.pluginOutputBytes
    if var limits = reader.object("limits", &complaints) {
      let range = 1_024...Limits.pluginOutputBytesMaximum
      outputLimit = limits.size("output", range: range, &complaints) ?? outputLimit
      limits.finish(&complaints)
    }
    var slow: TimeAmount?
    if var expect = reader.object("expect", &complaints) {
      slow = expect.duration(
        "slow", range: .milliseconds(1)...Limits.probeIntervalMaximum, &complaints)
      expect.finish(&complaints)
    }
    guard let program, let arguments else { return nil }
    return ExecOptions(
      program: program, arguments: arguments, environment: environment,
      outputLimitBytes: outputLimit, slow: slow)
  }

  package static func settings(of options: ExecOptions) -> [(key: String, value: String)] {
    var settings: [(key: String, value: String)] = [
      ("program", options.program),
      ("arguments", options.arguments.joined(separator: " ")),
      ("limits.output", sizeDescription(options.outputLimitBytes)),
      ("expect.slow", options.slow.map { "\($0)" } ?? "never"),
    ]
    for variable in options.environment {
      let text = String(decoding: variable.value.text.bytes, as: UTF8.self)
      settings.append(
        (
          "environment.\(variable.name)",
          variable.value.hasSecrets ? options.mask.masked(text) : text
        ))
    }
    return settings
  }
}

/// The way to the program; complains of one that may not be run.
private func decodeProgram(
  _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
) -> String? {
  guard let text = reader.requiredString("program", &complaints) else { return nil }
  if text.isEmpty || text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) || text.contains("{") {
    reader.complain(
      "program", "expected the name or the path of a program, without placeholders", &complaints)
    return nil
  }
  // Where no configuration is read, nobody knows where programs may lie.
  guard let file = context.programs[text] else { return text }
  if let problem = file.problem {
    reader.complain("program", problem, &complaints)
    return nil
  }
  return file.path
}

private func decodeArguments(
  _ reader: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
) -> [String]? {
  guard reader.has("arguments") else {
    _ = reader.node("arguments")
    return []
  }
  guard let texts = reader.strings("arguments", &complaints) else { return nil }
  if texts.count > Limits.pluginArguments {
    reader.complain(
      "arguments", "expected at most \(Limits.pluginArguments) arguments", &complaints)
    return nil
  }
  var arguments: [String] = []
  for (place, text) in texts.enumerated() {
    guard let problem = append(text, context, to: &arguments) else { continue }
    complaints.add(
      file: reader.file, position: reader.elementPosition(of: "arguments", place),
      keyPath: "\(reader.keyPath("arguments"))[\(place)]", message: problem)
  }
  return arguments
}

/// Adds an argument, its placeholders replaced; what is wrong with it, if so.
private func append(_ text: String, _ context: ProbeContext, to arguments: inout [String])
  -> String?
{
  do throws(UnknownPlaceholder) {
    let argument = try context.expand(text)
    if argument.utf8.contains(0) { return "expected no NUL character" }
    arguments.append(argument)
    return nil
  } catch {
    guard error.name.hasPrefix("secret:") else { return context.problem(error) }
    return
      "no secret may stand here: every user of the machine can see the arguments of a program; "
      + "put it into \"environment\": { NAME: \"{secret:...}\" }"
  }
}

/// The environment in the order of the names: what is said here goes before what the configuration
/// says, and that before the usual.
private func decodeEnvironment(
  _ parent: inout FieldReader, _ context: ProbeContext, _ complaints: inout Complaints
) -> [(name: String, value: SecretText)] {
  var variables = ExecDefaults.scrubbed.merging(context.defaults.exec.environment) { $1 }
    .mapValues { SecretText(text: Array($0.utf8), secrets: []) }
  if var reader = parent.object("environment", &complaints) {
    for name in reader.allMembers().map(\.key) {
      if let problem = problemOfVariable(name: name) {
        reader.complain(name, problem, &complaints)
      }
      guard let value = secretText(&reader, name, context, &complaints) else { continue }
      if value.text.bytes.contains(0) {
        reader.complain(name, "expected no NUL character", &complaints)
      }
      variables[name] = value
    }
    reader.finish(&complaints)
  }
  if variables.count > Limits.pluginVariables {
    parent.complain(
      "environment", "expected at most \(Limits.pluginVariables) variables", &complaints)
  }
  return variables.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
}

/// What is wrong with the name of a variable; nil if nothing is (POSIX.1-2017 section 8.1).
package func problemOfVariable(name: String) -> String? {
  let bytes = Array(name.utf8)
  let isName = bytes.allSatisfy { byte in
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
    default: false
    }
  }
  if isName, let first = bytes.first, bytes.count <= 64, !(0x30...0x39).contains(first) {
    return nil
  }
  return "expected the name of a variable: 1 to 64 letters, digits and \"_\", no digit first"
}
