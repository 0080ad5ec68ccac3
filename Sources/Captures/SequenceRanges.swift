import Tensors

/// Reads where each sequence begins and ends.
///
/// - Parameters:
///   - offsets: A list of integers: the first token of each sequence, then the number of tokens.
///   - file: The file that holds it.
///   - tokenCount: The number of tokens, at least 1.
/// - Returns: The tokens of each sequence, none of them empty.
/// - Throws: ``CaptureError``, and the file's error when it cannot be read.
/// - Complexity: O(offsets)
func sequenceRanges(
  from offsets: TensorDescription, of file: any TensorFile, tokenCount: Int
) throws -> [Range<Int>] {
  guard offsets.rowCount >= 2 else {
    throw CaptureError.wrongShape(
      path: file.path, tensor: offsets.name, shape: offsets.shape,
      expected: "two numbers or more, the last of them \(tokenCount)")
  }
  var numbers = StoredIntegers(offsets, of: file)
  let first = try numbers.value(at: 0)
  guard first == 0 else {
    throw CaptureError.offsetsStart(path: file.path, tensor: offsets.name, value: first)
  }
  var ranges: [Range<Int>] = []
  var start = first
  for place in 1..<offsets.rowCount {
    let end = try numbers.value(at: place)
    guard end > start else {
      throw CaptureError.offsetsNotAscending(
        path: file.path, tensor: offsets.name, place: place, value: end, previous: start)
    }
    ranges.append(start..<end)
    start = end
  }
  guard start == tokenCount else {
    throw CaptureError.offsetsEnd(
      path: file.path, tensor: offsets.name, value: start, tokenCount: tokenCount)
  }
  return ranges
}
