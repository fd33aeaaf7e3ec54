import Base
import Model
import Wire

/// Who uses a service: a province, or the national level.
struct Consumer: Sendable, Hashable {
  var slug: String
  var name: LocalizedName
  /// The two-digit code of the province.
  var code: String?
  /// The code under which the exchange knows the province, such as `H26`.
  var agencyCode: String?
  /// The name with its kind, as of the day the catalogue is read: `Thành phố Đồng Nai`.
  var fullName: LocalizedName

  static let national = Consumer(
    slug: nationalConsumer, name: LocalizedName(en: "National level", vi: "Cấp quốc gia"))

  init(
    slug: String, name: LocalizedName, code: String? = nil, agencyCode: String? = nil,
    fullName: LocalizedName? = nil
  ) {
    self.slug = slug
    self.name = name
    self.code = code
    self.agencyCode = agencyCode
    self.fullName = fullName ?? name
  }
}

/// The provinces in the order of their file, and the national level.
struct ConsumerTable: Sendable {
  private(set) var provinces: [Consumer] = []
  private var index: [String: Int] = [:]
  private var codes: [String: String] = [:]

  func province(_ slug: String) -> Consumer? { index[slug].map { provinces[$0] } }

  var provinceSlugs: [String] { provinces.map(\.slug) }

  /// Adds a province; says what speaks against it.
  fileprivate mutating func add(_ province: Consumer) -> (key: String, problem: String)? {
    if province.slug == Consumer.national.slug {
      return ("slug", "\"national\" stands for the national level, not for a province")
    }
    if index[province.slug] != nil { return ("slug", "\"\(province.slug)\" was given before") }
    if let code = province.code, let other = codes[code] {
      return ("code", "\(code) was given before, to \(other)")
    }
    index[province.slug] = provinces.count
    if let code = province.code { codes[code] = province.slug }
    provinces.append(province)
    return nil
  }
}

/// Reads a list of provinces as they are on a day, counted from 1970-01-01: `changes` hold from the
/// day on that each names.
func readProvinces(
  _ root: JSONNode, file: String, day: Int64, _ complaints: inout Complaints
) -> ConsumerTable {
  var table = ConsumerTable()
  guard let entries = root.array else {
    complaints.add(
      file: file, position: root.position, keyPath: "", message: "expected a list of provinces")
    return table
  }
  for (place, entry) in entries.enumerated() {
    guard
      var reader = FieldReader(entry, file: file, path: "[\(place)]", complaints: &complaints)
    else { continue }
    let province = readProvince(&reader, day: day, &complaints)
    reader.finish(&complaints)
    guard let province else { continue }
    if let (key, problem) = table.add(province) { reader.complain(key, problem, &complaints) }
  }
  return table
}

private let provinceTypes = ["province", "city"]

private func readProvince(
  _ reader: inout FieldReader, day: Int64, _ complaints: inout Complaints
) -> Consumer? {
  let slug = requiredSlug(&reader, "slug", &complaints)
  let english = reader.requiredString("name_en", &complaints)
  let vietnamese = reader.requiredString("name_vi", &complaints)
  let code = placeholderText(&reader, "code", &complaints)
  let agencyCode = placeholderText(&reader, "agency_code", &complaints)
  if let english { checkName(english, &reader, "name_en", &complaints) }
  if let vietnamese { checkName(vietnamese, &reader, "name_vi", &complaints) }
  var type = reader.choice("type", of: provinceTypes, &complaints)
  var fullName = fullName(&reader, &complaints)
  readFacts(&reader, &complaints)
  for var change in reader.objects("changes", &complaints) ?? [] {
    let from = effectiveDay(&change, &complaints)
    let newType = change.choice("type", of: provinceTypes, &complaints)
    let newName = Catalogue.fullName(&change, &complaints)
    readCommunes(&change, &complaints)
    _ = change.string("legal_basis", &complaints)
    change.finish(&complaints)
    guard let from, from <= day else { continue }
    type = newType ?? type
    fullName = newName ?? fullName
  }
  guard let slug, let english, let vietnamese else { return nil }
  // "Ho Chi Minh City" says already what it is.
  let isSaid = type.map { english.lowercased().hasSuffix(" \($0)") } ?? true
  let inEnglish = isSaid ? english : "\(english) \(type ?? "")"
  return Consumer(
    slug: slug, name: LocalizedName(en: english, vi: vietnamese), code: code,
    agencyCode: agencyCode, fullName: LocalizedName(en: inEnglish, vi: fullName ?? vietnamese))
}

private func fullName(
  _ reader: inout FieldReader, _ complaints: inout Complaints
) -> String? {
  guard let text = reader.string("full_name_vi", &complaints) else { return nil }
  checkName(text, &reader, "full_name_vi", &complaints)
  return text
}

private func effectiveDay(
  _ reader: inout FieldReader, _ complaints: inout Complaints
) -> Int64? {
  guard let text = reader.requiredString("effective", &complaints) else { return nil }
  if let day = CivilDay(text) { return day.number }
  reader.complain("effective", "expected a day such as \"2026-04-30\"", &complaints)
  return nil
}

/// What is known of a province and used by nobody here: that it is well-formed is looked at all the
/// same, so that no misspelt key passes for a fact.
private func readFacts(_ reader: inout FieldReader, _ complaints: inout Complaints) {
  for key in ["region_id", "region_vi", "region_en", "agency_code_status"] {
    _ = reader.string(key, &complaints)
  }
  _ = reader.bool("merged", &complaints)
  for var former in reader.objects("merged_from", &complaints) ?? [] {
    _ = placeholderText(&former, "code", &complaints)
    _ = former.requiredString("name_vi", &complaints)
    former.finish(&complaints)
  }
  readCommunes(&reader, &complaints)
}

private func readCommunes(_ parent: inout FieldReader, _ complaints: inout Complaints) {
  guard var reader = parent.object("commune_units", &complaints) else { return }
  for key in ["total", "wards", "communes", "special_zones"] {
    _ = reader.int(key, range: 0...10_000, &complaints)
  }
  reader.finish(&complaints)
}

/// A code that goes into URLs as it is.
private func placeholderText(
  _ reader: inout FieldReader, _ key: String, _ complaints: inout Complaints
) -> String? {
  guard let text = reader.string(key, &complaints) else { return nil }
  if (1...32).contains(text.utf8.count), text.utf8.allSatisfy(isFileNameByte) { return text }
  reader.complain(key, "expected 1 to 32 letters and digits", &complaints)
  return nil
}

/// A text that identifies something and must be there.
func requiredSlug(
  _ reader: inout FieldReader, _ key: String, _ complaints: inout Complaints
) -> String? {
  reader.require(key, &complaints)
  return slug(&reader, key, &complaints)
}

/// A text that identifies something; nil where there is none or, after a complaint, a wrong one.
func slug(
  _ reader: inout FieldReader, _ key: String, _ complaints: inout Complaints
) -> String? {
  guard let text = reader.string(key, &complaints) else { return nil }
  if isSlug(text) { return text }
  reader.complain(key, slugExpected(text), &complaints)
  return nil
}

func slugExpected(_ text: String) -> String {
  "expected 1 to 64 of a-z, 0-9 and inner \"-\", such as \"civil-registry\", got "
    + "\"\(printable(text, limit: 70))\""
}

/// Complains of a name that could not be shown as it is meant. Names are in Unicode NFC, in which
/// Vietnamese has no combining marks: two spellings of one name would look the same and differ.
func checkName(
  _ text: String, _ reader: inout FieldReader, _ key: String, _ complaints: inout Complaints
) {
  let scalars = text.unicodeScalars
  if scalars.isEmpty || scalars.count > Ranges.nameCharacters {
    reader.complain(key, "expected 1 to \(Ranges.nameCharacters) characters", &complaints)
  } else if printable(text, limit: .max) != text {
    reader.complain(key, "expected a text without control characters", &complaints)
  } else if scalars.contains(where: { (0x300...0x36F).contains($0.value) }) {
    reader.complain(
      key, "the accents are separate marks; write composed letters (Unicode NFC)", &complaints)
  }
}
