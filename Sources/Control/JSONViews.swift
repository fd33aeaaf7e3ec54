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
}
