import Base

/// What a directory that holds a whole catalogue has where: `systems/`, `organisations.json5` and
/// `provinces.json`, and where they are there `calendars/` and `maintenance.json5`. A directory without
/// `systems/` holds services alone.
struct CatalogueLayout {
  /// Files of services, and directories of nothing else.
  private(set) var services: [NamedPath] = []
  private(set) var organisations: NamedPath?
  private(set) var provinces: NamedPath?
  private(set) var calendars: NamedPath?
  private(set) var maintenance: NamedPath?

  init(_ sources: CatalogueSources, _ access: FileAccess) {
    for entry in sources.services {
      let systems = resolve("systems", from: entry.path)
      guard !namesFile(entry.path), (try? access.list(systems)) != nil else {
        services.append(entry)
        continue
      }
      services.append(NamedPath(systems, origin: entry.origin))
      // The first that has them gives them for all.
      organisations = organisations ?? Self.file("organisations.json5", in: entry, access)
      provinces = provinces ?? Self.file("provinces.json", in: entry, access)
      maintenance = maintenance ?? Self.file("maintenance.json5", in: entry, access)
      let calendars = resolve("calendars", from: entry.path)
      if self.calendars == nil, (try? access.list(calendars)) != nil {
        self.calendars = NamedPath(calendars, origin: entry.origin)
      }
    }
  }

  private static func file(
    _ name: String, in directory: NamedPath, _ access: FileAccess
  ) -> NamedPath? {
    let path = resolve(name, from: directory.path)
    return (try? access.read(path)) == nil ? nil : NamedPath(path, origin: directory.origin)
  }
}
