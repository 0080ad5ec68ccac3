/// What the system refused while results were kept or read.
package struct StoreError: Error, Equatable {
  /// The file or folder.
  package let path: String
  /// What was tried, such as `make this folder`.
  package let action: String
  /// The system's own words.
  package let reason: String

  /// Names what was refused.
  package init(path: String, doing action: String, _ error: SystemError) {
    self.path = path
    self.action = action
    reason = error.reason
  }
}
