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
      InstructionSetTests.setEnvironment("portable")
      #expect(InstructionSet.current == .portable)
      let ready = try LinearAlgebraLibrary.start(threads: 1)
      #expect(ready == 1)
    }
    await #expect(processExitsWith: .success) {
      InstructionSetTests.setEnvironment("mmx")
      #expect(throws: LinearAlgebraError.unknownInstructionSet(name: "mmx")) {
        try LinearAlgebraLibrary.start(threads: 1)
      }
    }
    await #expect(processExitsWith: .failure) {
      InstructionSetTests.setEnvironment("mmx")
      _ = squaredNorm(of: Matrix<Float>(rowCount: 1, columnCount: 1))
    }
  }

  /// Names a set as a user would, before this process has looked.
  static func setEnvironment(_ name: String) {
    // Safe: the process of an exit test has one thread that uses the environment.
    unsafe setenv("SDMOE_SIMD", name, 1)
  }
}
