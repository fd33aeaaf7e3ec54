// swift-tools-version: 6.2
import PackageDescription

// Floors: a target depends only on targets of lower floors (see the README's map).
// Floors 1 to 6 are pure values and are compiled with strict memory safety; only Host and the
// programs touch the operating system.

let common: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]
let pure = common + [.strictMemorySafety()]

func floor(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: pure)
}
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: common)
}
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: common)
}

let package = Package(
  name: "linkhealth",
  products: [
    .executable(name: "linkhealthd", targets: ["linkhealthd"]),
    .executable(name: "linkhealthctl", targets: ["linkhealthctl"]),
    .executable(name: "linkhealth-sim", targets: ["linkhealth-sim"]),
    .executable(name: "linkhealth-bench", targets: ["linkhealth-bench"]),
  ],
  targets: [
    // 0: the only C
    .systemLibrary(
      name: "CLibcurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .target(name: "CLinux"),
    // 1
    floor("Base", []),
    // 2
    floor("Model", ["Base"]),
    floor("Wire", ["Base"]),
    // 3
    floor("History", ["Base", "Model"]),
    floor("Probes", ["Base", "Model", "Wire"]),
    floor("Delivery", ["Base", "Model", "Wire"]),
    floor("Scenario", ["Base", "Model", "Wire"]),
    floor("Judgement", ["Base", "Model"]),
    floor("Quiet", ["Base", "Model", "Wire"]),
    // 4
    floor("Fuzzing", ["Base", "Model", "Wire", "History", "Probes"]),
    floor("Incidents", ["Base", "Model", "Judgement"]),
    floor("Catalogue", ["Base", "Model", "Wire", "Probes", "Quiet"]),
    floor("Reports", ["Base", "Model", "Wire", "History", "Judgement"]),
    // 5
    floor(
      "Engine",
      [
        "Base", "Model", "Wire", "History", "Probes", "Delivery", "Quiet", "Judgement",
        "Incidents", "Catalogue",
      ]),
    // 6
    floor(
      "Control",
      [
        "Base", "Model", "Wire", "History", "Delivery", "Quiet", "Judgement", "Catalogue",
        "Reports", "Engine",
      ]),
    floor("ControlClient", ["Base", "Model", "Wire"]),
    // 7
    .target(
      name: "Host",
      dependencies: [
        "CLibcurl", "CLinux", "Base", "Model", "Wire", "History", "Probes", "Delivery",
        "Catalogue",
      ],
      swiftSettings: common),
    floor(
      "Simulation",
      [
        "Base", "Model", "Wire", "History", "Probes", "Delivery", "Quiet", "Judgement",
        "Incidents", "Engine",
      ]),
    floor(
      "Rehearsal",
      [
        "Base", "Model", "Wire", "History", "Probes", "Quiet", "Judgement", "Incidents",
        "Catalogue", "Engine",
      ]),
    // 8
    program(
      "linkhealthd",
      [
        "CLinux", "Host", "Control", "Engine", "Reports", "Catalogue", "Judgement", "Delivery",
        "Probes", "Quiet", "History", "Wire", "Model", "Base",
      ]),
    program(
      "linkhealthctl",
      [
        "CLinux", "Host", "Rehearsal", "Control", "ControlClient", "Reports", "Catalogue",
        "History", "Wire", "Model", "Base",
      ]),
    program("linkhealth-sim", ["CLinux", "Host", "Scenario", "Wire", "Model", "Base"]),
    program(
      "linkhealth-bench",
      [
        "CLinux", "Host", "Engine", "Incidents", "Judgement", "Catalogue", "Reports", "Delivery",
        "Probes", "History", "Wire", "Model", "Base",
      ]),
    // Feeds the readers with bytes; deploy/fuzz builds it with libFuzzer.
    program("linkhealth-fuzz", ["Fuzzing"]),
    // The same requests as the daemon's, in plain C over libcurl: what the benchmark compares with.
    .executableTarget(
      name: "linkhealth-curl-floor", dependencies: ["CLibcurl"], path: "Sources/CurlFloor",
      cSettings: [.enableWarning("all"), .enableWarning("extra"), .treatAllWarnings(as: .error)]),
    // tests, one target a module; DaemonTests run the programs themselves
    // every registered kind, by the registry
    tests(
      "ConformanceTests", ["Host", "Catalogue", "Probes", "Wire", "Model", "Base"]),
    tests("DaemonTests", ["Host", "CLinux", "Wire", "Model", "Base"]),
    tests(
      "BenchTests",
      ["linkhealth-bench", "Catalogue", "Probes", "Wire", "Model", "Base"]),
    tests("BaseTests", ["Base"]),
    tests("FuzzingTests", ["Fuzzing", "Base"]),
    tests("ModelTests", ["Model", "Base"]),
    tests("JudgementTests", ["Judgement", "Simulation", "Model", "Base"]),
    tests("IncidentsTests", ["Incidents", "Judgement", "Model", "Base"]),
    tests("ProbesTests", ["Probes", "Wire", "Model", "Base"]),
    tests("WireTests", ["Wire", "Base"]),
    tests(
      "EngineTests",
      [
        "Engine", "Delivery", "Incidents", "Judgement", "Quiet", "History", "Probes", "Wire",
        "Model", "Base",
      ]),
    tests("QuietTests", ["Quiet", "Wire", "Model", "Base"]),
    tests(
      "SimulationTests",
      ["Simulation", "Engine", "Incidents", "Judgement", "Quiet", "History", "Model", "Base"]),
    tests(
      "RehearsalTests", ["Rehearsal", "Catalogue", "Wire", "Model", "Base"]),
    tests("ScenarioTests", ["Scenario", "Wire", "Model", "Base"]),
    tests(
      "ControlTests",
      [
        "Control", "Engine", "Reports", "Catalogue", "Judgement", "Quiet", "History", "Probes",
        "Wire", "Model", "Base",
      ]),
    tests("ReportsTests", ["Reports", "Judgement", "History", "Wire", "Model", "Base"]),
    tests("ControlClientTests", ["ControlClient", "Wire", "Model", "Base"]),
    tests("HistoryTests", ["History", "Model", "Base"]),
    tests(
      "HostTests",
      ["Host", "CLinux", "CLibcurl", "History", "Probes", "Delivery", "Wire", "Model", "Base"]),
    tests("DeliveryTests", ["Delivery", "Wire", "Model", "Base"]),
    tests("CatalogueTests", ["Catalogue", "Probes", "Quiet", "Wire", "Model", "Base"]),
  ]
)
