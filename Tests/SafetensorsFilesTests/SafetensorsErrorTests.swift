import JSON
import SafetensorsFiles
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Checks that each error says where, what, and what next.
@Suite struct SafetensorsErrorTests {
  static let writeAgain = "the writer broke the format, so write it again"
  static let anotherCopy = "it is damaged, so download or write it again"

  static let messages: [(SafetensorsError, String)] = [
    (.cannotOpen(path: "m", code: ENOENT), "m: there is no such file; check the name"),
    (.cannotOpen(path: "m", code: EACCES), "m: you may not read it; ask its owner for permission"),
    (
      .cannotOpen(path: "m", code: ENXIO),
      "m: is a device or socket, not a file; name a .safetensors file"
    ),
    (
      .cannotOpen(path: "m", code: EMFILE),
      "m: too many files are open; raise the limit with 'ulimit -n'"
    ),
    (
      .cannotOpen(path: "m", code: EIO),
      "m: cannot be opened (Input/output error); check the disk"
    ),
    (
      .notARegularFile(path: "m", kind: "a folder"),
      "m: is a folder, not a file; name a .safetensors file"
    ),
    (
      .cannotRead(path: "m", tensor: "t", code: EIO),
      "m: tensor 't' cannot be read: Input/output error; check the disk"
    ),
    (
      .becameShorter(path: "m", tensor: "t", expectedBytes: 9, actualBytes: 5),
      "m: became shorter while it was read, 5 bytes instead of 9, and tensor 't' is lost; wait "
        + "until "
        + "nothing writes to it and run again"
    ),
    (
      .becameShorter(path: "m", tensor: nil, expectedBytes: 9, actualBytes: 5),
      "m: became shorter while it was read, 5 bytes instead of 9, and the header is lost; wait "
        + "until "
        + "nothing writes to it and run again"
    ),
    (
      .foreignFormat(path: "m", format: .gguf),
      "m: is a GGUF file, not safetensors; give it the suffix .gguf to have it read as GGUF"
    ),
    (
      .foreignFormat(path: "m", format: .zip),
      "m: is a zip archive, as PyTorch's .bin and .pt files are, not safetensors; convert it to "
        + "safetensors first"
    ),
    (
      .foreignFormat(path: "m", format: .pickle),
      "m: is a Python pickle, as old PyTorch .bin files are, not safetensors; convert it to "
        + "safetensors first"
    ),
    (
      .foreignFormat(path: "m", format: .hdf5),
      "m: is an HDF5 file, not safetensors; give it the suffix .h5 to have it read as HDF5"
    ),
    (
      .foreignFormat(path: "m", format: .gitLFSPointer),
      "m: is a Git LFS pointer, not safetensors; fetch the file itself with 'git lfs pull'"
    ),
    (
      .tooShort(path: "m", actualBytes: 7),
      "m: holds 7 bytes, fewer than the 8 that every safetensors file starts with; download it "
        + "again"
    ),
    (
      .truncated(path: "m", expectedBytes: 9, actualBytes: 5),
      "m: holds 5 bytes but its header describes 9; download it again"
    ),

    (
      .headerTooLarge(path: "m", headerBytes: 1 << 63),
      "m: claims a header of 9223372036854775808 bytes, more than the 100000000 that the format "
        + "allows; check that it is a safetensors file"
    ),
    (
      .headerNotAnObject(path: "m", firstByte: 91),
      "m: the header starts with byte 91 where '{' should stand; check that it is a safetensors "
        + "file"
    ),
    (
      .headerNotAnObject(path: "m", firstByte: nil),
      "m: the header is empty where '{' should stand; check that it is a safetensors file"
    ),
    (
      .invalidHeader(
        path: "m", name: "t", JSONError(byteOffset: 30, problem: .duplicateKey("shape"))),
      "m: the header breaks at byte 38, in the entry 't': the key 'shape' stands twice in one "
        + "object; "
        + anotherCopy
    ),
    (
      .invalidHeader(path: "m", name: nil, JSONError(byteOffset: 0, problem: .unexpectedEnd)),
      "m: the header breaks at byte 8: the JSON text ends inside a value; \(anotherCopy)"
    ),
    (
      .duplicateName(path: "m", name: "t"),
      "m: the name 't' stands twice in the header; \(writeAgain)"
    ),
    (
      .invalidMetadata(path: "m", found: "'step' is 5"),
      "m: '__metadata__' should map strings to strings, but 'step' is 5; \(writeAgain)"
    ),

    (
      .entryNotAnObject(path: "m", tensor: "t", found: "5"),
      "m: tensor 't' is described by 5, not by an object; \(writeAgain)"
    ),
    (
      .missingKey(path: "m", tensor: "t", key: "dtype"),
      "m: tensor 't' has no 'dtype'; \(writeAgain)"
    ),
    (
      .unknownElementType(path: "m", tensor: "t", found: "Q8"),
      "m: tensor 't' has the element type 'Q8', which this version does not know; convert it to "
        + "one "
        + "of F64 F32 F16 BF16 F8_E4M3 F8_E5M2 F8_E8M0 F6_E2M3 F6_E3M2 F4 I64 I32 I16 I8 U64 U32 "
        + "U16 "
        + "U8 C64 BOOL"
    ),
    (
      .invalidShape(path: "m", tensor: "t", found: "[-1]"),
      "m: tensor 't' has the shape [-1], which is not a list of whole numbers from 0 up; "
        + "\(writeAgain)"
    ),
    (
      .sizeOverflow(path: "m", tensor: "t", shape: [1, 2, 3, 4, 5, 6, 7, 8, 9]),
      "m: tensor 't' has the shape [1, 2, 3, 4, 5, 6, 7, 8, …], too large for 64 bits; "
        + "\(writeAgain)"
    ),
    (
      .brokenByte(path: "m", tensor: "t", elementType: .f6E2M3, shape: [3, 1]),
      "m: tensor 't' has the shape [3, 1], which does not fill whole bytes with 6 bits each; "
        + writeAgain
    ),
    (
      .invalidOffsets(path: "m", tensor: "t", found: "[1]"),
      "m: tensor 't' has the data_offsets [1], which are not two whole numbers from 0 up; "
        + "\(writeAgain)"
    ),
    (
      .reversedOffsets(path: "m", tensor: "t", begin: 4, end: 0),
      "m: tensor 't' begins at 4 but ends at 0; \(writeAgain)"
    ),
    (
      .sizeMismatch(path: "m", tensor: "t", describedBytes: 8, storedBytes: 4),
      "m: tensor 't' needs 8 bytes by its shape and type but has 4; \(writeAgain)"
    ),
    (
      .brokenLayout(path: "m", tensor: "t", expectedOffset: 4, actualOffset: 8),
      "m: tensor 't' starts at data byte 8, expected 4; the writer left a gap, so write it again"
    ),
    (
      .brokenLayout(path: "m", tensor: "t", expectedOffset: 4, actualOffset: 2),
      "m: tensor 't' starts at data byte 2, expected 4; the writer left an overlap, so write it "
        + "again"
    ),
    (
      .unownedBytes(path: "m", count: 3),
      "m: 3 bytes at the end belong to no tensor; \(anotherCopy)"
    ),
    (
      .splitByte(path: "m", tensor: "t", elementType: .f4),
      "m: tensor 't' packs its F4 elements across rows, and the rows asked for end inside a byte; "
        + "read all rows at once"
    ),

    (.cannotWrite(path: "m", code: ENOENT), "m: there is no such folder; make it first"),
    (
      .cannotWrite(path: "m", code: EACCES),
      "m: you may not write here; ask for permission or choose another folder"
    ),
    (.cannotWrite(path: "m", code: EROFS), "m: the disk is read-only; choose another folder"),
    (
      .cannotWrite(path: "m", code: ENOSPC),
      "m: the disk is full and nothing was kept; free some space and run again"
    ),
    (
      .cannotWrite(path: "m", code: EFBIG),
      "m: the file is too large for this disk or your limits; check 'ulimit -f'"
    ),
    (
      .cannotWrite(path: "m", code: EIO),
      "m: cannot be written (Input/output error); check the disk"
    ),
    (
      .reservedName(path: "m", name: "__metadata__"),
      "m: no tensor may be called '__metadata__', which the format keeps for metadata; rename it"
    ),
    (
      .tooManyTensors(path: "m", tensorCount: 2, headerBytes: 100_000_008),
      "m: 2 tensors and the metadata need a header of 100000008 bytes, more than the 100000000 "
        + "that "
        + "the format allows; spread them over several files"
    ),
    (
      .wrongByteCount(path: "m", declaredBytes: 8, givenBytes: 4),
      "m: its tensors have 8 bytes but 4 were given, so it was not written; give every tensor "
        + "whole "
        + "and once"
    ),
  ]

  @Test("says where, what, and what next", arguments: messages.indices)
  func message(index: Int) {
    #expect(Self.messages[index].0.description == Self.messages[index].1)
  }

  @Test("spells out control characters of names, and cuts long names")
  func names() {
    #expect(
      SafetensorsError.duplicateName(path: "m", name: "a\u{1B}[2J\n\u{202E}b").description
        == "m: the name 'a\\u{1b}[2J\\u{a}\\u{202e}b' stands twice in the header; "
        + "\(Self.writeAgain)"
    )
    let long = String(repeating: "n", count: 161)
    #expect(
      SafetensorsError.duplicateName(path: "m", name: long).description
        == "m: the name '\(long.dropLast())…' stands twice in the header; \(Self.writeAgain)")
  }
}
