/// A column of a table.
package struct Column: Sendable, Hashable {
  package enum Alignment: Sendable { case left, right }

  package var title: String
  package var alignment: Alignment
  /// Whether the column may become narrower than its content to fit the terminal.
  package var isShrinkable: Bool
  /// Columns with a rank are left out of a table that would not fit, the lowest first.
  package var dropRank: Int?

  package init(
    _ title: String, _ alignment: Alignment = .left, isShrinkable: Bool = false,
    dropRank: Int? = nil
  ) {
    self.title = title
    self.alignment = alignment
    self.isShrinkable = isShrinkable
    self.dropRank = dropRank
  }
}

/// Rows under a head, aligned by display width, two blanks between the columns.
package struct Table: Sendable, Hashable {
  package var columns: [Column]
  package private(set) var rows: [[Cell]] = []

  /// A shrinkable column keeps at least this many columns of the terminal.
  package static let shrunkWidth = 24
  private static let gap = 2

  package init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row with a cell for each column.
  package mutating func row(_ cells: [Cell]) {
    precondition(cells.count == columns.count, "a cell for each column")
    rows.append(cells)
  }

  func lines(_ display: Display) -> [[Cell]] {
    guard display.zone != nil else { return laidOut(display) }
    var table = self
    table.rows = rows.map { $0.map { $0.localised(display) } }
    return table.laidOut(display)
  }

  private func laidOut(_ display: Display) -> [[Cell]] {
    var widths = naturalWidths
    var shown = Array(columns.indices)
    if let room = display.columns {
      shown = columnsThatFit(widths, room)
      shrink(&widths, shown, room)
    }
    let head = columns.map { Cell($0.title, .strong) }
    return ([head] + rows).map { line($0, shown, widths, display) }
  }

  private func line(
    _ cells: [Cell], _ shown: [Int], _ widths: [Int], _ display: Display
  ) -> [Cell] {
    var line: [Cell] = []
    for index in shown {
      if index != shown.first { line.append(blanks(Self.gap)) }
      let cell = cells[index].fitted(to: widths[index], display)
      let padding = blanks(widths[index] - cell.width)
      line += columns[index].alignment == .left ? [cell, padding] : [padding, cell]
    }
    return line
  }

  private func blanks(_ count: Int) -> Cell { Cell(String(repeating: " ", count: max(0, count))) }
}

// MARK: - Fitting a terminal

extension Table {
  private var naturalWidths: [Int] {
    var widths = columns.map { displayWidth($0.title) }
    for row in rows {
      for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.width) }
    }
    return widths
  }

  private func total(_ widths: [Int], _ shown: [Int]) -> Int {
    Self.gap * (shown.count - 1) + shown.reduce(0) { $0 + widths[$1] }
  }

  /// Leaves columns out until the rest fits, with those that can shrink at their narrowest.
  private func columnsThatFit(_ widths: [Int], _ room: Int) -> [Int] {
    let narrowest = columns.indices.map {
      columns[$0].isShrinkable ? min(widths[$0], Self.shrunkWidth) : widths[$0]
    }
    var shown = Array(columns.indices)
    while total(narrowest, shown) > room {
      let ranks = shown.compactMap { columns[$0].dropRank }
      guard let lowest = ranks.min() else { break }
      shown.removeAll { columns[$0].dropRank == lowest }
    }
    return shown
  }

  /// The widest column gives first, down to the next widest, so that short ones stay whole.
  private func shrink(_ widths: inout [Int], _ shown: [Int], _ room: Int) {
    var excess = total(widths, shown) - room
    while excess > 0 {
      let shrinkable = shown.filter {
        columns[$0].isShrinkable && widths[$0] > Self.shrunkWidth
      }
      guard let widest = shrinkable.max(by: { widths[$0] < widths[$1] }) else { return }
      widths[widest] -= 1
      excess -= 1
    }
  }
}
