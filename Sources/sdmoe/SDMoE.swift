import ArgumentParser
import CommandLineTool

/// The program `sdmoe`.
@main
enum SDMoE {
  static func main() async {
    await RootCommand.main()
  }
}
