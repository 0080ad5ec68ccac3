import Foundation

/// A path from the root on; links are not followed, because a cluster may have its disks behind some.
func absolutePath(_ path: String) -> String {
  URL(filePath: path).standardizedFileURL.path
}
