import Glibc
import Host
import Scenario
import Wire

/// Why there is no scenario: lines for standard error.
struct ScenarioProblem: Error {
  var lines: [String]
}

/// The situation of 7 November 2025, and the hubs that its links stand on.
private let usualScenarios = ["scenario/scenario-2025-11-07.json5", "scenario/hubs.json5"]
/// Where `probes/` is: in a checkout, or installed.
private let probesDirectories = ["probes", "/usr/share/linkhealth/probes"]

/// Reads the scenario files that the options name, one after the other, each with the provinces that
/// belong to it.
func loadScenario(_ options: SimulatorOptions) throws(ScenarioProblem) -> Scenario {
  let paths = if let named = options.scenarioFiles { named } else { try usualScenarioPaths() }
  var scenario = Scenario()
  for path in paths {
    let bytes = try contents(path)
    let provinces = try loadProvinces(options.provincesFile, besideScenario: path)
    let read = readScenario(bytes, file: path, provinces: provinces, addingTo: scenario)
    guard read.complaints.isEmpty else {
      throw ScenarioProblem(lines: read.complaints.list.map(\.description))
    }
    scenario = read.scenario
  }
  return scenario
}

private func usualScenarioPaths() throws(ScenarioProblem) -> [String] {
  let places = probesDirectories.map { directory in usualScenarios.map { "\(directory)/\($0)" } }
  guard let paths = places.first(where: { $0.allSatisfy(isReadable) }) else {
    let first = places.map { $0[0] }.joined(separator: " or ")
    throw ScenarioProblem(lines: ["no scenario at \(first); name one with --scenario"])
  }
  return paths
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
