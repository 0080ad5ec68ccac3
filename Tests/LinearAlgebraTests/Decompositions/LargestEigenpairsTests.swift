import Foundation
import Synchronization
import LinearAlgebra
import Tensors
import Testing

/// Checks that zeros, NaN and other pairs than asked for are not taken for eigenpairs, whatever
/// LAPACK says.
@Suite struct LargestEigenpairsTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  static let size = 50
  static let count = 5

  /// The upper triangle of a matrix with the eigenvalues 1, 1/2, 1/3 ..., and the matrix itself.
  static let known: (upper: Matrix<Float>, values: [Double]) = {
    var generator = SeededGenerator(seed: 1)
    let start = Matrix<Double>(
      rowCount: size, columnCount: size, elements: (0..<size * size).map { _ in generator.normal() }
    )
    let values = (1...size).map { 1 / Double($0) }
    guard let basis = try? orthonormalColumns(of: start) else { return (start.narrowed(), []) }
    var scaled = basis
    for place in scaled.elements.indices { scaled.elements[place] *= values[place % size] }
    var upper = product(scaled, basis, rightTransposed: true).narrowed()
    for row in 0..<size { for column in 0..<row { upper[row, column] = 0 } }
    return (upper, values)
  }()

  static func solve(
    _ square: inout Matrix<Float>
  ) throws(LinearAlgebraError) -> Eigenpairs<Float> {
    try largestEigenpairs(overwriting: &square, triangle: .upper, count: count)
  }

  static func nothing(_ value: Float) -> Eigenpairs<Float> {
    Eigenpairs(
      values: [Float](repeating: 0, count: count),
      vectors: Matrix(
        rowCount: count, columnCount: size,
        elements: [Float](repeating: value, count: count * size)))
  }

  /// What LAPACK may give back instead of pairs.
  enum Fault: CaseIterable {
    case zeros, notANumber, noConvergence, firstColumns

    func result() throws(LinearAlgebraError) -> Eigenpairs<Float> {
      switch self {
      case .zeros: return nothing(0)
      case .notANumber: return nothing(.nan)
      case .noConvergence: throw .noConvergence(routine: "syevr", unconvergedCount: 1)
      case .firstColumns:
        // Orthonormal, but of no meaning.
        var vectors = Matrix<Float>(rowCount: count, columnCount: size)
        for index in 0..<count { vectors[index, index] = 1 }
        return Eigenpairs(values: [Float](repeating: 0.5, count: count), vectors: vectors)
      }
    }
  }

  func expectKnown(_ pairs: Eigenpairs<Float>) {
    #expect(pairs.values.count == Self.count)
    for (value, exact) in zip(pairs.values.reversed(), Self.known.values) {
      // A backward stable method errs by a few dozen ulp of the largest value, 1.
      #expect(abs(Double(value) - exact) <= 64 * 0x1p-23)
    }
    #expect(areSound(pairs))
    #expect(areEigenpairs(pairs, ofUpperTriangle: Self.known.upper))
  }

  @Test("are found, and with the same bytes after a fault", arguments: Fault.allCases)
  func again(fault: Fault) throws {
    var square = Self.known.upper
    let plain = try Self.solve(&square)
    expectKnown(plain)
    var calls = 0
    let found = try soundEigenpairs(ofUpperTriangle: Self.known.upper, count: Self.count) {
      (square) throws(LinearAlgebraError) in
      calls += 1
      return calls == 1 ? try fault.result() : try Self.solve(&square)
    }
    #expect(calls == 2)
    #expect(found.values == plain.values)
    #expect(found.vectors.elements == plain.vectors.elements)
  }

  @Test("are found in double precision where every call fails", arguments: Fault.allCases)
  func wide(fault: Fault) throws {
    let found = try soundEigenpairs(ofUpperTriangle: Self.known.upper, count: Self.count) {
      (_) throws(LinearAlgebraError) in try fault.result()
    }
    expectKnown(found)
  }

  @Test("other failures of LAPACK are thrown")
  func failure() {
    #expect(throws: LinearAlgebraError.outOfMemory(routine: "syevr")) {
      try soundEigenpairs(ofUpperTriangle: Self.known.upper, count: Self.count) {
        (_: inout Matrix<Float>) throws(LinearAlgebraError) in
        throw .outOfMemory(routine: "syevr")
      }
    }
  }

  @Test("triplets are right while another thread leaves NaN in OpenBLAS's work space")
  func workSpace() async {
    await #expect(processExitsWith: .success) {
      LinearAlgebraLibrary.useOneThread()
      let bases = try RandomBases(rowCount: 300, columnCount: 400, seed: 3)
      let planted = PlantedMatrix((0..<300).map { pow(Double($0) + 5, -0.35) }, in: bases)
      let known = KnownTriplets(planted)
      // It has to end before the process does: at its exit OpenBLAS gives its memory back.
      let isOver = Mutex(false)
      let ended = DispatchSemaphore(value: 0)
      Thread.detachNewThread {
        while !isOver.withLock({ $0 }) { WorkSpace.spoil() }
        ended.signal()
      }
      defer {
        isOver.withLock { $0 = true }
        ended.wait()
      }
      // Without the checks about one in twenty comes out zero.
      for _ in 0..<60 {
        let found = try LeadingTriplets.compute(of: planted.matrix, count: 16, subspaceRank: 5)
        try expectContract(found, known, count: 16, k: 5, "\(found.method)")
        guard case .blockKrylov(_, doublePrecision: false) = found.method else {
          Issue.record("\(found.method) instead of an iteration in single precision")
          return
        }
      }
    }
  }
}

/// The memory that OpenBLAS lends to whichever of its routines runs next.
private enum WorkSpace {
  /// Fills the beginning with NaN; does nothing where the library has another way.
  static func spoil() {
    guard let lend = unsafe dlsym(nil, "blas_memory_alloc"),
      let takeBack = unsafe dlsym(nil, "blas_memory_free")
    else { return }
    typealias Lend = @convention(c) (CInt) -> UnsafeMutableRawPointer?
    typealias TakeBack = @convention(c) (UnsafeMutableRawPointer?) -> Void
    // Safe: these are the types of OpenBLAS's functions, and its blocks are megabytes long.
    let block = unsafe unsafeBitCast(lend, to: Lend.self)(0)
    unsafe block?.initializeMemory(as: UInt8.self, repeating: 0xff, count: 1 << 16)
    unsafe unsafeBitCast(takeBack, to: TakeBack.self)(block)
  }
}
