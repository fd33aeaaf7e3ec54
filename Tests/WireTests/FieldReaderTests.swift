import Base
import Testing

@testable import Wire

struct FieldReaderTests {
  /// Reads an object and returns the complaints as they are shown, without the file's name.
  private func complaints(
    _ text: String, _ read: (inout FieldReader, inout Complaints) -> Void
  ) throws -> [String] {
    var complaints = Complaints()
    let node = try parsed(text)
    var reader = try #require(
      FieldReader(node, file: "a.json5", path: "", complaints: &complaints))
    read(&reader, &complaints)
    return complaints.list.map { String($0.description.dropFirst("a.json5:".count)) }
  }

  @Test("values of the right type are handed over, absent ones are nil without a complaint")
  func values() throws {
    let text = """
      {s: "x", b: true, i: 7, d: "1h30m", z: "64KiB", p: "0.5%", c: "tcp", l: ["a", "b"],
       o: {k: 1}, os: [{k: 2}, {k: 3}], n: null}
      """
    let told = try complaints(text) { reader, complaints in
      #expect(reader.string("s", &complaints) == "x")
      #expect(reader.requiredString("s", &complaints) == "x")
      #expect(reader.bool("b", &complaints) == true)
      #expect(reader.int("i", range: 1...7, &complaints) == 7)
      #expect(reader.duration("d", range: .zero...(.minutes(90)), &complaints) == .minutes(90))
      #expect(reader.size("z", range: 65_536...65_536, &complaints) == 65_536)
      #expect(reader.percent("p", &complaints) == 5)
      #expect(reader.choice("c", of: ["http", "tcp"], &complaints) == "tcp")
      #expect(reader.strings("l", &complaints) == ["a", "b"])
      var inner = reader.object("o", &complaints)
      #expect(inner?.int("k", &complaints) == 1)
      let list = reader.objects("os", &complaints)
      #expect(list?.map(\.path) == ["os[0]", "os[1]"])
      #expect(reader.node("n")?.isNull == true)
      #expect(reader.string("absent", &complaints) == nil)
      #expect(reader.int("absent", &complaints) == nil)
      #expect(reader.duration("absent", &complaints) == nil)
      #expect(reader.strings("absent", &complaints) == nil)
      #expect(reader.object("absent", &complaints) == nil)
      #expect(reader.objects("absent", &complaints) == nil)
      reader.finish(&complaints)
    }
    #expect(told == [])
  }

  @Test("every mistake is told at once, with place, key path and what was expected")
  func wrongTypes() throws {
    let text = """
      {s: 5, b: "yes", i: 1.5, d: 5, z: "64", p: 20, c: "htpp", l: "a",
       l2: ["a", 1, null], o: [], os: {}, os2: [{}, 7], n: null}
      """
    let told = try complaints(text) { reader, complaints in
      #expect(reader.string("s", &complaints) == nil)
      #expect(reader.bool("b", &complaints) == nil)
      #expect(reader.int("i", range: 1...65_535, &complaints) == nil)
      #expect(reader.duration("d", &complaints) == nil)
      #expect(reader.size("z", &complaints) == nil)
      #expect(reader.percent("p", &complaints) == nil)
      #expect(reader.choice("c", of: ["http", "tcp"], &complaints) == nil)
      #expect(reader.strings("l", &complaints) == nil)
      #expect(reader.strings("l2", &complaints) == nil)
      #expect(reader.object("o", &complaints) == nil)
      #expect(reader.objects("os", &complaints) == nil)
      #expect(reader.objects("os2", &complaints)?.count == 1)
      #expect(reader.string("n", &complaints) == nil)
      #expect(reader.requiredString("id", &complaints) == nil)
      reader.finish(&complaints)
    }
    #expect(
      told == [
        #"1:5: s: expected a string, got the number 5"#,
        #"1:11: b: expected true or false, got the string "yes""#,
        #"1:21: i: expected a whole number from 1 to 65535, got the number 1.5"#,
        #"1:29: d: expected a duration such as "5s", got the number 5"#,
        #"1:35: z: expected a size such as "64KiB", got the string "64""#,
        #"1:44: p: expected a percentage such as "20%" or "0.5%", got the number 20"#,
        #"1:51: c: expected one of "http", "tcp", got the string "htpp"; did you mean "http"?"#,
        #"1:62: l: expected a list of strings, got the string "a""#,
        #"2:12: l2[1]: expected a string, got the number 1"#,
        #"2:15: l2[2]: expected a string, got null"#,
        #"2:25: o: expected an object, got a list"#,
        #"2:33: os: expected a list of objects, got an object"#,
        #"2:47: os2[1]: expected an object, got the number 7"#,
        #"2:54: n: expected a string, got null"#,
        #"1:1: the key "id" is missing"#,
      ])
  }

  @Test("a value out of range is told with the bound it broke")
  func ranges() throws {
    let text = #"{i: 0, j: 99999999999999999999, d: "5ms", e: "2d", z: "2MiB", p: "100.5%"}"#
    let told = try complaints(text) { reader, complaints in
      _ = reader.int("i", range: 1...9, &complaints)
      _ = reader.int("j", &complaints)
      _ = reader.duration("d", range: .milliseconds(100)...(.hours(24)), &complaints)
      _ = reader.duration("e", range: .milliseconds(100)...(.hours(24)), &complaints)
      _ = reader.size("z", range: 0...1 << 20, &complaints)
      _ = reader.percent("p", &complaints)
    }
    #expect(
      told == [
        "1:5: i: expected a whole number from 1 to 9, got the number 0",
        "1:11: j: expected a whole number, got the number 99999999999999999999",
        "1:36: d: expected a duration of at least 100ms, got 5ms",
        "1:46: e: expected a duration of at most 1d, got 2d",
        "1:55: z: expected a size of at most 1MiB, got 2MiB",
        "1:66: p: expected a percentage of at most 100%, got 100.5%",
      ])
  }

  @Test("key paths lead from the top of the file, and odd keys stand in brackets")
  func keyPaths() throws {
    let text = #"{probes: [{request: {url: 1, "X Y": 2, "": 3, "x-api": 4}}]}"#
    let told = try complaints(text) { reader, complaints in
      let probes = reader.objects("probes", &complaints)
      var probe = probes?.first
      var request = probe?.object("request", &complaints)
      for key in ["url", "X Y", "", "x-api"] { _ = request?.string(key, &complaints) }
      request?.complain("url", "the host is not in the zone", &complaints)
      request?.complain(nil, "neither url nor host", &complaints)
      #expect(request?.position(of: "url") == Position(line: 1, column: 27, offset: 26))
      #expect(request?.position(of: "absent") == Position(line: 1, column: 21, offset: 20))
    }
    #expect(
      told == [
        "1:27: probes[0].request.url: expected a string, got the number 1",
        #"1:37: probes[0].request["X Y"]: expected a string, got the number 2"#,
        #"1:44: probes[0].request[""]: expected a string, got the number 3"#,
        "1:56: probes[0].request.x-api: expected a string, got the number 4",
        "1:27: probes[0].request.url: the host is not in the zone",
        "1:21: probes[0].request: neither url nor host",
      ])
  }

  @Test("keys that nobody asked for are unknown, and the nearest of those asked for is named")
  func unknownKeys() throws {
    let text = #"{timeout: "5s", tiemout: "6s", colour: 1, "a\u0007b": 2, intervall: "1s"}"#
    let told = try complaints(text) { reader, complaints in
      _ = reader.duration("timeout", &complaints)
      _ = reader.duration("interval", &complaints)
      reader.finish(&complaints)
    }
    #expect(
      told == [
        #"1:17: unknown key "tiemout"; did you mean "timeout"?"#,
        #"1:32: unknown key "colour""#,
        #"1:43: unknown key "a\u{7}b""#,
        #"1:58: unknown key "intervall"; did you mean "interval"?"#,
      ])
  }

  @Test("a missing key is suggested before one that is there")
  func missingKeyFirst() throws {
    let told = try complaints("{rate: 1, raet: 2}") { reader, complaints in
      _ = reader.int("rate", &complaints)
      _ = reader.int("reat", &complaints)
      reader.finish(&complaints)
    }
    #expect(told == [#"1:11: unknown key "raet"; did you mean "reat"?"#])
  }

  @Test("an object whose keys are names is read whole")
  func allMembers() throws {
    let told = try complaints(#"{b: "1", "A-C": "2"}"#) { reader, complaints in
      #expect(reader.allMembers().map(\.key) == ["b", "A-C"])
      reader.finish(&complaints)
    }
    #expect(told == [])
  }

  @Test("a node that is no object has no reader")
  func noObject() throws {
    var complaints = Complaints()
    let reader = FieldReader(
      try parsed("\n [1]"), file: "a.json5", path: "", complaints: &complaints)
    #expect(reader == nil)
    #expect(complaints.list.map(\.description) == ["a.json5:2:2: expected an object, got a list"])
  }

  @Test("an earlier one of two equal keys is not called unknown")
  func duplicateIsNotUnknown() throws {
    let result = parseJSON(Array("{a: 1, a: 2}".utf8), dialect: .json5)
    var complaints = Complaints()
    complaints.add(result.errors, file: "f")
    let node = try #require(result.node)
    var reader = try #require(
      FieldReader(node, file: "f", path: "", complaints: &complaints))
    #expect(reader.int("a", &complaints) == 2)
    reader.finish(&complaints)
    #expect(
      complaints.list.map(\.description) == [#"f:1:8: the key "a" was given before, at 1:2"#])
  }

  @Test("complaints are bounded, counted beyond the bound, and sorted by file and place")
  func bounded() {
    var complaints = Complaints(capacity: 3)
    #expect(complaints.isEmpty && !complaints.isFull)
    for (file, offset) in [("b", 1), ("a", 9), ("a", 4), ("a", 0)] {
      complaints.add(
        file: file, position: Position(line: 1, column: offset + 1, offset: offset), keyPath: "",
        message: "m")
    }
    complaints.sort()
    #expect(complaints.isFull && complaints.unlisted == 1)
    #expect(complaints.list.map(\.description) == ["a:1:5: m", "a:1:10: m", "b:1:2: m"])
  }
}
