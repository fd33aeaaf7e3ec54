import Base

/// Reads an object key by key and collects every mistake instead of stopping at the first.
///
/// Each read returns nil where the key is absent, and also where its value is wrong, which is then
/// complained of; a caller that needs to tell the two apart asks ``has(_:)``. `null` is a value of
/// the wrong type, not an absent key. At the end ``finish(_:)`` complains of the keys that nobody
/// asked for.
package struct FieldReader: Sendable {
  package let file: String
  /// The way to this object, such as `probes[0].request`; empty at the top of a file.
  package let path: String
  /// Where the object opens.
  package let position: Position

  private let members: [JSONMember]
  /// The keys asked for, in order: what ``finish(_:)`` may suggest.
  private var asked: [String] = []
  private var isAsked: [Bool]

  /// A reader of an object; complains and returns nil where the node is something else.
  package init?(_ node: JSONNode, file: String, path: String, complaints: inout Complaints) {
    guard let members = node.object else {
      complaints.add(
        file: file, position: node.position, keyPath: path,
        message: "expected an object, got \(shown(node))")
      return nil
    }
    self.file = file
    self.path = path
    self.position = node.position
    self.members = members
    self.isAsked = Array(repeating: false, count: members.count)
  }

  // MARK: Presence

  /// The value of a key, whatever it is.
  package mutating func node(_ key: String) -> JSONNode? {
    asked.append(key)
    guard let index = index(of: key) else { return nil }
    isAsked[index] = true
    return members[index].node
  }

  /// Whether the key is there; asking does not count as reading it.
  package func has(_ key: String) -> Bool { index(of: key) != nil }

  /// Complains if a key is absent.
  package func require(_ key: String, _ complaints: inout Complaints) {
    if !has(key) { complain(nil, "the key \"\(key)\" is missing", &complaints) }
  }

  /// All members in the order of the text, for objects whose keys are names; each counts as read.
  package mutating func allMembers() -> [JSONMember] {
    for index in isAsked.indices { isAsked[index] = true }
    return members
  }

  // MARK: Plain values

  package mutating func string(_ key: String, _ complaints: inout Complaints) -> String? {
    read(key, &complaints, expected: "a string") { $0.string }
  }

  /// A string that must be there.
  package mutating func requiredString(
    _ key: String, _ complaints: inout Complaints
  ) -> String? {
    require(key, &complaints)
    return string(key, &complaints)
  }

  package mutating func bool(_ key: String, _ complaints: inout Complaints) -> Bool? {
    read(key, &complaints, expected: "true or false") { $0.bool }
  }

  package mutating func int(
    _ key: String, range: ClosedRange<Int> = Int.min...Int.max, _ complaints: inout Complaints
  ) -> Int? {
    guard let node = node(key) else { return nil }
    if let value = node.int, range.contains(value) { return value }
    var expected = "a whole number"
    if range != Int.min...Int.max { expected += " from \(range.lowerBound) to \(range.upperBound)" }
    complain(key, "expected \(expected), got \(shown(node))", &complaints)
    return nil
  }

  /// One of some fixed words.
  package mutating func choice(
    _ key: String, of words: [String], _ complaints: inout Complaints
  ) -> String? {
    guard let node = node(key) else { return nil }
    if let word = node.string, words.contains(word) { return word }
    let list = words.map { "\"\($0)\"" }.joined(separator: ", ")
    var message = "expected one of \(list), got \(shown(node))"
    if let word = node.string, let meant = nearest(word, among: words) {
      message += "; did you mean \"\(meant)\"?"
    }
    complain(key, message, &complaints)
    return nil
  }

  // MARK: Values with units

  /// A length of time; see ``parseDuration(_:)``.
  package mutating func duration(
    _ key: String, range: ClosedRange<TimeAmount> = .zero...TimeAmount(nanoseconds: .max),
    _ complaints: inout Complaints
  ) -> TimeAmount? {
    let expected = "a duration such as \"5s\""
    let value = read(key, &complaints, expected: expected) { $0.string.flatMap(parseDuration) }
    guard let value, !range.contains(value) else { return value }
    complainOfRange(
      key, "a duration", "\(value)", below: value < range.lowerBound, "\(range.lowerBound)",
      "\(range.upperBound)", &complaints)
    return nil
  }

  /// A size in bytes; see ``parseSize(_:)``.
  package mutating func size(
    _ key: String, range: ClosedRange<Int> = 0...Int.max, _ complaints: inout Complaints
  ) -> Int? {
    let expected = "a size such as \"64KiB\""
    let value = read(key, &complaints, expected: expected) { $0.string.flatMap(parseSize) }
    guard let value, !range.contains(value) else { return value }
    complainOfRange(
      key, "a size", sizeDescription(value), below: value < range.lowerBound,
      sizeDescription(range.lowerBound), sizeDescription(range.upperBound), &complaints)
    return nil
  }

  /// A share in permille; see ``parsePercent(_:)``.
  package mutating func percent(
    _ key: String, range: ClosedRange<Int> = 0...1_000, _ complaints: inout Complaints
  ) -> Int? {
    let expected = "a percentage such as \"20%\" or \"0.5%\""
    let value = read(key, &complaints, expected: expected) { $0.string.flatMap(parsePercent) }
    guard let value, !range.contains(value) else { return value }
    complainOfRange(
      key, "a percentage", percentDescription(permille: value), below: value < range.lowerBound,
      percentDescription(permille: range.lowerBound),
      percentDescription(permille: range.upperBound), &complaints)
    return nil
  }

  // MARK: Lists and objects

  /// A list of strings; those that are something else are complained of one by one, and then the
  /// whole is nil.
  package mutating func strings(
    _ key: String, _ complaints: inout Complaints
  ) -> [String]? {
    guard let elements = read(key, &complaints, expected: "a list of strings", \.array) else {
      return nil
    }
    var strings: [String] = []
    for (index, element) in elements.enumerated() {
      if let string = element.string {
        strings.append(string)
      } else {
        complaints.add(
          file: file, position: element.position, keyPath: "\(keyPath(key))[\(index)]",
          message: "expected a string, got \(shown(element))")
      }
    }
    return strings.count == elements.count ? strings : nil
  }

  /// A reader of the object within.
  package mutating func object(
    _ key: String, _ complaints: inout Complaints
  ) -> FieldReader? {
    guard let node = node(key) else { return nil }
    return FieldReader(node, file: file, path: keyPath(key), complaints: &complaints)
  }

  /// Readers of a list of objects, in order; elements that are no objects are complained of and left
  /// out.
  package mutating func objects(
    _ key: String, _ complaints: inout Complaints
  ) -> [FieldReader]? {
    guard let elements = read(key, &complaints, expected: "a list of objects", \.array) else {
      return nil
    }
    let listPath = keyPath(key)
    var readers: [FieldReader] = []
    readers.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      let path = "\(listPath)[\(index)]"
      if let reader = FieldReader(element, file: file, path: path, complaints: &complaints) {
        readers.append(reader)
      }
    }
    return readers
  }

  // MARK: Complaints

  /// Where the value of a key stands; where the object opens if the key is absent.
  package func position(of key: String) -> Position {
    index(of: key).map { members[$0].node.position } ?? position
  }

  /// Where an element of a list stands; where the list is, if it has no such element.
  package func elementPosition(of key: String, _ place: Int) -> Position {
    guard let elements = index(of: key).flatMap({ members[$0].node.array }),
      elements.indices.contains(place)
    else { return position(of: key) }
    return elements[place].position
  }

  /// The way to a key of this object; a key that is no plain word stands in brackets.
  package func keyPath(_ key: String) -> String {
    let isPlain = key.utf8.allSatisfy { isWordByte($0) || $0 == UInt8(ascii: "-") }
    if isPlain, !key.isEmpty { return path.isEmpty ? key : "\(path).\(key)" }
    return "\(path)[\"\(printable(key, limit: 64))\"]"
  }

  /// Adds a complaint about the value of a key, or about the object as a whole.
  package func complain(_ key: String?, _ message: String, _ complaints: inout Complaints) {
    complaints.add(
      file: file, position: key.map(position(of:)) ?? position,
      keyPath: key.map(keyPath) ?? path, message: message)
  }

  /// Complains of every key that was never asked for, naming the nearest of those that were.
  package func finish(_ complaints: inout Complaints) {
    for (index, member) in members.enumerated() where !isAsked[index] {
      // An earlier one of two equal keys is a duplicate, not unknown.
      if asked.contains(member.key) { continue }
      var message = "unknown key \"\(printable(member.key, limit: 64))\""
      if !complaints.isFull, let meant = nearestAsked(member.key) {
        message += "; did you mean \"\(meant)\"?"
      }
      complaints.add(
        file: file, position: member.keyPosition, keyPath: path, message: message)
    }
  }

  /// The key that was meant, rather one that is missing than one that is there.
  private func nearestAsked(_ key: String) -> String? {
    nearest(key, among: asked.filter { !has($0) }) ?? nearest(key, among: asked)
  }

  // MARK: Helpers

  private func index(of key: String) -> Int? { members.lastIndex { $0.key == key } }

  private mutating func read<Value>(
    _ key: String, _ complaints: inout Complaints, expected: String,
    _ convert: (JSONNode) -> Value?
  ) -> Value? {
    guard let node = node(key) else { return nil }
    if let value = convert(node) { return value }
    complain(key, "expected \(expected), got \(shown(node))", &complaints)
    return nil
  }

  private func complainOfRange(
    _ key: String, _ noun: String, _ value: String, below: Bool, _ least: String, _ most: String,
    _ complaints: inout Complaints
  ) {
    let bound = below ? "at least \(least)" : "at most \(most)"
    complain(key, "expected \(noun) of \(bound), got \(value)", &complaints)
  }
}

/// What a value is, in words for a complaint.
private func shown(_ node: JSONNode) -> String {
  switch node.value {
  case .null: "null"
  case .bool(let flag): "\(flag)"
  case .number(let number): "the number \(printable(number.text, limit: 40))"
  case .string(let text): "the string \"\(printable(text, limit: 40))\""
  case .array: "a list"
  case .object: "an object"
  }
}
