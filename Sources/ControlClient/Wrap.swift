/// A line of cells as several, each at most `columns` wide, broken between words; the lines after
/// the first start with `hang` blanks. A word that is wider than a line is broken where it must be.
func wrapped(_ line: [Cell], columns: Int, hang: Int) -> [[Cell]] {
  guard line.reduce(0, { $0 + $1.width }) > columns, columns > hang + 1 else { return [line] }
  var wrapper = Wrapper(columns: columns, hang: hang)
  for cell in line {
    for word in words(cell.text) { wrapper.add(Cell(word, cell.style)) }
  }
  return wrapper.finished
}

private struct Wrapper {
  let columns: Int
  let hang: Int
  private var lines: [[Cell]] = []
  private var line: [Cell] = []
  private var used = 0

  init(columns: Int, hang: Int) {
    self.columns = columns
    self.hang = hang
  }

  var finished: [[Cell]] { line.isEmpty ? lines : lines + [line] }

  mutating func add(_ word: Cell) {
    var word = word
    let isBlank = word.text.first == " "
    if used + word.width > columns, !line.isEmpty {
      startLine()
      if isBlank { return }
    }
    while used + word.width > columns {
      let part = prefix(of: word.text, columns: columns - used)
      // Not even one letter fits: the terminal shows what it can.
      guard !part.isEmpty else { break }
      line.append(Cell(part, word.style))
      let scalars = word.text.unicodeScalars.dropFirst(part.unicodeScalars.count)
      word = Cell(String(String.UnicodeScalarView(scalars)), word.style)
      startLine()
    }
    line.append(word)
    used += word.width
  }

  private mutating func startLine() {
    lines.append(line)
    line = [Cell(String(repeating: " ", count: hang))]
    used = hang
  }
}

/// The words of a text and the runs of blanks between them, in order.
private func words(_ text: String) -> [String] {
  var words: [String] = []
  for letter in text {
    if let last = words.last?.last, (last == " ") == (letter == " ") {
      words[words.count - 1].append(letter)
    } else {
      words.append(String(letter))
    }
  }
  return words
}
