import Tensors

/// Checks that a permutation names each place of each sequence exactly once.
///
/// - Parameters:
///   - permutation: A list of integers, one for each token, that count within the sequence.
///   - file: The file that holds it.
///   - sequences: The tokens of each sequence.
/// - Throws: ``CaptureError/permutationOutside(path:tensor:place:value:length:)``,
///   ``CaptureError/permutationRepeats(path:tensor:place:value:)``, and the file's error.
/// - Complexity: O(tokens) time; memory for a block of numbers and one bit for each token of the
///   longest sequence.
func requirePermutation(
  _ permutation: TensorDescription, of file: any TensorFile, within sequences: [Range<Int>]
) throws {
  var numbers = StoredIntegers(permutation, of: file)
  let longest = sequences.reduce(0) { max($0, $1.count) }
  var seen = [UInt64](repeating: 0, count: (longest + 63) / 64)
  for sequence in sequences {
    for word in 0..<(sequence.count + 63) / 64 { seen[word] = 0 }
    for place in sequence {
      let index = try numbers.value(at: place)
      guard index >= 0, index < sequence.count else {
        throw CaptureError.permutationOutside(
          path: file.path, tensor: permutation.name, place: place, value: index,
          length: sequence.count)
      }
      let bit: UInt64 = 1 << UInt64(index % 64)
      guard seen[index / 64] & bit == 0 else {
        throw CaptureError.permutationRepeats(
          path: file.path, tensor: permutation.name, place: place, value: index)
      }
      seen[index / 64] |= bit
    }
  }
}
