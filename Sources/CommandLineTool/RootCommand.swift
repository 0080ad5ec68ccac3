public import ArgumentParser

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

      Exit codes: 0 done, 1 the data is wrong, 64 the command line is wrong.
      """,
    version: version,
    subcommands: [
      InspectCommand.self, AnalyzeCommand.self, ReportCommand.self, CompareCommand.self,
      ConvertCommand.self, VerifyCommand.self, FamiliesCommand.self,
    ])

  /// Makes the command; the argument parser does.
  public init() {}

  /// Runs the command that the words of the command line ask for, and exits.
  ///
  /// A closed stream and a file over the system's limit become errors in words, not an end by a
  /// signal.
  public static func main() async {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    await main(nil)
  }
}
