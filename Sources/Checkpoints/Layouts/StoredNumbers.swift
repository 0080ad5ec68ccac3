package import Tensors

/// How the numbers of a matrix are stored: what is asked of its codec again and again, asked once for
/// the tens of thousands of matrices that share it.
package final class StoredNumbers: Sendable {
  /// What decodes the values.
  let codec: any Codec
  /// What it needs beside them, in the order in which it is handed to it.
  let companions: [CompanionRole]
  /// Whether it is another type than that of the values.
  let arePacked: Bool
  /// The type of plain numbers, or the name of the codec.
  let name: String

  /// Names what a codec makes of values of some type.
  package init(_ codec: any Codec, valuesOf type: ElementType) {
    self.codec = codec
    companions = codec.companions
    arePacked = !(codec is PlainCodec)
    name = arePacked ? codec.name : type.rawValue
  }
}
