import CHDF5
import Synchronization

/// libhdf5 while its lock is held; every call of libhdf5 is made inside ``withLock(_:)``.
///
/// A serial build need not be thread-safe, so there is one lock for all files. It is not recursive:
/// nothing inside may let an ``HDF5FileHandle`` go, because that takes the lock to close itself.
struct HDF5Library: ~Copyable {
  /// The types of tensor elements, as a file may store them.
  let storedTypes: [HDF5StoredType]

  private static let lock = Mutex(HDF5Library())

  /// Waits for the lock and calls libhdf5.
  static func withLock<Result: Sendable, Failure: Error>(
    _ body: (borrowing HDF5Library) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try lock.withLock { library throws(Failure) in
      // Where libhdf5 is built with threads, as Debian's is, each thread prints until told not to.
      chdf5_silence()
      return try body(library)
    }
  }

  private init() {
    // The library's own clean-up at exit would run beside workers that still read.
    H5dont_atexit()
    let isOpen = H5open() >= 0 && chdf5_forget_external_links() >= 0
    precondition(isOpen, "libhdf5 does not start; install it again")
    // A file names the filters it needs; it must not make us load code for them.
    H5PLset_loading_state(0)
    storedTypes = HDF5StoredType.all()
  }

  /// Takes charge of what a call of libhdf5 opened.
  func own(_ identifier: hid_t, at place: HDF5Place) throws(HDF5Error) -> HDF5Handle {
    guard identifier >= 0 else { throw failure(at: place) }
    return HDF5Handle(identifier)
  }

  /// Throws what libhdf5 said when a status or a count is negative; returns it otherwise.
  @discardableResult
  func require<Status: SignedInteger>(
    _ status: Status, at place: HDF5Place
  ) throws(HDF5Error) -> Status {
    guard status >= 0 else { throw failure(at: place) }
    return status
  }

  /// The error that the call just made stands for.
  func failure(at place: HDF5Place) -> HDF5Error {
    let message = chdf5_innermost_message()
    // Safe: the bytes of a local value, read only inside this closure.
    let reason = unsafe withUnsafeBytes(of: message.text) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    return place.isWriting
      ? .cannotWrite(path: place.path, object: place.object, reason: reason)
      : HDF5Error(reading: place.object, of: place.path, said: reason)
  }
}

/// What a call of libhdf5 works on, for the error it may yield.
struct HDF5Place {
  /// The file's path.
  let path: String
  /// The object's path inside the file.
  var object = "/"
  /// Whether the file is being written.
  var isWriting = false
}
