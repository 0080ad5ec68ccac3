import Foundation
import TestSupport
import Testing

/// Checks that the limits of a process and the names of its folders end in a result or in a sentence.
@Suite struct SurroundingsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Runs a script that ends by itself, were the program to run for ever.
  func shell(_ script: String, _ environment: [String: String] = [:]) throws -> Tool.Outcome {
    try Tool.shell(
      script, in: folder.path(""),
      environment: environment.merging(["QWEN": Samples.qwen]) { $1 })
  }

  // MARK: Address space

  // In kilobytes. OpenBLAS, loaded with the program, tried for ever to map memory below the second.
  @Test("needs no BLAS for help and inspect", arguments: [200_000, 300_000, 450_000])
  func withoutBLAS(limit: Int) throws {
    for command in ["--help", "inspect \"$QWEN\""] {
      let outcome = try shell("ulimit -v \(limit); timeout 60 \"$SDMOE\" \(command)")
      #expect(outcome.status == 0, "\(command): \(outcome.errors)")
    }
  }

  @Test("obeys a limit or refuses it", arguments: [60_000, 100_000, 200_000, 300_000, 600_000])
  func limited(limit: Int) throws {
    let run = folder.path("run-\(limit)")
    let outcome = try shell(
      "ulimit -v \(limit); timeout 60 \"$SDMOE\" analyze \"$QWEN\" -q -o '\(run)' --layers 0")
    if limit >= 600_000 {
      #expect(outcome.status == 0, "\(outcome.errors)")
    } else {
      // Below about 100 MB the loader of programs has the word.
      #expect([1, 127].contains(outcome.status))
      #expect(outcome.errors.contains(outcome.status == 1 ? "ulimit -v" : "shared libraries"))
      #expect(!FileManager.default.fileExists(atPath: "\(run)/tables"))
    }
  }

  // MARK: Instructions

  @Test("tells the instructions that it computes with, and takes those that are named")
  func instructions() throws {
    let outcome = try shell("\"$SDMOE\" --version --verbose", ["SDMOE_SIMD": "portable"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n")
    try #require(lines.count == 3, "\(outcome.output)")
    #expect(lines[0] == "sdmoe 0.1.0")
    #expect(lines[1].hasPrefix("instructions: portable of portable"))
    #expect(lines[2].hasPrefix("BLAS: OpenBLAS "))
  }

  @Test("refuses instructions of an unknown name before it writes anything")
  func unknownInstructions() throws {
    let outcome = try shell("\"$SDMOE\" analyze \"$QWEN\" -o run", ["SDMOE_SIMD": "sse"])
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "Error: SDMOE_SIMD: 'sse' is no instruction set; use portable or avx2 or avx512, or unset it\n"
    )
    #expect(!FileManager.default.fileExists(atPath: folder.path("run/tables")))
  }

  // MARK: Open files

  @Test("too few files that may be open are told as that, whichever is the first too many")
  func openFiles() throws {
    // Dispatch needs three for itself, and ends the process where it has none. The shell passes on
    // what tests beside this one have open: that is closed.
    let alone = "exec " + (3...9).map { "\($0)<&-" }.joined(separator: " ")
    for limit in 8...10 {
      let outcome = try shell(
        "\(alone); ulimit -n \(limit); timeout 60 \"$SDMOE\" inspect \"$QWEN\"")
      #expect(outcome.status == 1, "\(limit)")
      #expect(outcome.output.contains("ulimit -n"), "\(limit): \(outcome.output)")
    }
  }

  // MARK: Cores and memory

  @Test("works on as many matrices at once as its batch job has cores")
  func cores() throws {
    let script = "\"$SDMOE\" analyze \"$QWEN\" -o run --dry-run"
    let outcome = try shell(script, ["SLURM_CPUS_PER_TASK": "1"])
    #expect(outcome.output.contains("with --jobs 1"))
    let other = try shell("\(script) --jobs 3", ["SLURM_CPUS_PER_TASK": "1"])
    #expect(other.output.contains("with --jobs 3"))
  }

  @Test("obeys --memory by working on fewer matrices at once")
  func memory() throws {
    let script = "\"$SDMOE\" analyze \"$QWEN\" -o run --dry-run --jobs 64"
    let wide = try shell("\(script) --memory 8G")
    #expect(wide.output.contains("with --jobs 64"))
    let narrow = try shell("\(script) --memory 60M")
    let jobs = try #require(narrow.output.firstMatch(of: /with --jobs ([0-9]+)/))
    #expect((1..<64).contains(Int(jobs.1) ?? 0))
    let least = try shell("\(script) --memory 1")
    #expect(least.output.contains("with --jobs 1"))
  }

  // MARK: Mount points

  /// Whether this process may mount in a namespace of its own.
  private static let mayMount: Bool = {
    guard let folder = try? TemporaryFolder() else { return false }
    return withExtendedLifetime(folder) {
      (try? Tool.shell("unshare -rm mount -t tmpfs none .", in: folder.path))?.status == 0
    }
  }()

  @Test(
    "an output that is a mount point is refused before any work", .enabled(if: mayMount),
    arguments: ["convert \"$QWEN\" -q", "compare \"$RUN\" \"$RUN\""],
    ["-t tmpfs none", "--bind empty"])
  func mountPoint(command: String, options: String) throws {
    let outcome = try shell(
      """
      mkdir empty 'my out'
      unshare -rm sh -c '
        mount \(options) "my out" || exit 3
        timeout 60 "$SDMOE" \(command) -o "my out"; code=$?
        ls -A "my out"
        exit $code'
      """, ["RUN": Samples.reference.get().folder.path("run")])
    #expect(outcome.status == 1)
    #expect(
      outcome.errors.contains(
        "my out: is a mount point, which no finished folder can replace; name a folder inside it, such as my out/new"
      ), "\(outcome.errors)")
    #expect(outcome.output == "")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        == ["empty", "my out"])
  }

  @Test("a folder inside a mount point is an output as any", .enabled(if: mayMount))
  func insideMountPoint() throws {
    let outcome = try shell(
      """
      mkdir out
      unshare -rm sh -c 'mount -t tmpfs none out && "$SDMOE" convert "$QWEN" -q -o out/new && "$SDMOE" verify out/new'
      """)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  // MARK: Waiting for the disk

  private static let mayTrace =
    (try? Tool.shell("strace -qq -o /dev/null true", in: Fixture.url("").path))?.status == 0

  @Test("no file is brought to the disk twice", .enabled(if: mayTrace))
  func synchronizedOnce() throws {
    let outcome = try shell(
      """
      strace -f -qq -y -e trace=fsync -o trace "$SDMOE" convert "$QWEN" -q -o out --certificate basic >summary &&
      grep -o 'fsync([0-9]*<[^>]*[.]tmp>' trace | grep -v '[.]work/[^/]*>' | sed 's/.*</</' | sort | uniq -c | sort -rn | head -1
      """)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let most = outcome.output.split(separator: " ").first.flatMap { Int($0) }
    #expect(most == 1, "\(outcome.output)")
  }

  // MARK: Names

  @Test("says that a name is not UTF-8, and takes no other for it")
  func names() throws {
    // In Latin-1; Foundation cannot remove such a folder.
    let name = "\"$(printf 'caf\\351')\""
    let input = try shell(
      "mkdir \(name); \"$SDMOE\" inspect \(name); code=$?; rmdir \(name); exit $code")
    #expect(input.status == 64)
    #expect(input.errors.contains("the name 'caf\\xE9' is not UTF-8; rename it"))
    let output = try shell("\"$SDMOE\" analyze \"$QWEN\" -q -o \(name)/run")
    #expect(output.status == 64)
    let inside = try shell(
      "mkdir \(name); cd \(name); \"$SDMOE\" inspect . ; code=$?; cd ..; rmdir \(name); exit $code")
    #expect(inside.status == 1)
    #expect(inside.errors.contains("caf\\xE9, has a name that is not UTF-8"))
    let carried = try shell(
      """
      cp -r "$QWEN" copy; chmod -R u+w copy; touch copy/\(name).txt
      "$SDMOE" convert copy -q -o out; code=$?; rm copy/\(name).txt; exit $code
      """)
    #expect(carried.status == 1)
    #expect(carried.errors.contains("cannot read its file caf\\xE9.txt: the name is not UTF-8"))
  }
}
