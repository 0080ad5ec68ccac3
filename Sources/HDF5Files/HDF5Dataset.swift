import CHDF5
import Tensors

/// A dataset that holds a tensor, and how its bytes are reached.
struct HDF5Dataset: Sendable {
  enum Storage: Sendable {
    /// Densely packed and little-endian, from this byte of the file on.
    case plain(offset: Int)
    /// In chunks, compressed, big-endian or inside a header: libhdf5 has to put it together.
    case packed
  }

  let description: TensorDescription
  /// The path inside the file.
  let object: String
  let storage: Storage
}

/// What became of a dataset: a tensor, or the reason why it is none.
enum HDF5DatasetVerdict: Sendable {
  case tensor(HDF5Dataset)
  case skipped(reason: String)
}

extension HDF5Library {
  /// Deflate, the strongest filter in common use, makes data at most 1,032 times smaller.
  private static let highestCompression = 1_100

  /// Checks all that a dataset's header declares, and finds where its bytes lie.
  func verdict(
    on dataset: borrowing HDF5Handle, named name: String, at place: HDF5Place, fileByteCount: Int
  ) throws(HDF5Error) -> HDF5DatasetVerdict {
    // First of all: to ask a virtual dataset for its size opens the files that it names.
    let creation = try own(H5Dget_create_plist(dataset.identifier), at: place)
    let layout = H5Pget_layout(creation.identifier)
    try refuseOutsideData(creation, layout: layout, at: place)

    let type = try own(H5Dget_type(dataset.identifier), at: place)
    guard let storedType = storedType(equalTo: type) else {
      return .skipped(reason: Self.reason(against: H5Tget_class(type.identifier)))
    }
    let space = try own(H5Dget_space(dataset.identifier), at: place)
    guard let extents = try extents(of: space, at: place) else {
      return .skipped(reason: "it has an empty dataspace, which has no shape")
    }
    if let filter = try missingFilter(of: creation, at: place) {
      return .skipped(reason: "it is packed with filter \(filter), which this libhdf5 lacks")
    }

    guard
      let (shape, byteCount) = Self.size(of: extents, elementByteCount: storedType.byteCount)
    else { throw .sizeOverflow(path: place.path, tensor: name, shape: extents) }
    var elementType = storedType.elementType
    if elementType == .u16,
      try stringAttribute("dtype", of: dataset, at: place) == ElementType.bf16.rawValue
    {
      elementType = .bf16
    }
    let description = TensorDescription(
      name: name, elementType: elementType, shape: shape, byteCount: byteCount)

    var storage = HDF5Dataset.Storage.packed
    if byteCount > 0 {
      let storedByteCount = Int(clamping: H5Dget_storage_size(dataset.identifier))
      let offset = H5Dget_offset(dataset.identifier)
      let isContiguous = layout == H5D_CONTIGUOUS
      if storedByteCount == 0 || isContiguous && offset == chdf5_undefined_address() {
        return .skipped(reason: "it was declared but never written")
      }
      if layout == H5D_CHUNKED {
        guard byteCount / Self.highestCompression <= storedByteCount else {
          return .skipped(
            reason: "it declares \(byteCount) bytes but stores \(storedByteCount); "
              + "most of it was never written")
        }
        let (stored, whole) = try chunkCounts(
          of: dataset, created: creation, extents: extents, at: place)
        guard stored == whole else {
          return .skipped(
            reason: "only \(stored) of its \(whole) chunks were ever written")
        }
      } else if storedByteCount < byteCount {
        throw .cannotRead(
          path: place.path, object: place.object,
          reason: "it declares \(byteCount) bytes but stores \(storedByteCount)")
      }
      if isContiguous {
        let start = Int(clamping: offset)
        let (end, isTooLarge) = start.addingReportingOverflow(byteCount)
        guard !isTooLarge, end <= fileByteCount else {
          throw .cutShort(
            path: place.path, tensor: name, expectedBytes: isTooLarge ? .max : end,
            actualBytes: fileByteCount)
        }
        if storedType.isLittleEndian { storage = .plain(offset: start) }
      }
    }
    return .tensor(HDF5Dataset(description: description, object: place.object, storage: storage))
  }

  /// How many chunks of a dataset are in the file, and how many it has.
  private func chunkCounts(
    of dataset: borrowing HDF5Handle, created creation: borrowing HDF5Handle, extents: [UInt64],
    at place: HDF5Place
  ) throws(HDF5Error) -> (stored: UInt64, whole: UInt64) {
    var sides = [hsize_t](repeating: 1, count: extents.count)
    // Safe: there is room for as many sides as the dataset has.
    try require(
      unsafe H5Pget_chunk(creation.identifier, Int32(sides.count), &sides), at: place)
    var stored: hsize_t = 0
    let space = try own(H5Dget_space(dataset.identifier), at: place)
    // Safe: the call writes one number.
    try require(
      unsafe H5Dget_num_chunks(dataset.identifier, space.identifier, &stored), at: place)
    let whole = zip(extents, sides).reduce(UInt64(1)) { count, axis in
      count &* (axis.0 / max(axis.1, 1) &+ (axis.0 % max(axis.1, 1) == 0 ? 0 : 1))
    }
    return (UInt64(stored), whole)
  }

  private func refuseOutsideData(
    _ creation: borrowing HDF5Handle, layout: H5D_layout_t, at place: HDF5Place
  ) throws(HDF5Error) {
    if layout == H5D_VIRTUAL {
      throw .outsideFile(path: place.path, object: place.object, kind: "a virtual dataset")
    }
    // Only a contiguous dataset can have a list of outside files.
    guard layout == H5D_CONTIGUOUS else { return }
    if try require(H5Pget_external_count(creation.identifier), at: place) > 0 {
      throw .outsideFile(
        path: place.path, object: place.object, kind: "a dataset with external storage")
    }
  }

  /// The length of each axis; `nil` for an empty dataspace, `[]` for a scalar.
  private func extents(
    of space: borrowing HDF5Handle, at place: HDF5Place
  ) throws(HDF5Error) -> [UInt64]? {
    if H5Sget_simple_extent_type(space.identifier) == H5S_NULL { return nil }
    let rank = try require(H5Sget_simple_extent_ndims(space.identifier), at: place)
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    // Safe: libhdf5 writes one length per axis and, given nil, no largest lengths.
    let status = unsafe H5Sget_simple_extent_dims(space.identifier, &extents, nil)
    try require(status, at: place)
    return extents
  }

  private func missingFilter(
    of creation: borrowing HDF5Handle, at place: HDF5Place
  ) throws(HDF5Error) -> Int? {
    let count = try require(H5Pget_nfilters(creation.identifier), at: place)
    for index in 0..<count {
      let filter = try require(chdf5_filter(creation.identifier, CUnsignedInt(index)), at: place)
      if H5Zfilter_avail(filter) <= 0 { return Int(filter) }
    }
    return nil
  }

  /// The shape and its size in bytes, unless `Int` cannot count them.
  ///
  /// An axis of length 0 counts as 1, so that readers can multiply any axes without overflow.
  private static func size(
    of extents: [UInt64], elementByteCount: Int
  ) -> (shape: [Int], byteCount: Int)? {
    var shape: [Int] = []
    var bound = elementByteCount
    for extent in extents {
      guard let length = Int(exactly: extent) else { return nil }
      let (product, isTooLarge) = bound.multipliedReportingOverflow(by: max(length, 1))
      if isTooLarge { return nil }
      bound = product
      shape.append(length)
    }
    return (shape, shape.contains(0) ? 0 : bound)
  }

  private static func reason(against typeClass: H5T_class_t) -> String {
    switch typeClass {
    case H5T_STRING: "its elements are strings"
    case H5T_COMPOUND: "its elements are compound"
    case H5T_ENUM: "its elements are of an enumeration"
    case H5T_OPAQUE: "its elements are opaque"
    case H5T_REFERENCE: "its elements are references"
    case H5T_VLEN: "its elements have variable length"
    case H5T_ARRAY: "its elements are arrays"
    case H5T_INTEGER, H5T_FLOAT: "its number type is neither IEEE nor a standard integer"
    default: "its elements are not numbers"
    }
  }
}
