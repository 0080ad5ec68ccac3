import CHDF5

/// Something open in libhdf5 that closes itself: a group, a dataset, a type, a property list ...
///
/// It lives and ends inside one ``HDF5Library/withLock(_:)``.
struct HDF5Handle: ~Copyable {
  let identifier: hid_t

  init(_ identifier: hid_t) { self.identifier = identifier }

  /// Gives up the handle without closing it; the caller closes it.
  consuming func release() -> hid_t {
    let released = identifier
    discard self
    return released
  }

  deinit { H5Idec_ref(identifier) }
}

/// A file open in libhdf5, which takes the lock to close itself.
struct HDF5FileHandle: ~Copyable, Sendable {
  let identifier: hid_t

  init(_ identifier: hid_t) { self.identifier = identifier }

  /// Writes what libhdf5 still holds back, closes the file, and says whether that went well.
  consuming func close(at place: HDF5Place) throws(HDF5Error) {
    let identifier = identifier
    discard self
    _ = try HDF5Library.withLock { library throws(HDF5Error) in
      let isFlushed = H5Fflush(identifier, H5F_SCOPE_LOCAL) >= 0
      let failure = isFlushed ? nil : library.failure(at: place)
      // Even a file that cannot be flushed must be closed.
      let status = H5Fclose(identifier)
      if let failure { throw failure }
      try library.require(status, at: place)
    }
  }

  deinit {
    let identifier = identifier
    _ = HDF5Library.withLock { _ in H5Fclose(identifier) }
  }
}
