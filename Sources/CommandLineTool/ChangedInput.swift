/// Tells of results that were made from what the input no longer holds.
///
/// - Parameters:
///   - units: The units, in words.
///   - verb: What was done with them, and is done again, such as "measured".
/// - Returns: One line.
func changedInputText(of units: [String], verb: String) -> String {
  let most = 6
  let more = units.count > most ? " and \(units.count - most) more" : ""
  return
    "the input has changed since it was \(verb); \(verb) again: \(units.prefix(most).joined(separator: ", "))\(more)\n"
}
