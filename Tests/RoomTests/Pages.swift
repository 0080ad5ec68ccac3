import Foundation

/// The pages that are read as files: those at the top, those of folders, and the documentation.
enum Pages {
  /// The folder of the project.
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The paths of all pages, from the root.
  static func paths() throws -> [String] {
    let manager = FileManager.default
    let top = try manager.contentsOfDirectory(atPath: root.path)
    let deep = try ["Sources", "Fixtures", "Tests"].flatMap { folder in
      try manager.subpathsOfDirectory(atPath: root.appending(path: folder).path)
        .map { "\(folder)/\($0)" }
    }
    return (top + deep).filter { $0.hasSuffix(".md") }.sorted()
  }

  /// Where the links and pictures of a page lead: what `[text](target)` names outside of code.
  static func targets(of page: String) -> [String] {
    var isCode = false
    return page.split(separator: "\n").flatMap { line -> [String] in
      if line.drop(while: { $0 == " " }).hasPrefix("```") { isCode.toggle() }
      if isCode { return [] }
      // Every second part between backticks is code.
      let text = line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        .map { $0.offset % 2 == 0 ? $0.element : "code" }.joined()
      return text.matches(of: #/\]\(([^)\s]+)\)/#).map { String($0.output.1) }
    }
  }

  /// The targets in this repository that are not there.
  ///
  /// - Parameters:
  ///   - page: The text of the page.
  ///   - path: Its path from the root.
  ///   - exists: Whether there is something at a path from the root.
  /// - Returns: Those targets, as the page writes them.
  static func brokenTargets(
    of page: String, at path: String, exists: (String) -> Bool
  ) -> [String] {
    targets(of: page).filter { target in
      guard !target.hasPrefix("http://"), !target.hasPrefix("https://") else { return false }
      let file = target.prefix { $0 != "#" }
      guard !file.isEmpty else { return false }
      let base = URL(filePath: "/\(path)").deletingLastPathComponent()
      let place = base.appending(path: String(file)).standardized.path
      return !exists(String(place.dropFirst()))
    }
  }
}
