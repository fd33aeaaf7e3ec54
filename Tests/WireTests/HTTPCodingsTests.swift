import Testing

@testable import Wire

struct HTTPCodingsTests {
  @Test(
    "the codings of an answer are counted over all its lines",
    arguments: [
      (["Content-Encoding: gzip"], 1, 0, "one"),
      (["content-encoding:gzip,br"], 2, 0, "two in a line, in small letters, without a blank"),
      (["Content-Encoding: gzip", "CONTENT-ENCODING: gzip"], 2, 0, "two in two lines"),
      (["Content-Encoding: identity"], 0, 0, "none by another name"),
      (["Content-Encoding: , ,"], 0, 0, "nothing between commas"),
      (["Transfer-Encoding: chunked"], 0, 0, "how bodies of unknown length are sent"),
      (["Transfer-Encoding: Chunked \r\n"], 0, 0, "the same with the line's end"),
      (["Transfer-Encoding: gzip, chunked"], 0, 1, "packed on the way"),
      (["Content-Encoding : gzip"], 1, 0, "libcurl reads that too"),
      (["Content-Encodings: gzip", "X: Content-Encoding: gzip"], 0, 0, "other headers"),
      (["Content-Encoding gzip", "", "T", "c:"], 0, 0, "no headers at all"),
    ])
  func counted(lines: [String], content: Int, transfer: Int, reason: String) {
    var codings = HTTPCodings()
    for line in lines { codings.take(Array(line.utf8)) }
    #expect(codings.content == content, "\(reason)")
    #expect(codings.transfer == transfer, "\(reason)")
  }
}
