import Base
import Testing

@testable import Wire

@Suite("SHA-256, HMAC and base64")
struct DigestTests {
  @Test(
    "SHA-256 gives the published digests",
    arguments: [
      (
        "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "FIPS 180-4: one block"
      ),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        "FIPS 180-4: the padding needs a block of its own"
      ),
      (
        "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "the empty message"
      ),
      (
        "a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
        "FIPS 180-4: a million letters"
      ),
    ])
  func published(unit: String, count: Int, digest: String, reason: String) {
    let message = Array(String(repeating: unit, count: count).utf8)
    #expect(hexadecimal(sha256(message)) == digest, "\(reason)")
  }

  @Test("SHA-256 gives the same digest whatever parts the bytes come in")
  func parts() {
    var generator = SeededGenerator(seed: 3)
    for length in [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 300] {
      let message = (0..<length).map { _ in UInt8(generator.below(256)) }
      let whole = sha256(message)
      for cut in 0...length {
        var hash = SHA256()
        hash.update(Array(message[..<cut]))
        #expect(hash.digest() == sha256(Array(message[..<cut])), "a digest disturbs nothing")
        hash.update(Array(message[cut...]))
        #expect(hash.digest() == whole, "\(length) bytes cut at \(cut)")
      }
    }
  }

  @Test(
    "HMAC-SHA-256 gives the codes of RFC 4231",
    arguments: [
      (
        [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
      ),
      (
        Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
      ),
      (
        [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
      ),
      (
        Array(1...25), [UInt8](repeating: 0xCD, count: 50),
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
      ),
      (
        [UInt8](repeating: 0xAA, count: 131),
        Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
      ),
      (
        [UInt8](repeating: 0xAA, count: 131),
        Array(
          ("This is a test using a larger than block-size key and a larger than block-size data. "
            + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
      ),
    ] as [([UInt8], [UInt8], String)])
  func codes(key: [UInt8], message: [UInt8], code: String) {
    #expect(hexadecimal(hmacSHA256(key: key, message: message)) == code)
  }

  @Test("bytes are compared whole")
  func comparing() {
    #expect(constantTimeEquals([], []))
    #expect(constantTimeEquals([1, 2], [1, 2]))
    #expect(!constantTimeEquals([1, 2], [1, 3]))
    #expect(!constantTimeEquals([3, 2], [1, 2]))
    #expect(!constantTimeEquals([1, 2], [1, 2, 0]))
  }

  @Test(
    "base64 gives the vectors of RFC 4648 both ways",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
  func vectors(plain: String, encoded: String) {
    #expect(base64Encode(Array(plain.utf8)) == encoded)
    #expect(base64Decode(encoded) == Array(plain.utf8))
  }

  @Test(
    "base64 that nobody would write is refused",
    arguments: [
      ("Zg", "padding is missing"), ("Zg=", "half of the padding is missing"),
      ("Zh==", "an unused bit is set"), ("Zm9=", "an unused bit is set"),
      ("Zg==Zg==", "padding in the middle"), ("Z===", "too much padding"), ("====", "padding only"),
      ("Zm9v\n", "a line end"), ("Zm 9", "a space"), ("Zm-_", "the other alphabet"),
      ("Zộ=", "a letter outside ASCII"), ("=m9v", "padding first"),
      ("Zg=g", "a digit after padding"),
    ])
  func refused(text: String, reason: String) {
    #expect(base64Decode(text) == nil, "\(reason)")
  }

  @Test("base64 brings every byte back")
  func roundTrip() {
    for length in [254, 255, 256] {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
      #expect(base64Decode(base64Encode(bytes)) == bytes)
    }
  }
}
