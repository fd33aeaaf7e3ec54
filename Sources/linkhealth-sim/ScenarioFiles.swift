import Glibc
import Host
import Scenario
import Wire

/// Why there is no scenario: lines for standard error.
struct ScenarioProblem: Error {
  var lines: [String]
}

private let usualScenario = "scenario/scenario-2025-11-07.json5"
/// Where `probes/` is: in a checkout, or installed.
private let probesDirectories = ["probes", "/usr/share/linkhealth/probes"]

/// Reads the scenario that the options name, with the provinces that belong to it.
func loadScenario(_ options: SimulatorOptions) throws(ScenarioProblem) -> Scenario {
  if options.scenarioFile == "" { return Scenario() }
  let path = if let named = options.scenarioFile { named } else { try usualScenarioPath() }
  let bytes = try contents(path)
  let provinces = try loadProvinces(options.provincesFile, besideScenario: path)
  let (scenario, complaints) = readScenario(bytes, file: path, provinces: provinces)
  guard complaints.isEmpty else {
    throw ScenarioProblem(lines: complaints.list.map(\.description))
  }
  return scenario
}

private func usualScenarioPath() throws(ScenarioProblem) -> String {
  let places = probesDirectories.map { "\($0)/\(usualScenario)" }
  guard let path = places.first(where: isReadable) else {
    throw ScenarioProblem(
      lines: ["no scenario at \(places.joined(separator: " or ")); name one with --scenario"])
  }
  return path
}

/// The slugs of the file that was named, or else of the one that is found near the scenario; none
/// when there is no such file, for a scenario that names its provinces itself.
private func loadProvinces(
  _ named: String?, besideScenario scenario: String
) throws(ScenarioProblem) -> [String] {
  let directory =
    scenario.lastIndex(of: "/").map { String(scenario[...$0]) } ?? ""
  let near = ["\(directory)provinces.json", "\(directory)../provinces.json"]
  let places = near + probesDirectories.map { "\($0)/provinces.json" }
  guard let path = named ?? places.first(where: isReadable) else { return [] }
  let (slugs, complaints) = readProvinceSlugs(try contents(path), file: path)
  guard complaints.isEmpty else {
    throw ScenarioProblem(lines: complaints.list.map(\.description))
  }
  return slugs
}

private func contents(_ path: String) throws(ScenarioProblem) -> [UInt8] {
  do throws(SystemError) {
    return try readFile(path, limit: SimulatorLimits.scenarioFileBytes)
  } catch {
    throw ScenarioProblem(lines: [error.description])
  }
}
