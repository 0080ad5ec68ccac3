import ArgumentParser
import CommandLineTool
import Dispatch

/// The program `sdmoe`.
@main
enum SDMoE {
  static func main() async {
    // Dispatch opens a file for its main queue at the queue's first use, or else when the main thread
    // ends, and ends the process where none may be opened: now one may.
    DispatchQueue.main.async {}
    await RootCommand.main()
  }
}
