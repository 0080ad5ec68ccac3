import Files
import Foundation
import HDF5Files
import Tensors
import Testing

/// Checks that each message says where, what, and what next.
@Suite struct HDF5ErrorTests {
  static let messages: [(HDF5Error, String)] = [
    (.fileNotFound(path: "a.h5"), "a.h5: no such file; check the path"),
    (.notAFile(path: "a.h5"), "a.h5: is not a regular file; name an HDF5 file"),
    (.permissionDenied(path: "a.h5"), "a.h5: permission denied; ask its owner for access"),
    (
      .systemFailure(path: "a.h5", action: "read it", reason: "Input/output error"),
      "a.h5: cannot read it: Input/output error; check the disk and try again"
    ),
    (
      .notHDF5(path: "a.h5", byteCount: 9),
      "a.h5: is not an HDF5 file (no signature in its 9 bytes); check the format or copy it again"
    ),
    (
      .inUse(path: "a.h5"),
      "a.h5: another program has it locked, as one that writes it; wait until that is done, "
        + "or where no program has it open set HDF5_USE_FILE_LOCKING=FALSE"
    ),
    (
      .cannotLock(path: "a.h5", reason: "No locks available"),
      "a.h5: its file system cannot lock files: No locks available; "
        + "set HDF5_USE_FILE_LOCKING=FALSE"
    ),
    (
      .cannotRead(path: "a.h5", object: "/x", reason: "bad checksum"),
      "a.h5: libhdf5 cannot read '/x': bad checksum; "
        + "it is damaged, cut short or still being written: copy it again"
    ),
    (
      .outsideFile(path: "a.h5", object: "/x", kind: "an external link"),
      "a.h5: '/x' is an external link, which points outside the file; "
        + "copy its data into this file"
    ),
    (
      .nameCollision(path: "a.h5", tensor: "a.b", objects: ["/a.b", "/a/b"]),
      "a.h5: '/a.b' and '/a/b' are both tensor 'a.b'; rename one"
    ),
    (
      .unusableName(path: "a.h5", object: "/x\ny"),
      "a.h5: \"/x\\ny\" is not a usable name; rename it in plain UTF-8"
    ),
    (
      .sizeOverflow(path: "a.h5", tensor: "x", shape: [4, .max]),
      "a.h5: tensor 'x' declares 4 x 18446744073709551615 elements, more bytes than can be "
        + "counted; the file is damaged, copy it again"
    ),
    (
      .cutShort(path: "a.h5", tensor: "x", expectedBytes: 20, actualBytes: 10),
      "a.h5: tensor 'x' needs 20 bytes of the file, which holds 10; "
        + "it was cut short, copy it again"
    ),
    (
      .tooManyLinks(path: "a.h5", limit: 5),
      "a.h5: holds more than 5 links; split the file"
    ),
    (
      .tooDeep(path: "a.h5", object: "/x/y", limit: 1),
      "a.h5: '/x/y' lies more than 1 groups deep; use fewer nested groups"
    ),
    (
      .cannotWrite(path: "a.h5", object: "/x", reason: "file write failed"),
      "a.h5: libhdf5 cannot write '/x': file write failed; check the free space and try again"
    ),
    (
      .unwritableType(path: "a.h5", tensor: "x", elementType: .f8E4M3),
      "a.h5: tensor 'x' has elements of type F8_E4M3, which HDF5 lacks; "
        + "write a floating-point or integer type"
    ),
    (
      .unwritableName(path: "a.h5", tensor: "x\t", reason: "a control character"),
      "a.h5: tensor \"x\\t\" cannot be written: a control character; rename it"
    ),
  ]

  @Test("read as where, what and what next", arguments: messages)
  func message(error: HDF5Error, text: String) {
    #expect(error.description == text)
  }

  // MARK: What libhdf5 says

  static func said(_ text: String) -> HDF5Error {
    HDF5Error(reading: "/x", of: "a.h5", said: text)
  }

  @Test("do not call a lock that the file system refuses damage", arguments: [37, 38, 95, 524])
  func noLocks(number: CInt) {
    let text = "unable to lock file, errno = \(number), error message = 'as the C library says'"
    #expect(
      Self.said(text) == .cannotLock(path: "a.h5", reason: SystemError(code: number).reason))
  }

  @Test("tell a lock of another program from that", arguments: [EAGAIN, EACCES])
  func locked(number: CInt) {
    #expect(Self.said("unable to lock file, errno = \(number), error") == .inUse(path: "a.h5"))
  }

  @Test("do not call what the system refuses damage")
  func systemFailure() {
    let text =
      "file read failed: time = now, filename = 'a.h5', file descriptor = 4, errno = 5, error "
      + "message = 'Input/output error', buf = 0x7f, total read size = 8"
    #expect(
      Self.said(text)
        == .systemFailure(path: "a.h5", action: "read '/x'", reason: "Input/output error"))
    let impossible = "file read failed: errno = 22, error message = 'Invalid argument'"
    #expect(Self.said(impossible) == .cannotRead(path: "a.h5", object: "/x", reason: impossible))
    #expect(
      Self.said("bad checksum") == .cannotRead(path: "a.h5", object: "/x", reason: "bad checksum"))
  }
}
