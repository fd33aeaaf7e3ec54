import Base
import Glibc
import Host
import Model

/// Starts the daemon, or says in one go why it cannot.

let arguments: Arguments
do {
  arguments = try Arguments(Array(CommandLine.arguments.dropFirst()))
} catch {
  say("linkhealthd: \(error.message)\nTry: linkhealthd --help")
  exit(64)
}
switch arguments.action {
case .help:
  print(Arguments.help)
case .version:
  print("linkhealthd \(linkhealthVersion) (\(CurlTransfers.libraryVersion))")
case .run:
  exit(runDaemon(arguments))
}
