import Base
import Engine
import History
import Model
import Wire

/// Fields shared by the answers; names and shapes are those of `deploy/docs/control-api.md`.
extension JSONWriter {
  package mutating func name(_ key: String, _ name: LocalizedName?) {
    self.key(key)
    guard let name else { return null() }
    beginObject()
    member("en", name.en)
    member("vi", name.vi)
    endObject()
  }

  package mutating func time(_ key: String, _ time: WallTime?) {
    member(key, time.map { $0.description })
  }

  package mutating func strings(_ key: String, _ values: [String]) {
    self.key(key)
    beginArray()
    for value in values { string(value) }
    endArray()
  }

  /// `codes`: what the application codes of the link's system mean.
  package mutating func sample(_ sample: Sample, probe: String, codes: CodeTable?) {
    beginObject()
    time("time", sample.time)
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
    member("httpStatus", sample.httpStatus == 0 ? nil : Int(sample.httpStatus))
    member("bodyBytes", Int(sample.bodyBytes))
    let timings = sample.timings
    member("resolveMicroseconds", Int(timings.resolveMicroseconds))
    member("connectMicroseconds", Int(timings.connectMicroseconds))
    member("tlsMicroseconds", Int(timings.tlsMicroseconds))
    member("firstByteMicroseconds", Int(timings.firstByteMicroseconds))
    member("transferMicroseconds", Int(timings.transferMicroseconds))
    member("totalMicroseconds", Int(timings.totalMicroseconds))
    endObject()
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
