import Base
import History
import Model
import Wire

let sampleColumns = [
  "link", "time", "probe", "outcome", "detail", "sentence", "note", "ok", "warning", "slow",
  "skipped", "confirmation", "maintenance", "httpStatus", "bodyBytes", "resolveMicroseconds",
  "connectMicroseconds", "tlsMicroseconds", "firstByteMicroseconds", "transferMicroseconds",
  "totalMicroseconds", "readings", "blind",
]

/// A sample as a line of CSV; its readings are in the last field, as `NAME=VALUE UNIT` with `; `
/// between them.
func sampleLine(csv sample: Sample, _ walk: ProbeWalk) -> [UInt8] {
  var csv = CSVWriter()
  csv.text("\(walk.link.id)")
  csv.text("\(sample.time)")
  csv.text(walk.probe.name)
  csv.text(sample.outcome.name)
  csv.text(sample.outcome.detail)
  csv.text(sentence(sample.outcome, codes: walk.link.codes))
  csv.text(printable(sample.note, limit: Limits.noteBytes))
  for flag in [
    !sample.outcome.isFailure && !sample.outcome.isSkipped, sample.outcome.isWarning,
    sample.isSlow, sample.outcome.isSkipped, sample.flags.contains(.confirmation),
    sample.flags.contains(.maintenance),
  ] {
    csv.text(flag ? "true" : "false")
  }
  csv.int(sample.httpStatus == 0 ? nil : sample.httpStatus)
  csv.int(sample.bodyBytes)
  let timings = sample.timings
  for time in [
    timings.resolveMicroseconds, timings.connectMicroseconds, timings.tlsMicroseconds,
    timings.firstByteMicroseconds, timings.transferMicroseconds, timings.totalMicroseconds,
  ] {
    csv.int(time)
  }
  csv.text(
    sample.readings.map { "\($0.name)=\($0.value)" + ($0.unit.isEmpty ? "" : " \($0.unit)") }
      .joined(separator: "; "))
  csv.text(sample.isBlind ? "true" : "false")
  csv.endRow()
  return csv.bytes
}

/// A sample as a line of JSON.
func sampleLine(json sample: Sample, _ walk: ProbeWalk) -> [UInt8] {
  var writer = JSONWriter()
  writer.beginObject()
  writer.member("link", "\(walk.link.id)")
  writer.sampleMembers(sample, probe: walk.probe.name, codes: walk.link.codes)
  writer.endObject()
  return writer.bytes + [0x0A]
}

/// The document of a sample; its names are those of `deploy/docs/control-api.md`.
extension JSONWriter {
  /// `codes`: what the application codes of the link's system mean.
  package mutating func sample(_ sample: Sample, probe: String, codes: CodeTable?) {
    beginObject()
    sampleMembers(sample, probe: probe, codes: codes)
    endObject()
  }

  fileprivate mutating func sampleMembers(_ sample: Sample, probe: String, codes: CodeTable?) {
    member("time", "\(sample.time)")
    member("probe", probe)
    member("outcome", sample.outcome.name)
    member("detail", sample.outcome.detail)
    member("sentence", sentence(sample.outcome, codes: codes))
    member("note", printable(sample.note, limit: Limits.noteBytes))
    readings(sample.readings)
    member("ok", !sample.outcome.isFailure && !sample.outcome.isSkipped)
    member("warning", sample.outcome.isWarning)
    member("slow", sample.isSlow)
    member("skipped", sample.outcome.isSkipped)
    member("confirmation", sample.flags.contains(.confirmation))
    member("maintenance", sample.flags.contains(.maintenance))
    member("blind", sample.isBlind)
    member("httpStatus", sample.httpStatus == 0 ? nil : Int(sample.httpStatus))
    member("bodyBytes", Int(sample.bodyBytes))
    let timings = sample.timings
    member("resolveMicroseconds", Int(timings.resolveMicroseconds))
    member("connectMicroseconds", Int(timings.connectMicroseconds))
    member("tlsMicroseconds", Int(timings.tlsMicroseconds))
    member("firstByteMicroseconds", Int(timings.firstByteMicroseconds))
    member("transferMicroseconds", Int(timings.transferMicroseconds))
    member("totalMicroseconds", Int(timings.totalMicroseconds))
  }

  private mutating func readings(_ readings: [Reading]) {
    key("readings")
    beginArray()
    for reading in readings {
      beginObject()
      member("name", printable(reading.name, limit: Limits.readingNameBytes))
      member("value", reading.value)
      member("unit", printable(reading.unit, limit: Limits.readingUnitBytes))
      endObject()
    }
    endArray()
  }
}
