import CLAPACKE
import COpenBLAS

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The BLAS and LAPACK libraries that this process runs on.
public enum LinearAlgebraLibrary {
  /// Makes OpenBLAS work on the calling thread alone, from now on and for the whole process.
  ///
  /// This package works on many matrices side by side; threads inside each product would only get
  /// in each other's way, and would let the order of additions depend on their number.
  public static func useOneThread() {
    openblas_set_num_threads(1)
  }

  /// Lets the process keep the memory of matrices that it has let go of, from now on.
  ///
  /// Glibc gives large blocks back to the system at once, which clears them before they come again:
  /// where matrices come and go by the thousand, that costs a quarter of the time.
  public static func keepMemory() {
    copenblas_keep_memory()
  }

  /// OpenBLAS's version and the processor whose kernels it chose, such as `OpenBLAS 0.3.21 ...
  /// Cooperlake`.
  public static var description: String {
    // Safe: OpenBLAS returns constant strings that live as long as the process.
    unsafe "\(String(cString: openblas_get_config())) on \(String(cString: openblas_get_corename()))"
  }

  /// A warning where the system's alternatives chose the reference LAPACK, which is many times
  /// slower; nil otherwise.
  ///
  /// LAPACKE has no LAPACK of its own: on Debian it calls whichever library the alternatives system
  /// names.
  public static var slownessWarning: String? {
    // Safe: dlsym looks the name up in the libraries that are loaded; dladdr fills a structure of
    // ours with strings that live as long as those libraries.
    guard let routine = unsafe dlsym(nil, "dgesdd_") else { return nil }
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
