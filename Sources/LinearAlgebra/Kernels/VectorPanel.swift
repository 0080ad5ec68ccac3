import CKernels

/// Vectors of equal length, each contiguous, for the kernels: they begin at cache lines, and have
/// zeros after their last element.
///
/// The kernels work on four vectors at a time, so that the number of vectors is a multiple of four.
@safe package final class VectorPanel<Scalar: LAPACKScalar> {
  /// The number of elements of each vector.
  package let length: Int
  /// The distance in elements between the starts of two vectors.
  let stride: Int
  /// The number of vectors that there is room for.
  private(set) var capacity: Int
  /// What multiplies them.
  package let set: InstructionSet

  private var base: UnsafeMutablePointer<Scalar>

  /// Allocates vectors of zeros.
  ///
  /// - Parameters:
  ///   - count: How many; rounded up to a multiple of four.
  ///   - length: The number of elements of each.
  ///   - set: What multiplies them.
  package init(count: Int, length: Int, _ set: InstructionSet) {
    self.length = length
    self.set = set
    stride = VectorPanel.paddedLength(length)
    capacity = roundedUp(count, toMultipleOf: VectorPanel.width)
    unsafe base = VectorPanel.zeros(capacity * stride)
  }

  /// How many vectors a kernel works on.
  static var width: Int { ck_width }

  /// How many elements a vector of so many takes, with the zeros after them.
  static func paddedLength(_ length: Int) -> Int { ck_padded(length) }

  private static func zeros(_ count: Int) -> UnsafeMutablePointer<Scalar> {
    // Safe: the memory is bound and initialised here, and freed once, in deinit or when it grows.
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, count) * MemoryLayout<Scalar>.stride, alignment: 64)
    return unsafe memory.initializeMemory(as: Scalar.self, repeating: 0, count: count)
  }

  /// Makes room for more vectors, which are zeros.
  func reserve(_ count: Int) {
    guard count > capacity else { return }
    let larger = roundedUp(count, toMultipleOf: VectorPanel.width)
    let old = unsafe base
    unsafe base = VectorPanel.zeros(larger * stride)
    // Safe: both hold the old vectors.
    unsafe base.update(from: old, count: capacity * stride)
    unsafe old.deallocate()
    capacity = larger
  }

  /// Where four vectors begin.
  ///
  /// - Precondition: They are in the panel.
  func four(from first: Int) -> UnsafeMutablePointer<Scalar> {
    precondition(0 <= first && first + VectorPanel.width <= capacity, "no such vectors")
    return unsafe base + first * stride
  }

  /// An element of a vector.
  package subscript(vector: Int, place: Int) -> Scalar {
    get {
      precondition(
        0 <= vector && vector < capacity && 0 <= place && place < stride, "no such element")
      // Safe: inside the panel.
      return unsafe base[vector * stride + place]
    }
    set {
      precondition(
        0 <= vector && vector < capacity && 0 <= place && place < stride, "no such element")
      // Safe: inside the panel.
      unsafe base[vector * stride + place] = newValue
    }
  }

  /// Makes some vectors zeros.
  func clear(_ vectors: Range<Int>) {
    precondition(vectors.lowerBound >= 0 && vectors.upperBound <= capacity, "no such vectors")
    // Safe: inside the panel.
    unsafe (base + vectors.lowerBound * stride).update(repeating: 0, count: vectors.count * stride)
  }

  /// Copies vectors of another panel of the same length to the place of `first` and those after it.
  func copy(_ vectors: Range<Int>, of other: VectorPanel, to first: Int) {
    precondition(
      other.stride == stride && vectors.lowerBound >= 0 && vectors.upperBound <= other.capacity
        && first >= 0 && first + vectors.count <= capacity, "no such vectors")
    // Safe: inside both panels, which are two.
    unsafe (base + first * stride).update(
      from: other.base + vectors.lowerBound * stride, count: vectors.count * stride)
  }

  /// The inner products of this panel's first vectors with four of a panel.
  ///
  /// - Returns: 4 x count, those with one of the four after each other.
  /// - Complexity: 8 count n operations.
  func innerProducts(count: Int, with other: VectorPanel, first: Int) -> [Scalar] {
    precondition(count <= capacity && other.stride == stride, "no such vectors")
    var result = [Scalar](repeating: 0, count: VectorPanel.width * count)
    let x = unsafe other.four(from: first)
    unsafe result.withUnsafeMutableBufferPointer { y in
      // Safe: `count` vectors of this panel, four of the other, and 4 * count results.
      unsafe Scalar.kernels.multiply(
        set.kernels, base, count, stride, stride, x, stride, y.baseAddress, count)
    }
    return result
  }

  /// Adds sums of multiples of this panel's first vectors to four vectors of another panel.
  ///
  /// - Parameters:
  ///   - count: How many vectors of this panel.
  ///   - coefficients: 4 x count, those of one of the four after each other.
  ///   - factor: What all are multiplied by.
  ///   - other: Another panel, of the same length.
  ///   - first: The first of its four vectors.
  /// - Complexity: 8 count n operations.
  func addSums(
    count: Int, _ coefficients: [Scalar], times factor: Scalar = 1, to other: VectorPanel,
    first: Int
  ) {
    precondition(
      count <= capacity && other.stride == stride && other !== self
        && coefficients.count == VectorPanel.width * count, "no such vectors")
    let z = unsafe other.four(from: first)
    unsafe coefficients.withUnsafeBufferPointer { y in
      // Safe: `count` vectors of this panel, four of the other, and 4 * count coefficients.
      unsafe Scalar.kernels.add(
        set.kernels, base, count, stride, stride, y.baseAddress, count, factor, z, stride)
    }
  }

  /// The squared norm of a vector, summed in double precision.
  func squaredNorm(of vector: Int) -> Double {
    precondition(0 <= vector && vector < capacity, "no such vector")
    // Safe: a vector of the panel.
    return unsafe Scalar.kernels.norm(set.kernels, base + vector * stride, stride)
  }

  deinit {
    // Safe: allocated in init or reserve; scalars need no deinitialisation.
    unsafe base.deallocate()
  }
}

/// The smallest multiple of a number that is not below another.
func roundedUp(_ count: Int, toMultipleOf factor: Int) -> Int {
  (count + factor - 1) / factor * factor
}
