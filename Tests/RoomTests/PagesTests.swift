import Foundation
import Testing

/// Checks that no page leads to a file that is not there.
@Suite struct PagesTests {
  @Test("every relative link and picture is there")
  func links() throws {
    let paths = try Pages.paths()
    #expect(paths.contains("README.md"))
    var count = 0
    for path in paths {
      let text = try String(contentsOf: Pages.root.appending(path: path), encoding: .utf8)
      count += Pages.targets(of: text).count
      let broken = Pages.brokenTargets(of: text, at: path) { target in
        FileManager.default.fileExists(atPath: Pages.root.appending(path: target).path)
      }
      #expect(broken == [], "\(path)")
    }
    #expect(count > 20)
  }

  // MARK: The check itself

  static let pages: [(text: String, broken: [String])] = [
    ("[a](b.md) and ![c](pictures/d.png)", []),
    ("[a](../README.md#use) [b](https://example.org/c) [d](#e)", []),
    ("[a](c.md)", ["c.md"]), ("x ![a](d.png), [b](b.md)", ["d.png"]),
    ("[`a`](../b.md)", ["../b.md"]), ("`[a](c.md)` [b](d.md)", ["d.md"]),
    ("```\n[a](c.md)\n```\n[a](d.md)", ["d.md"]),
  ]

  @Test("finds the links that lead nowhere", arguments: pages)
  func broken(text: String, broken: [String]) {
    let there: Set = ["Guide/a.md", "Guide/b.md", "Guide/pictures/d.png", "README.md"]
    #expect(
      Pages.brokenTargets(of: text, at: "Guide/a.md") { there.contains($0) } == broken)
  }
}
