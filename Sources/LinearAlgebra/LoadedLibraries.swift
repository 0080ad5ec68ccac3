import COpenBLAS

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// OpenBLAS and LAPACKE, loaded into the process when something here is first asked for.
///
/// Nothing links them. While it is loaded, OpenBLAS maps memory for every core of the machine, and
/// where the process may not have so much it tries again for ever: what needs no matrix must not
/// depend on it.
enum LoadedLibraries {
  /// Under which names the libraries are looked for, one group for each.
  private static let names: [[String]] = {
    #if os(Linux)
      return [["libopenblas.so.0", "libopenblas.so"], ["liblapacke.so.3", "liblapacke.so"]]
    #else
      // OpenBLAS of Homebrew brings LAPACKE along.
      return [["/opt/homebrew", "/usr/local"].map { "\($0)/opt/openblas/lib/libopenblas.dylib" }]
    #endif
  }()

  /// What the two libraries and those that they need take of the address space; measured 50 MB.
  private static let byteCount = 64 << 20

  /// Why the libraries could not be loaded; nil once they are.
  static let failure: LinearAlgebraError? = load()

  private static func load() -> LinearAlgebraError? {
    guard hasRoom(for: byteCount + 64 << 20 + LinearAlgebraLibrary.workSpaceByteCount) else {
      return .noAddressSpace(neededBytes: LinearAlgebraLibrary.addressSpace(threads: 1))
    }
    for library in names {
      // Safe: the strings outlive the calls, and a library that was loaded is never let go.
      guard library.contains(where: { unsafe copenblas_load($0) != nil }) else {
        // Safe: the system's message lives until its next one, and is copied at once.
        let reason = unsafe dlerror().map { unsafe String(cString: $0) }
        return .libraryMissing(reason: reason ?? library[0])
      }
    }
    return nil
  }

  /// Loads the libraries, for whoever cannot say that they are missing.
  static func require() {
    if let failure { fatalError(failure.description) }
  }

  /// Where something lies in the libraries that are loaded; nil where it does not.
  static func address(of name: String) -> UnsafeMutableRawPointer? {
    // Safe: the string outlives the call, which keeps nothing of it.
    unsafe copenblas_find(name)
  }

  /// Whether a limit of the process, on all its addresses or on those of data, may refuse some.
  static var isLimited: Bool {
    #if os(Linux)
      return [RLIMIT_AS, RLIMIT_DATA].contains { resource in
        var limit = rlimit()
        // Safe: `limit` is a whole structure, and the call writes nothing else.
        return unsafe getrlimit(CInt(resource.rawValue), &limit) == 0
          && limit.rlim_cur != rlim_t.max
      }
    #else
      return false
    #endif
  }

  /// Whether the process may have so many bytes of addresses in one piece now.
  static func hasRoom(for byteCount: Int) -> Bool {
    // Safe: the mapping lies where nothing else does, is not touched, and is gone at once.
    let place = unsafe mmap(
      nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0)
    guard let place = unsafe place, unsafe place != MAP_FAILED else { return false }
    _ = unsafe munmap(place, byteCount)
    return true
  }
}
