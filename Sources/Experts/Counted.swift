/// A number of things in words, such as `1 tensor` or `2 tensors`.
///
/// - Parameters:
///   - count: How many there are.
///   - noun: What one is called; more are called by an s.
/// - Returns: The words.
package func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : "s")"
}
