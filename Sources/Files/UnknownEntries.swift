import Foundation

/// Lists what lies in a folder besides certain files, so that it is not removed with them.
///
/// - Parameters:
///   - folder: The folder.
///   - known: The files, by their paths from there.
/// - Returns: The paths of all other files and links, sorted; a folder that leads to none of the
///   known files, or that cannot be listed, stands for all that it holds, with a slash at its end.
/// - Complexity: O(files)
package func unknownEntries(of folder: String, besides known: Set<String>) -> [String] {
  var folders: Set<String> = []
  for name in known {
    var path = name[...]
    while let slash = path.lastIndex(of: "/") {
      path = path[..<slash]
      folders.insert(String(path))
    }
  }
  let manager = FileManager.default
  func visit(_ place: String) -> [String] {
    let start = place.isEmpty ? "" : "\(place)/"
    guard let entries = try? manager.contentsOfDirectory(atPath: "\(folder)/\(place)") else {
      return [start]
    }
    return entries.sorted().flatMap { entry -> [String] in
      let name = start + entry
      // Of the link itself, not of what it leads to.
      let type = try? manager.attributesOfItem(atPath: "\(folder)/\(name)")[.type]
      guard type as? FileAttributeType == .typeDirectory else {
        return known.contains(name) ? [] : [name]
      }
      return folders.contains(name) ? visit(name) : ["\(name)/"]
    }
  }
  return visit("")
}
