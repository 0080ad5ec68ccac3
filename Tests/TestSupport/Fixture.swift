public import Foundation

/// Finds the files under `Fixtures/`, from where this source file lies.
public enum Fixture {
  /// The place of a fixture, such as `linear-algebra/floors.json`.
  public static func url(_ path: String, from file: StaticString = #filePath) -> URL {
    URL(filePath: "\(file)")
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures").appending(path: path)
  }

  /// Decodes a JSON fixture.
  ///
  /// - Parameters:
  ///   - type: What the file describes.
  ///   - path: The file's place under `Fixtures/`.
  /// - Returns: What the file says.
  /// - Throws: Foundation's own errors when the file is missing or does not describe the type.
  public static func decode<Value: Decodable>(
    _ type: Value.Type = Value.self, from path: String
  ) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: url(path)))
  }
}
