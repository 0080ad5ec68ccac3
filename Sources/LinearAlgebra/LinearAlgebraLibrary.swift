import CLAPACKE
import COpenBLAS

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The BLAS and LAPACK libraries that this process runs on.
///
/// They are loaded when they are first needed.
public enum LinearAlgebraLibrary {
  /// Loads the libraries, and makes sure that threads can work with them side by side.
  ///
  /// Where the process has a limit on its address space, the work space of each thread is taken now:
  /// OpenBLAS, refused later, would try again for ever. Each call of OpenBLAS works on its own
  /// thread alone afterwards, as after ``useOneThread()``.
  ///
  /// - Parameter threads: How many threads are to call the libraries at once; at least one.
  /// - Returns: How many of them can: all, or as many as there are addresses for.
  /// - Throws: ``LinearAlgebraError/libraryMissing(reason:)``,
  ///   ``LinearAlgebraError/noAddressSpace(neededBytes:)`` where not even one can, and what
  ///   ``InstructionSet/choose(_:)`` throws of `SDMOE_SIMD`.
  public static func start(threads: Int) throws(LinearAlgebraError) -> Int {
    _ = try InstructionSet.choice.get()
    if let failure = LoadedLibraries.failure { throw failure }
    useOneThread()
    let ready = reserveWorkSpace(threads: threads)
    guard ready > 0 else { throw .noAddressSpace(neededBytes: addressSpace(threads: 1)) }
    return ready
  }

  /// Makes OpenBLAS work on the calling thread alone, from now on and for the whole process.
  ///
  /// This package works on many matrices side by side; threads inside each product would only get
  /// in each other's way, and would let the order of additions depend on their number.
  ///
  /// - Precondition: The libraries can be loaded, as ``start(threads:)`` makes sure of.
  public static func useOneThread() {
    LoadedLibraries.require()
    guard let address = unsafe LoadedLibraries.address(of: "openblas_set_num_threads") else {
      return
    }
    // Safe: the type is that of the function in OpenBLAS's header.
    unsafe unsafeBitCast(address, to: copenblas_set_num_threads.self)(1)
  }

  /// Lets the process keep the memory of matrices that it has let go of, from now on.
  ///
  /// Glibc gives large blocks back to the system at once, which clears them before they come again:
  /// where matrices come and go by the thousand, that costs a quarter of the time.
  public static func keepMemory() {
    copenblas_keep_memory()
  }

  /// Keeps OpenBLAS from starting threads of its own while it is loaded.
  ///
  /// It changes the environment, which others must not read meanwhile: call it at the start of a
  /// process, before there is a second thread.
  public static func prepareProcess() {
    // Safe: both strings are constants, which the call copies.
    _ = unsafe setenv("OPENBLAS_NUM_THREADS", "1", 1)
  }

  // MARK: Address space

  /// Lets all threads take memory from one place, from now on.
  ///
  /// Glibc else maps 64 MiB or more of addresses for each thread, which under a limit can be all that
  /// is left for the stack of the next.
  public static func saveAddresses() {
    copenblas_use_one_arena()
  }

  /// What OpenBLAS maps for each thread that calls it: 128 MiB and a page, most of it never touched.
  static let workSpaceByteCount = 129 << 20

  /// How much address space the libraries take, and leave, when so many threads work with them.
  ///
  /// - Parameter threads: At least one.
  /// - Returns: Bytes, of which memory backs only a few.
  public static func addressSpace(threads: Int) -> Int {
    // The libraries, what is left, the work space of each, and the stack of its thread.
    128 << 20 + threads * (workSpaceByteCount + 8 << 20)
  }

  /// Lets OpenBLAS map the work space of as many threads as there is room for.
  ///
  /// It keeps what it has mapped, for whichever thread calls next.
  private static func reserveWorkSpace(threads: Int) -> Int {
    guard let allocate = unsafe LoadedLibraries.address(of: "blas_memory_alloc"),
      let free = unsafe LoadedLibraries.address(of: "blas_memory_free")
    else { return threads }
    guard LoadedLibraries.isLimited else { return threads }
    // Something is left for the matrices.
    var taken = unsafe [UnsafeMutableRawPointer]()
    while unsafe taken.count < threads, LoadedLibraries.hasRoom(for: workSpaceByteCount + 64 << 20)
    {
      // Safe: the types are those of the functions in OpenBLAS's source; what was taken is given
      // back below, once.
      let place = unsafe unsafeBitCast(allocate, to: copenblas_memory_alloc.self)(0)
      guard let place = unsafe place else { break }
      unsafe taken.append(place)
    }
    let count = unsafe taken.count
    while let place = unsafe taken.popLast() {
      unsafe unsafeBitCast(free, to: copenblas_memory_free.self)(place)
    }
    return count
  }

  // MARK: Which libraries they are

  /// OpenBLAS's version and the processor whose kernels it chose, such as `OpenBLAS 0.3.21 ...
  /// Cooperlake`.
  ///
  /// - Precondition: As for ``useOneThread()``.
  public static var description: String {
    LoadedLibraries.require()
    return ["openblas_get_config", "openblas_get_corename"].compactMap(text)
      .joined(separator: " on ")
  }

  /// What OpenBLAS says of itself; nil where the library has no such function.
  static func text(of function: String) -> String? {
    guard let address = unsafe LoadedLibraries.address(of: function) else { return nil }
    // Safe: the type is that of the function in OpenBLAS's header; it returns a constant string
    // that lives as long as the process.
    return unsafe unsafeBitCast(address, to: copenblas_get_text.self)().map {
      unsafe String(cString: $0)
    }
  }

  /// A warning where the system's alternatives chose the reference LAPACK, which is many times
  /// slower; nil otherwise, and where no library can be loaded.
  ///
  /// LAPACKE has no LAPACK of its own: on Debian it calls whichever library the alternatives system
  /// names.
  public static var slownessWarning: String? {
    // Safe: dladdr fills a structure of ours with strings that live as long as the libraries.
    guard LoadedLibraries.failure == nil,
      let routine = unsafe LoadedLibraries.address(of: "dgesdd_")
    else { return nil }
    var info = unsafe clapacke_symbol()
    guard unsafe clapacke_dladdr(routine, &info) != 0, let name = unsafe info.library else {
      return nil
    }
    let library = unsafe String(cString: name)
    guard library.contains("/lapack/") else { return nil }
    return
      "\(library): this is the reference LAPACK, many times slower than OpenBLAS's; choose OpenBLAS with Debian's update-alternatives for liblapack.so.3"
  }
}
