import Foundation

/// The folder `Fixtures/hostile`: one file for each way in which a file can be wrong, and a sound
/// one.
enum HostileCorpus {
  /// The name, without suffix, of the file that is not hostile.
  static let soundName = "sound"

  static func path(of name: String) -> String { "\(folder.path)/\(name).safetensors" }

  /// The names of all files, without suffix.
  static var names: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: folder.path)
        .filter { $0.hasSuffix(".safetensors") }
        .map { String($0.dropLast(".safetensors".count)) }
    }
  }

  private static var folder: URL {
    URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/hostile")
  }
}
