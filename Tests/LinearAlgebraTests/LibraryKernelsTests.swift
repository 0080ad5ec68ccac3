import LinearAlgebra
import Testing

/// Checks by which kernels results are those of another machine.
@Suite struct LibraryKernelsTests {
  @Test("the library names its version and kernels")
  func names() throws {
    let kernels = try LinearAlgebraLibrary.kernels()
    #expect(kernels.library.hasPrefix("OpenBLAS 0."))
    #expect(!kernels.core.isEmpty && !kernels.core.contains(" "))
    #expect(kernels == (try LinearAlgebraLibrary.kernels()))
  }

  @Test("a processor runs kernels whose instructions it has")
  func instructions() {
    let old: Set = ["sse2", "pni", "ssse3", "sse4_2"]
    let middle = old.union(["avx", "avx2", "fma"])
    let wide = middle.union(["avx512f", "avx512dq", "avx512bw", "avx512vl"])
    func run(_ features: Set<String>) -> [String] {
      ["Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX", "Cooperlake", "Other"]
        .filter { LinearAlgebraLibrary.canRun($0, features: features) }
    }
    #expect(run([]) == [])
    #expect(run(old) == ["Prescott", "Nehalem"])
    #expect(run(middle) == ["Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen"])
    #expect(run(wide).last == "SkylakeX")
    #expect(run(wide.union(["avx512_bf16"])).last == "Cooperlake")
  }

  @Test("pinned, a process runs the kernels of another machine, or says why it cannot")
  func pinned() async throws {
    // In a process of its own, whose environment nobody else reads.
    await #expect(processExitsWith: .success) {
      let wanted = LibraryKernels(
        library: "OpenBLAS 9.9.9", core: "Prescott", instructions: .portable)
      let error = #expect(throws: LinearAlgebraError.self) { try LinearAlgebraLibrary.pin(wanted) }
      let found = try LinearAlgebraLibrary.kernels()
      #expect(error == .otherKernels(wanted: wanted, found: found))
      // The oldest kernels run on any x86-64.
      #if arch(x86_64) && os(Linux)
        #expect(found.core == "Prescott")
        #expect(found.instructions == .portable)
        #expect(InstructionSet.current == .portable)
        try LinearAlgebraLibrary.pin(found)
      #endif
    }
  }

  @Test("a refusal says what runs, and where to go")
  func refusal() {
    func kernels(_ library: String, _ core: String, _ set: InstructionSet) -> LibraryKernels {
      LibraryKernels(library: library, core: core, instructions: set)
    }
    let old = kernels("OpenBLAS 0.3.21", "Haswell", .avx2)
    let new = kernels("OpenBLAS 0.3.21", "SkylakeX", .avx512)
    let other = kernels("OpenBLAS 0.3.26", "Haswell", .avx2)
    #expect(
      LinearAlgebraError.otherKernels(wanted: new, found: old).description
        == "this machine runs the Haswell kernels of OpenBLAS 0.3.21 and avx2 instructions, not the SkylakeX kernels of OpenBLAS 0.3.21 and avx512 instructions, and the last digits would differ; run on machines of one kind, or plan with OPENBLAS_CORETYPE and SDMOE_SIMD set to what all of them run"
    )
    #expect(
      LinearAlgebraError.otherKernels(wanted: old, found: other).description
        == "this machine runs the Haswell kernels of OpenBLAS 0.3.26 and avx2 instructions, not the Haswell kernels of OpenBLAS 0.3.21 and avx2 instructions, and the last digits would differ; run on machines with the same library, or plan on one of these"
    )
  }
}
