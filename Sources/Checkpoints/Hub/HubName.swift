import Files

/// What a model is called on the Hugging Face hub: `owner/model`.
public struct HubName: Sendable, Hashable {
  /// Whose it is.
  public let owner: String
  /// What it is called there.
  public let model: String

  /// Reads `owner/model`; nil for any other text, as most paths are.
  ///
  /// Source: huggingface_hub, `validate_repo_id`: letters, digits, `-`, `_` and `.`, at most 96, no
  /// `--` and no `..`, and neither `-` nor `.` at an end.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy(Self.isSound) else { return nil }
    owner = String(parts[0])
    model = String(parts[1])
  }

  private static func isSound(_ part: Substring) -> Bool {
    !part.isEmpty && part.utf8.count <= 96 && !part.contains("--") && !part.contains("..")
      && part.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
          UInt8(ascii: "."):
          true
        default: false
        }
      } && !["-", "."].contains { part.hasPrefix($0) || part.hasSuffix($0) }
  }

  /// The command that downloads what is read of a model: config, weights and index, and the tokenizer
  /// for what is made of it.
  ///
  /// - Parameters:
  ///   - revision: A branch, tag or commit; nil for the usual one.
  ///   - file: A file of a GGUF model, of which its parts alone are needed; nil for other models.
  /// - Returns: The command, for a shell.
  public func downloadCommand(revision: String?, partsOf file: String? = nil) -> String {
    let patterns =
      file.map { ["*\($0.replacing(/-\d+-of-/, with: "-*-of-"))"] }
      ?? ["config.json", "*.safetensors", "*.safetensors.index.json", "tokenizer*"]
    // What somebody typed is pasted into a shell again.
    return "hf download \(self)" + (revision.map { " --revision \(shellText(of: $0))" } ?? "")
      + patterns.map { " --include '\($0)'" }.joined()
  }
}

extension HubName: CustomStringConvertible {
  /// As it is written: `owner/model`.
  public var description: String { "\(owner)/\(model)" }
}
