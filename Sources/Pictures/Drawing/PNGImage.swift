internal import CPNG

/// A picture of bytes, one for each pixel: greys, or places in a palette.
struct PNGImage: Sendable {
  let width: Int
  let height: Int
  /// The pixels, row after row.
  let pixels: [UInt8]
  /// The colours of the pixels' values, up to 256; nil for greys.
  var palette: [Colour]?

  /// The same picture with a square of pixels for each one.
  func magnified(by factor: Int) -> PNGImage {
    var magnified: [UInt8] = []
    magnified.reserveCapacity(pixels.count * factor * factor)
    for row in 0..<height {
      let start = magnified.count
      for pixel in pixels[row * width..<(row + 1) * width] {
        magnified.append(contentsOf: repeatElement(pixel, count: factor))
      }
      let line = Array(magnified[start...])
      for _ in 1..<factor { magnified.append(contentsOf: line) }
    }
    return PNGImage(
      width: width * factor, height: height * factor, pixels: magnified, palette: palette)
  }

  /// The picture as a PNG file, without loss; the same bytes for the same picture.
  ///
  /// - Returns: The file, or nil where libpng refuses, which it does only without memory.
  /// - Precondition: There is a pixel for each place, at least one, and a colour for each value.
  func encoded() -> [UInt8]? {
    precondition(pixels.count == width * height && !pixels.isEmpty, "a picture needs its pixels")
    let greys = UInt32(PNG_FORMAT_GRAY)
    let colourMap = UInt32(PNG_FORMAT_FLAG_COLOR) | UInt32(PNG_FORMAT_FLAG_COLORMAP)
    let format = palette == nil ? greys : colourMap
    // Safe: zeros are an empty picture, and the fields below describe it.
    var image = unsafe png_image()
    unsafe image.version = UInt32(PNG_IMAGE_VERSION)
    unsafe image.width = UInt32(width)
    unsafe image.height = UInt32(height)
    unsafe image.format = format
    unsafe image.colormap_entries = UInt32(palette?.count ?? 0)
    let colours = (palette ?? []).flatMap { [$0.red, $0.green, $0.blue] }
    // Deflate stores what it cannot pack, five bytes for each block and one for each row more.
    var bytes = [UInt8](repeating: 0, count: pixels.count + pixels.count / 512 + height + 8192)
    var count = bytes.count
    // Safe: the picture has width * height pixels of one byte and its colours three each; libpng
    // writes up to `count` bytes, and says in it how many.
    let isDone = unsafe bytes.withUnsafeMutableBytes { target in
      unsafe pixels.withUnsafeBytes { source in
        unsafe colours.withUnsafeBytes { colours in
          unsafe png_image_write_to_memory(
            &image, target.baseAddress, &count, 0, source.baseAddress, png_int_32(width),
            colours.isEmpty ? nil : colours.baseAddress)
        }
      }
    }
    unsafe png_image_free(&image)
    guard isDone != 0 else { return nil }
    return Array(bytes[..<count])
  }
}
