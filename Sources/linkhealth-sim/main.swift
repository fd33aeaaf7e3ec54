import Glibc
import Host
import Model
import Scenario

// Exit codes: 0 done, 1 the scenario or the system said no, 2 wrong usage.

private func run() -> Int32 {
  do {
    let options = try SimulatorOptions(Array(CommandLine.arguments.dropFirst()))
    switch options.action {
    case .help: writeOutput(SimulatorOptions.help)
    case .version: writeOutput("\(SimulatorOptions.version)\n")
    case .expected: try printExpected(try loadScenario(options), options)
    case .serve: try serve(try loadScenario(options), options)
    }
    return 0
  } catch let misuse as SimulatorOptions.Misuse {
    writeError("linkhealth-sim: \(misuse.message); --help tells more")
    return 2
  } catch let problem as ScenarioProblem {
    for line in problem.lines { writeError(line) }
    return 1
  } catch {
    writeError("linkhealth-sim: \(error)")
    return 1
  }
}

private func printExpected(
  _ scenario: Scenario, _ options: SimulatorOptions
) throws(SimulatorOptions.Misuse) {
  for name in options.services ?? [] where scenario.service(named: name) == nil {
    throw SimulatorOptions.Misuse(message: "the scenario has no service \(name)")
  }
  let states = scenario.expectedStates(of: options.services)
  let shown = options.onlyWrong ? states.filter { scenario.isWrong($0.link, $0.state) } : states
  writeOutput(shown.map { "\($0.link) \($0.state.rawValue)\n" }.joined())
}

exit(run())
