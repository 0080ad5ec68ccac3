/// The iteration for leading triplets, and what is tried where its narrow blocks do not do.
struct LeadingIteration {
  let count: Int
  let subspaceRank: Int
  let set: InstructionSet

  /// The blocks that need the fewest operations: see ``BlockKrylov``.
  private let narrow = 4
  /// The blocks that tell groups of equal values apart which are as large as a narrow one.
  private var wide: Int { count <= 24 ? 16 : 32 }

  /// Iterates in single precision, and in double where rounding asks for it.
  ///
  /// - Returns: The triplets; nil where a full decomposition is called for.
  func run(on matrix: some DecomposableRows) throws(LinearAlgebraError) -> LeadingTriplets? {
    switch try iterate(on: matrix) {
    case .converged(let triplets): return triplets
    case .equalValues, .exhausted: return nil
    case .precisionTooLow: break
    }
    guard case .converged(let triplets) = try iterate(on: matrix.floats().widened()) else {
      return nil
    }
    return triplets
  }

  private func iterate<Rows: KernelRows>(
    on rows: Rows
  ) throws(LinearAlgebraError) -> BlockKrylov<Rows>.Outcome {
    let outcome = try krylov(on: rows, blockWidth: narrow).run()
    guard case .equalValues = outcome else { return outcome }
    return try krylov(on: rows, blockWidth: wide).run()
  }

  private func krylov<Rows: KernelRows>(on rows: Rows, blockWidth: Int) -> BlockKrylov<Rows> {
    BlockKrylov(
      rows: rows, wanted: count, subspaceRank: subspaceRank,
      allowedAngle: LeadingTriplets.allowedAngle, blockWidth: blockWidth, set: set)
  }
}
