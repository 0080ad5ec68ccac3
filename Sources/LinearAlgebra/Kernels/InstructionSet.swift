import CKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The instructions that sdmoe's own loops over the rows of matrices are made of.
///
/// The widest set that the processor has is chosen once for the whole process; the variable
/// `SDMOE_SIMD` of the environment names another. Each has an order of additions of its own, so that
/// the last digits of results depend on it.
public enum InstructionSet: String, Codable, Sendable, CaseIterable {
  /// What every processor of the architecture has: SSE2 on x86-64, NEON on 64-bit ARM.
  case portable
  /// AVX2 and FMA.
  case avx2
  /// AVX-512 F.
  case avx512

  /// Whether this processor and its system have it.
  public var isAvailable: Bool { ck_is_available(kernels) }

  /// Those that this processor has, narrowest first.
  public static var available: [InstructionSet] { allCases.filter(\.isAvailable) }

  /// The one that this process works with.
  ///
  /// - Precondition: `SDMOE_SIMD` is not set, or names one that the processor has, as
  ///   ``LinearAlgebraLibrary/start(threads:)`` makes sure of.
  public static var current: InstructionSet {
    switch choice {
    case .success(let set): return set
    case .failure(let error): fatalError(error.description)
    }
  }

  /// What was chosen at the first use, or why nothing could be.
  static let choice = Result<InstructionSet, LinearAlgebraError> { () throws(LinearAlgebraError) in
    // Safe: the string is copied before anything else can change the environment.
    let name = unsafe getenv("SDMOE_SIMD").map { unsafe String(cString: $0) }
    return try choose(name)
  }

  /// Chooses a set.
  ///
  /// - Parameter name: The name of one; nil or nothing for the widest that there is.
  /// - Returns: One that the processor has.
  /// - Throws: ``LinearAlgebraError/unknownInstructionSet(name:)`` and
  ///   ``LinearAlgebraError/instructionSetMissing(_:available:)``.
  public static func choose(_ name: String?) throws(LinearAlgebraError) -> InstructionSet {
    guard let name, !name.isEmpty else { return available.last ?? .portable }
    guard let set = InstructionSet(rawValue: name) else {
      throw .unknownInstructionSet(name: name)
    }
    guard set.isAvailable else { throw .instructionSetMissing(set, available: available) }
    return set
  }

  /// The name of it in C.
  var kernels: ck_instruction_set {
    switch self {
    case .portable: ck_portable
    case .avx2: ck_avx2
    case .avx512: ck_avx512
    }
  }
}
