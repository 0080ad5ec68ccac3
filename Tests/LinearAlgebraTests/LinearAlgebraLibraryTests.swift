import LinearAlgebra
import Testing

/// Checks what is told of the libraries that compute.
@Suite struct LinearAlgebraLibraryTests {
  @Test("start for as many threads as are wanted, where nothing is limited")
  func start() throws {
    #expect(try LinearAlgebraLibrary.start(threads: 3) == 3)
    #expect(try LinearAlgebraLibrary.start(threads: 1) == 1)
  }

  @Test("say which they are")
  func description() {
    #expect(LinearAlgebraLibrary.description.hasPrefix("OpenBLAS"))
    #expect(LinearAlgebraLibrary.description.contains(" on "))
  }

  @Test("take more address space with each thread")
  func addressSpace() {
    let one = LinearAlgebraLibrary.addressSpace(threads: 1)
    #expect(LinearAlgebraLibrary.addressSpace(threads: 3) > 2 * one - 100_000_000)
  }
}
