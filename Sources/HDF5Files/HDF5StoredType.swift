import CHDF5
import Tensors

/// One way in which a file stores the elements of a tensor, and the type to read them with.
struct HDF5StoredType: Sendable {
  let elementType: ElementType
  let byteCount: Int
  /// Whether the stored bytes are already those that a tensor file hands out.
  let isLittleEndian: Bool
  /// The type in the file.
  let fileType: hid_t
  /// The little-endian type of the same layout; to read with it converts only the byte order.
  let memoryType: hid_t

  /// The element types that a file can hold.
  static let elementTypes: [ElementType] = [
    .f64, .f32, .f16, .bf16, .i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8,
    .bool,
  ]

  /// Every type that is read, each little-endian first.
  static func all() -> [HDF5StoredType] {
    elementTypes.flatMap { elementType in
      let byteCount = elementType.bitCount / 8
      let memoryType = type(of: elementType, isBigEndian: false)
      return [false, true].map { isBigEndian in
        let fileType =
          isBigEndian ? type(of: elementType, isBigEndian: true) : memoryType
        precondition(fileType >= 0, "libhdf5 has no type for \(elementType.rawValue)")
        return HDF5StoredType(
          elementType: elementType, byteCount: byteCount,
          isLittleEndian: !isBigEndian || byteCount == 1, fileType: fileType,
          memoryType: memoryType)
      }
    }
  }

  private static func type(of elementType: ElementType, isBigEndian: Bool) -> hid_t {
    let byteCount = CInt(elementType.bitCount / 8)
    let order: CInt = isBigEndian ? 1 : 0
    switch elementType {
    case .f64, .f32: return chdf5_float_type(byteCount, order)
    case .f16: return halfWidthType(exponentBits: 5, isBigEndian: isBigEndian)
    case .bf16: return halfWidthType(exponentBits: 8, isBigEndian: isBigEndian)
    case .i64, .i32, .i16, .i8: return chdf5_integer_type(1, byteCount, order)
    case .bool: return truthValueType(isBigEndian: isBigEndian)
    default: return chdf5_integer_type(0, byteCount, order)
    }
  }

  /// The type of truth values as h5py and PyTables write them: FALSE and TRUE in one byte.
  private static func truthValueType(isBigEndian: Bool) -> hid_t {
    let type = H5Tenum_create(chdf5_integer_type(1, 1, isBigEndian ? 1 : 0))
    for (name, value) in [("FALSE", Int8(0)), ("TRUE", 1)] {
      var value = value
      // Safe: libhdf5 reads the name up to its zero byte and one value of the base type.
      guard unsafe H5Tenum_insert(type, name, &value) >= 0 else { return -1 }
    }
    return type
  }

  /// A 16-bit floating-point type: IEEE half has 5 exponent bits, bfloat16 has 8.
  private static func halfWidthType(exponentBits: Int, isBigEndian: Bool) -> hid_t {
    let mantissaBits = 15 - exponentBits
    let type = H5Tcopy(chdf5_float_type(4, isBigEndian ? 1 : 0))
    // The fields come first: a type cannot become smaller than its fields reach.
    guard H5Tset_fields(type, 15, mantissaBits, exponentBits, 0, mantissaBits) >= 0,
      H5Tset_size(type, 2) >= 0, H5Tset_ebias(type, (1 << (exponentBits - 1)) - 1) >= 0
    else { return -1 }
    return type
  }
}

extension HDF5Library {
  /// The stored type that equals a dataset's type; `nil` when it holds no tensor.
  func storedType(equalTo type: borrowing HDF5Handle) -> HDF5StoredType? {
    let byteCount = H5Tget_size(type.identifier)
    // A loop, because a closure cannot capture the borrowed handle.
    for candidate in storedTypes where candidate.byteCount == byteCount {
      if H5Tequal(type.identifier, candidate.fileType) > 0 { return candidate }
    }
    return nil
  }

  /// The little-endian type that elements are written as, bf16 as the bits it consists of.
  ///
  /// - Precondition: It is one of ``HDF5StoredType/elementTypes``.
  func writtenType(of elementType: ElementType) -> hid_t {
    let written = elementType == .bf16 ? .u16 : elementType
    guard let type = storedTypes.first(where: { $0.elementType == written }) else {
      preconditionFailure("HDF5 has no \(elementType.rawValue)")
    }
    return type.memoryType
  }
}
