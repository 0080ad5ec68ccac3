import Foundation

/// The kernels that products and decompositions run on: each rounds in a way of its own, so that the
/// last digits of results depend on them.
public struct LibraryKernels: Codable, Equatable, Sendable {
  /// The library and its version, such as `OpenBLAS 0.3.21`.
  public let library: String
  /// The processor that they were made for, in OpenBLAS's word, such as `Haswell`.
  public let core: String
  /// The instructions of sdmoe's own loops.
  public let instructions: InstructionSet

  /// Names kernels.
  public init(library: String, core: String, instructions: InstructionSet) {
    self.library = library
    self.core = core
    self.instructions = instructions
  }
}

extension LibraryKernels: CustomStringConvertible {
  /// All in words, such as `the Haswell kernels of OpenBLAS 0.3.21 and avx2 instructions`.
  public var description: String {
    "the \(core) kernels of \(library) and \(instructions.rawValue) instructions"
  }
}

extension LinearAlgebraLibrary {
  /// The kernels that this process runs on.
  ///
  /// OpenBLAS chooses those of the processor that it takes this one for, or those that
  /// `OPENBLAS_CORETYPE` names.
  ///
  /// - Throws: ``LinearAlgebraError/libraryMissing(reason:)``,
  ///   ``LinearAlgebraError/noAddressSpace(neededBytes:)``, and the errors of
  ///   ``InstructionSet/choose(_:)``.
  public static func kernels() throws(LinearAlgebraError) -> LibraryKernels {
    if let failure = LoadedLibraries.failure { throw failure }
    let config = text(of: "openblas_get_config") ?? "another BLAS"
    return LibraryKernels(
      library: config.split(separator: " ").prefix(2).joined(separator: " "),
      core: text(of: "openblas_get_corename") ?? "only",
      instructions: try InstructionSet.choice.get())
  }

  /// Makes this process run on given kernels, so that its results are those of another machine.
  ///
  /// It changes the environment: call it before the libraries are loaded or ``InstructionSet/current``
  /// is asked for, and before a second thread reads the environment.
  ///
  /// - Parameter kernels: Those of the other machine.
  /// - Throws: ``LinearAlgebraError/otherKernels(wanted:found:)`` where this processor cannot run
  ///   them, or the library is another; what ``kernels()`` throws.
  public static func pin(_ kernels: LibraryKernels) throws(LinearAlgebraError) {
    // A processor that lacks the instructions would end the process without a word.
    if canRun(kernels.core, features: processorFeatures) {
      // Safe: both strings outlive the call, which copies them.
      _ = unsafe setenv("OPENBLAS_CORETYPE", kernels.core, 1)
    }
    if kernels.instructions.isAvailable {
      _ = unsafe setenv("SDMOE_SIMD", kernels.instructions.rawValue, 1)
    }
    let found = try self.kernels()
    guard found == kernels else { throw .otherKernels(wanted: kernels, found: found) }
  }

  /// Whether a processor with some features runs the kernels of a core; false where that is not known.
  ///
  /// Source: OpenBLAS 0.3.21, `Makefile.x86_64` and `driver/others/dynamic.c`.
  package static func canRun(_ core: String, features: Set<String>) -> Bool {
    let wide = ["avx2", "fma"]
    let needed: [String: [String]] = [
      "Prescott": ["pni"], "Nehalem": ["sse4_2"], "Sandybridge": ["avx"], "Haswell": wide,
      "Zen": wide, "SkylakeX": wide + ["avx512f", "avx512dq", "avx512bw", "avx512vl"],
      "Cooperlake": wide + ["avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512_bf16"],
    ]
    return needed[core].map { features.isSuperset(of: $0) } ?? false
  }

  /// What the system says that this processor has; nothing on other systems than Linux on x86-64.
  private static var processorFeatures: Set<String> {
    let text = FileManager.default.contents(atPath: "/proc/cpuinfo")
      .map { String(decoding: $0, as: UTF8.self) }
    let line = text?.split(separator: "\n").first { $0.hasPrefix("flags") }
    return Set((line ?? "").split(separator: " ").map(String.init))
  }
}
