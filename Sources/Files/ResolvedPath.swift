import Foundation

/// Whether a path leads to a folder, or to a place in it, whether or not something lies there.
package func lies(_ path: String, in folder: String) -> Bool {
  (resolvedPath(path) + "/").hasPrefix(resolvedPath(folder) + "/")
}

/// Where a path leads, whether or not something lies there: links of the part that exists are
/// followed, the rest is appended.
///
/// - Returns: An absolute path without slashes at its end.
package func resolvedPath(_ path: String) -> String {
  var existing = URL(fileURLWithPath: path).standardizedFileURL.path
  var rest: [String] = []
  while existing != "/", FileStatus(at: existing) == nil {
    rest.insert((existing as NSString).lastPathComponent, at: 0)
    existing = (existing as NSString).deletingLastPathComponent
  }
  let place = URL(fileURLWithPath: existing).resolvingSymlinksInPath().path
  return ([place == "/" && !rest.isEmpty ? "" : place] + rest).joined(separator: "/")
}
