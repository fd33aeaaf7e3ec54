import Base

/// How a piece of text is meant; without colour all look the same.
package enum Style: Sendable, Hashable {
  case plain
  case strong
  case faint
  case good
  case warning
  case bad

  /// Parameters of the terminal's SGR sequence (ECMA-48 section 8.3.117); nil for plain text.
  fileprivate var parameters: String? {
    switch self {
    case .plain: nil
    case .strong: "1"
    case .faint: "2"
    case .good: "32"
    case .warning: "33"
    case .bad: "31"
    }
  }
}

/// A piece of text on its way to the terminal. There is no other way there, and every piece goes
/// through `printable`: no control sequence from the daemon or from the other side gets through.
package struct Cell: Sendable, Hashable {
  package private(set) var text: String
  package var style: Style

  package static let textCharacters = 4_096

  package init(_ text: String, _ style: Style = .plain) {
    self.text = printable(text, limit: Self.textCharacters)
    self.style = style
  }

  package var width: Int { displayWidth(text) }

  func fitted(to columns: Int, _ display: Display) -> Cell {
    var cut = self
    cut.text = ControlClient.fitted(text, to: columns, mark: display.cutMark)
    return cut
  }

  /// With the times in it by the clock of the display's zone.
  func localised(_ display: Display) -> Cell {
    guard display.zone != nil, text.utf8.count >= 24 else { return self }
    var changed = self
    changed.text = ControlClient.localised(text, display)
    return changed
  }

  func replacing(_ letter: Character, with other: Character) -> Cell {
    var changed = self
    changed.text = String(text.map { $0 == letter ? other : $0 })
    return changed
  }
}

/// Lines of cells, made into text at the end.
package struct Page: Sendable {
  package let display: Display
  package private(set) var lines: [[Cell]] = []

  package init(_ display: Display) { self.display = display }

  /// Adds a line of prose, which goes on below on a narrow terminal, after `hang` blanks.
  package mutating func line(_ cells: Cell..., hang: Int = 2) { line(cells, hang: hang) }
  package mutating func line(_ cells: [Cell], hang: Int = 2) {
    let cells = cells.map { $0.localised(display) }
    guard let columns = display.columns else { return lines.append(cells) }
    lines += wrapped(cells, columns: columns, hang: hang)
  }
  /// Adds a line that is cut on a narrow terminal.
  package mutating func row(_ cells: [Cell]) { lines.append(cells.map { $0.localised(display) }) }
  package mutating func blank() { lines.append([]) }

  package mutating func table(_ table: Table) {
    lines += table.lines(display)
  }

  /// Replaces a letter in all lines after the first, as a reader of the output may ask.
  mutating func replaceAfterFirstLine(_ letter: Character, with other: Character) {
    for index in lines.indices.dropFirst() {
      lines[index] = lines[index].map { $0.replacing(letter, with: other) }
    }
  }

  /// The text, each line ended by a newline, cut to the terminal and without blanks at the end.
  package var text: String {
    var text = ""
    for line in lines {
      write(line, into: &text)
      text += "\n"
    }
    return text
  }

  private func write(_ line: [Cell], into text: inout String) {
    for cell in withoutTrailingBlanks(cutToTerminal(line)) {
      if display.hasColor, let parameters = cell.style.parameters, !cell.text.isEmpty {
        text += "\u{1B}[\(parameters)m\(cell.text)\u{1B}[0m"
      } else {
        text += cell.text
      }
    }
  }

  private func cutToTerminal(_ line: [Cell]) -> [Cell] {
    guard let columns = display.columns, line.reduce(0, { $0 + $1.width }) > columns else {
      return line
    }
    var room = max(0, columns - displayWidth(display.cutMark))
    var kept: [Cell] = []
    for cell in line {
      if cell.width > room {
        kept.append(Cell(prefix(of: cell.text, columns: room) + display.cutMark, cell.style))
        break
      }
      kept.append(cell)
      room -= cell.width
    }
    return kept
  }

  private func withoutTrailingBlanks(_ line: [Cell]) -> [Cell] {
    var line = line
    while let last = line.popLast() {
      let kept = last.text.trimmingSuffix(" ")
      if kept.isEmpty { continue }
      line.append(Cell(kept, last.style))
      break
    }
    return line
  }
}

extension String {
  fileprivate func trimmingSuffix(_ letter: Character) -> String {
    var end = endIndex
    while end > startIndex, self[index(before: end)] == letter { end = index(before: end) }
    return String(self[..<end])
  }
}
