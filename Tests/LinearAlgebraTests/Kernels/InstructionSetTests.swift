import Foundation
import LinearAlgebra
import Tensors
import Testing

/// Checks which instructions are chosen, and what is said of a choice that cannot be had.
@Suite struct InstructionSetTests {
  @Test("every processor has the portable ones, and the widest are chosen")
  func widest() throws {
    #expect(InstructionSet.available.first == .portable)
    #expect(try InstructionSet.choose(nil) == InstructionSet.available.last)
    #expect(try InstructionSet.choose("") == InstructionSet.available.last)
  }

  @Test("a name chooses, where the processor has them", arguments: InstructionSet.allCases)
  func named(set: InstructionSet) throws {
    if set.isAvailable {
      #expect(try InstructionSet.choose(set.rawValue) == set)
    } else {
      #expect(
        throws: LinearAlgebraError.instructionSetMissing(set, available: InstructionSet.available)
      ) { try InstructionSet.choose(set.rawValue) }
    }
  }

  @Test("an unknown name is refused", arguments: ["AVX2", "sse", "avx512 "])
  func unknown(name: String) {
    #expect(throws: LinearAlgebraError.unknownInstructionSet(name: name)) {
      try InstructionSet.choose(name)
    }
  }

  @Test("the environment chooses for the whole process")
  func environment() async {
    await #expect(processExitsWith: .success) {
      setenv("SDMOE_SIMD", "portable", 1)
      #expect(InstructionSet.current == .portable)
      #expect(try LinearAlgebraLibrary.start(threads: 1) == 1)
    }
    await #expect(processExitsWith: .success) {
      setenv("SDMOE_SIMD", "mmx", 1)
      #expect(throws: LinearAlgebraError.unknownInstructionSet(name: "mmx")) {
        try LinearAlgebraLibrary.start(threads: 1)
      }
    }
    await #expect(processExitsWith: .failure) {
      setenv("SDMOE_SIMD", "mmx", 1)
      _ = squaredNorm(of: Matrix<Float>(rowCount: 1, columnCount: 1))
    }
  }
}
