/// Every codec that there is.
public enum Codecs {
  /// The codecs; one line for each file of this folder.
  public static let all: [any Codec] = [
    PlainCodec()
  ]

  /// The codec that a layout asks for; nil where there is none of that name.
  public static func named(_ name: String) -> (any Codec)? {
    all.first { $0.name == name }
  }
}
