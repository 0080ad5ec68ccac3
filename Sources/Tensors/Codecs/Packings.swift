/// Every packing that there is.
public enum Packings {
  /// The packings; one line for each file of this folder. Of two that would read a matrix, the first
  /// counts.
  public static let all: [any Packing] = [
    BitsAndBytesPacking(),
    PlainPacking(),
    GGUFBlocks(),
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
