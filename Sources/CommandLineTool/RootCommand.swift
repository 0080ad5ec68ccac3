public import ArgumentParser
import LinearAlgebra
import Workers

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The version of sdmoe, which every run folder names.
let version = "0.1.0"

/// `sdmoe` — the command that holds all others.
public struct RootCommand: AsyncParsableCommand {
  /// The name, the version and the subcommands.
  public static let configuration = CommandConfiguration(
    commandName: "sdmoe",
    abstract: "Spectral analysis of Mixture-of-Experts checkpoints.",
    discussion: """
      Shows from the spectrum of their weights how alike the experts of a checkpoint are, beside what \
      chance alone would give. The measures are those of the paper SD-MoE (arXiv 2602.12556); where \
      the paper's definition is not known, sdmoe names its own.

      Exit codes: 0 done, 1 the data is wrong, 64 the command line is wrong, 75 the same command may \
      do it on another try.
      """,
    version: version,
    subcommands: [
      InspectCommand.self, AnalyzeCommand.self, ReportCommand.self, FiguresCommand.self,
      CompareCommand.self, PlanCommand.self, MergeCommand.self, SubmitCommand.self,
      ConvertCommand.self, VerifyCommand.self, FamiliesCommand.self,
    ])

  /// Makes the command; the argument parser does.
  public init() {}

  /// Runs the command that the words of the command line ask for, and exits.
  ///
  /// A closed stream and a file over the system's limit become errors in words, not an end by a
  /// signal; so do names that are no text.
  public static func main() async {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    LinearAlgebraLibrary.prepareProcess()
    if let word = CommandLine.arguments.dropFirst().first, let near = command(near: word) {
      exit(withError: ValidationError("Unexpected argument '\(word)'; did you mean '\(near)'?"))
    }
    do {
      if let left = MachineShare.own.addressSpace {
        // A thread that cannot have its stack would be asked for again and again, without a word.
        guard left >= 48 << 20 else {
          throw LinearAlgebraError.noAddressSpace(
            neededBytes: LinearAlgebraLibrary.addressSpace(threads: 1))
        }
        LinearAlgebraLibrary.saveAddresses()
      }
      try CommandLineNames.check()
      if CommandLine.arguments.dropFirst() == ["--version", "--verbose"] {
        throw CleanExit.message(try versionInDetail())
      }
    } catch {
      exit(withError: error)
    }
    await main(CommandLine.arguments.dropFirst().map(CommandLineNames.withHome))
  }

  /// The version, and what computes: results may differ in their last digits with it.
  ///
  /// - Throws: ``LinearAlgebraError`` where nothing could be computed.
  private static func versionInDetail() throws -> String {
    _ = try LinearAlgebraLibrary.start(threads: 1)
    let sets = InstructionSet.available.map(\.rawValue).joined(separator: ", ")
    return """
      sdmoe \(version)
      instructions: \(InstructionSet.current.rawValue) of \(sets)
      BLAS: \(LinearAlgebraLibrary.description)
      """
  }

  /// The subcommand that a word is most like, where it is none.
  private static func command(near word: String) -> String? {
    let names = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    guard !word.hasPrefix("-"), !names.contains(word) else { return nil }
    return nearestWord(to: word, among: names)
  }
}
