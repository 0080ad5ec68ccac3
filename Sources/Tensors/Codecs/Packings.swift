/// Every packing that there is.
public enum Packings {
  /// The packings: a line for each file of this folder, and those that are not read at the end.
  ///
  /// Of two that would read a matrix, the first counts.
  public static let all: [any Packing] = read + RefusedPacking.all

  private static let read: [any Packing] = [
    BitsAndBytesPacking(),
    PlainPacking(),
    Float8Packing(),
    MicroscaledFloat4Packing(),
    ModelOptFloat4Packing(),
    CompressedFloat4Packing(),
    CompressedIntegersPacking(),
    PlainIntegersPacking(),
    BitsAndBytesIntegersPacking(),
    GPTQPacking(),
    AWQPacking(),
  ]
}
