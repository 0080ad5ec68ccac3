public import Foundation

/// A folder of one test's own, which vanishes with the last reference to it.
public final class TemporaryFolder: Sendable {
  /// Where the folder lies.
  public let path: String

  /// Makes an empty folder.
  ///
  /// - Throws: Foundation's error when the system says no.
  public init() throws {
    let url = FileManager.default.temporaryDirectory
      .appending(path: "sdmoe-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of something in the folder.
  public func path(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file, and the folders that lead to it.
  ///
  /// - Throws: Foundation's error when the system says no.
  @discardableResult
  public func write(_ text: String, as name: String) throws -> String {
    let file = path(name)
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(filePath: file))
    return file
  }
}

/// The bytes of every file under a folder, by the path from there.
///
/// - Throws: Foundation's error when a file cannot be read.
public func filesByPath(under folder: String) throws -> [String: Data] {
  var files: [String: Data] = [:]
  // What a store notes of its input's files is no result.
  for name in try FileManager.default.subpathsOfDirectory(atPath: folder)
  where !name.split(separator: "/").contains(".sdmoe") {
    let path = "\(folder)/\(name)"
    var isFolder: ObjCBool = false
    // Safe: Foundation writes one Boolean there during the call.
    guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
      !isFolder.boolValue
    else { continue }
    files[name] = try Data(contentsOf: URL(filePath: path))
  }
  return files
}
