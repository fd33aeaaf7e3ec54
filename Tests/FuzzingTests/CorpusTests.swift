import Base
import Glibc
import Testing

@testable import Fuzzing

/// Tests/Corpora, found from the place of this file.
private let corpora =
  "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Corpora"

private struct Input: CustomTestStringConvertible, Sendable {
  var target: String
  var name: String
  var bytes: [UInt8]
  var testDescription: String { "\(target)/\(name)" }
}

private func names(in directory: String) -> [String] {
  guard let stream = opendir(directory) else { return [] }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { place in
      place.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if !name.hasPrefix(".") { names.append(name) }
  }
  return names.sorted()
}

private func contents(_ path: String) -> [UInt8] {
  guard let file = fopen(path, "r") else { return [] }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
  return bytes
}

private func inputs(_ target: String) -> [Input] {
  names(in: "\(corpora)/\(target)").map {
    Input(target: target, name: $0, bytes: contents("\(corpora)/\(target)/\($0)"))
  }
}

@Suite("What the fuzzers look for holds")
struct CorpusTests {
  @Test("every target has a corpus, and every corpus a target")
  func corporaAndTargets() {
    #expect(names(in: corpora) == fuzzTargets.map(\.name).sorted())
    for target in fuzzTargets { #expect(inputs(target.name).count >= 3, "\(target.name)") }
  }

  @Test("of every input kept", arguments: fuzzTargets.flatMap { inputs($0.name) })
  private func kept(input: Input) throws {
    let target = try #require(fuzzTargets.first { $0.name == input.target })
    #expect(target.violation(input.bytes) == nil)
  }

  @Test("and of many small changes of them", arguments: fuzzTargets.map(\.name))
  func changed(name: String) throws {
    let target = try #require(fuzzTargets.first { $0.name == name })
    var generator = SeededGenerator(seed: 4)
    for input in inputs(name) {
      for _ in 0..<60 {
        let bytes = mutated(input.bytes, &generator)
        #expect(target.violation(bytes) == nil, "\(input.testDescription): \(bytes)")
      }
    }
  }
}

/// A byte changed, taken out, doubled or put in, a few times over.
private func mutated(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
  var bytes = bytes
  for _ in 0...Int(generator.next() % 4) {
    let place = bytes.isEmpty ? 0 : Int(generator.next() % UInt64(bytes.count))
    let byte = UInt8(truncatingIfNeeded: generator.next())
    switch generator.next() % 5 {
    case 0 where !bytes.isEmpty: bytes[place] = byte
    case 1 where !bytes.isEmpty: bytes[place] ^= 1 << (byte & 7)
    case 2 where !bytes.isEmpty: bytes.remove(at: place)
    case 3 where bytes.count < 4_096: bytes.insert(contentsOf: bytes[place...], at: place)
    default: bytes.insert(byte, at: place)
    }
  }
  return bytes
}
