import Wire

/// The matrix of services and consumers on the screen of `status`, or why it is not there.
func renderMatrix(_ part: StatusAnswers.Part, _ page: inout Page) {
  switch part {
  case .notHad(let reason):
    page.blank()
    page.line(Cell("The matrix could not be had: \(reason)", .faint))
  case .had(let node):
    if let reason = node.text("leftOut") {
      page.blank()
      page.line(Cell("The matrix is left out: \(reason)", .faint))
      return
    }
    let matrix = Matrix(node)
    if matrix.isEmpty { return }
    page.blank()
    if let grid = MatrixGrid(matrix, page.display) {
      grid.render(&page)
      renderLegend(matrix, &page)
    } else {
      renderByService(matrix, &page)
    }
  }
}

/// Links and hops apart, as the other figures have them. Each cell has one mark, so that these add up.
private func renderLegend(_ matrix: Matrix, _ page: inout Page) {
  renderLegend(matrix.counts(ofHops: false), nil, &page)
  if matrix.services.contains(where: \.isHop), matrix.services.contains(where: { !$0.isHop }) {
    renderLegend(matrix.counts(ofHops: true), "hops: ", &page)
  } else if matrix.services.allSatisfy(\.isHop) {
    renderLegend(matrix.counts(ofHops: true), nil, &page)
  }
}

private func renderLegend(
  _ counts: [(mark: MatrixMark, count: Int)], _ title: String?, _ page: inout Page
) {
  guard !counts.isEmpty else { return }
  var cells: [Cell] = title.map { [Cell($0)] } ?? []
  let first = cells.count
  for (mark, count) in counts {
    if cells.count > first { cells.append(Cell("  ")) }
    // Not to be parted from its words where the line is broken.
    cells += [mark.cell(page.display), Cell(" \(count) \(mark.words)")]
  }
  page.line(cells)
}

/// Rows of consumers, columns of services under their names, the hops after a gap. The names stand on
/// lines of their own, so that a column is as narrow as its marks.
private struct MatrixGrid {
  private let matrix: Matrix
  private let display: Display
  private let labelWidth: Int
  /// Where each column stands.
  private let places: [Int]

  /// Nil where the terminal is too narrow.
  init?(_ matrix: Matrix, _ display: Display) {
    self.matrix = matrix
    self.display = display
    let labelWidth = matrix.consumers.map(displayWidth).max() ?? 0
    self.labelWidth = labelWidth
    let layouts = [3, 2].map { Self.places(matrix, from: labelWidth + 2, pitch: $0) }
    guard let columns = display.columns else {
      places = layouts[0]
      return
    }
    let names = matrix.services.map { displayWidth($0.id) }
    // Better a cut name than no picture at all.
    let fits =
      layouts.first { zip($0, names).allSatisfy { $0 + $1 <= columns } }
      ?? layouts.first { zip($0, names).allSatisfy { $0 + min($1, Self.cutName) <= columns } }
    guard let fits else { return nil }
    places = fits
  }

  private static let cutName = 8

  private static func places(_ matrix: Matrix, from start: Int, pitch: Int) -> [Int] {
    let gap = matrix.services.contains { !$0.isHop } ? pitch : 0
    return matrix.services.enumerated().map { place, service in
      start + place * pitch + (service.isHop ? gap : 0)
    }
  }

  func render(_ page: inout Page) {
    let line = Cell(display.isUnicode ? "│" : ":", .faint)
    for (column, service) in matrix.services.enumerated() {
      var cells = Array(repeating: line, count: column)
      cells.append(Cell(service.id, service.isHop ? .faint : .strong))
      page.row(spread(cells, after: Cell("")))
    }
    for (row, consumer) in matrix.consumers.enumerated() {
      let marks = matrix.services.map { $0.marks[row].cell(display) }
      page.row(spread(marks, after: Cell(consumer)))
    }
  }

  /// Cells at the places of the first columns.
  private func spread(_ cells: [Cell], after label: Cell) -> [Cell] {
    var line = [label]
    var used = label.width
    for (cell, place) in zip(cells, places) {
      line += [blanks(place - used), cell]
      used = place + cell.width
    }
    return line
  }
}

// MARK: - Narrow terminals

/// Service by service: how many links are up, and which are not.
private func renderByService(_ matrix: Matrix, _ page: inout Page) {
  for service in matrix.services {
    let known = service.marks.filter { $0 != .none }.count
    let up = service.marks.filter { $0 == .up }.count
    page.line(
      Cell(service.id, .strong), Cell(service.isHop ? " (hop)" : ""),
      Cell("  \(up) of \(known) up", up == known ? .good : .plain))
    for mark in MatrixMark.allCases where mark != .up && mark != .none {
      let names = matrix.consumers.indices.filter { service.marks[$0] == mark }
      guard !names.isEmpty else { continue }
      page.line(
        [
          Cell("  "), mark.cell(page.display), Cell(" \(mark.words): ", mark.style),
          Cell(consumers(names, of: service, matrix)),
        ], hang: 4)
    }
  }
}

/// The names, or all but a few of them.
private func consumers(_ places: [Int], of service: Matrix.Service, _ matrix: Matrix) -> String {
  func names(_ places: [Int]) -> String {
    places.map { matrix.consumers[$0] }.joined(separator: ", ")
  }
  let others = matrix.consumers.indices.filter {
    service.marks[$0] != .none && !places.contains($0)
  }
  if others.isEmpty, places.count > 1 { return "all \(places.count)" }
  return others.count <= 3 && places.count > 2 * others.count + 4
    ? "\(places.count), all but \(names(others))" : names(places)
}
