import CHDF5
import Files
public import Tensors

extension HDF5File {
  /// Reads the stored bytes of a part of a tensor, little-endian.
  ///
  /// Parts of a contiguous little-endian dataset are read side by side by any number of threads;
  /// others take turns, because libhdf5 puts them together.
  ///
  /// - Parameters:
  ///   - slice: The part; within the tensor.
  ///   - tensor: One of ``tensors``.
  ///   - bytes: Exactly as many bytes as the part holds.
  /// - Throws: ``HDF5Error/cutShort(path:tensor:expectedBytes:actualBytes:)`` when the file became
  ///   shorter since it was opened; ``HDF5Error/cannotRead(path:object:reason:)`` when libhdf5
  ///   cannot unpack the data; an error of the system.
  /// - Precondition: The tensor is of this file, and part and bytes fit it.
  /// - Complexity: O(bytes); a chunk that the part only touches is unpacked whole.
  public func read(
    _ slice: TensorSlice, of tensor: TensorDescription, into bytes: inout MutableRawSpan
  ) throws {
    guard let dataset = datasets[tensor.name], dataset.description == tensor else {
      preconditionFailure("'\(tensor.name)' is no tensor of \(path)")
    }
    let elements = slice.elements(of: tensor.shape)
    let width = tensor.elementType.bitCount / 8
    precondition(
      bytes.byteCount == elements.count * width,
      "\(bytes.byteCount) bytes for \(elements.count) elements of \(width)")
    guard bytes.byteCount > 0 else { return }

    switch dataset.storage {
    case .plain(let offset):
      try readPlain(dataset, from: offset + elements.lowerBound * width, into: &bytes)
    case .packed:
      try readPacked(slice, of: dataset, into: &bytes)
    }
  }

  private func readPlain(
    _ dataset: HDF5Dataset, from offset: Int, into bytes: inout MutableRawSpan
  ) throws(HDF5Error) {
    let count: Int
    do {
      count = try descriptor.read(into: &bytes, at: offset)
    } catch {
      throw HDF5Error(error, path: path, action: "read it")
    }
    guard count == bytes.byteCount else {
      throw .cutShort(
        path: path, tensor: dataset.description.name, expectedBytes: offset + bytes.byteCount,
        actualBytes: offset + count)
    }
  }

  private func readPacked(
    _ slice: TensorSlice, of dataset: HDF5Dataset, into bytes: inout MutableRawSpan
  ) throws(HDF5Error) {
    // Safe: the buffer holds exactly the part, and is lent for the reading only.
    try unsafe bytes.withUnsafeMutableBytes { buffer throws(HDF5Error) in
      try HDF5Library.withLock { library throws(HDF5Error) in
        try unsafe library.read(
          slice, of: dataset, from: handle.identifier, path: path, into: buffer)
      }
    }
    // libhdf5 reads zeros behind the end of a file, so what it read counts only if nothing is gone.
    let actual: Int
    do {
      actual = try descriptor.status().byteCount
    } catch {
      throw HDF5Error(error, path: path, action: "measure it")
    }
    guard actual >= byteCount else {
      throw .cutShort(
        path: path, tensor: dataset.description.name, expectedBytes: byteCount,
        actualBytes: actual)
    }
  }
}

extension HDF5Library {
  /// Reads a part of a dataset, unpacked, into a buffer of exactly its size.
  fileprivate func read(
    _ slice: TensorSlice, of dataset: HDF5Dataset, from file: hid_t, path: String,
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(HDF5Error) {
    let place = HDF5Place(path: path, object: dataset.object)
    // Safe: libhdf5 reads the name up to its zero byte and keeps nothing of it.
    let opened = try own(unsafe H5Dopen2(file, dataset.object, chdf5_default()), at: place)
    let type = try own(H5Dget_type(opened.identifier), at: place)
    guard let storedType = storedType(equalTo: type),
      storedType.byteCount * 8 == dataset.description.elementType.bitCount
    else {
      throw .cannotRead(path: path, object: dataset.object, reason: "its type has changed")
    }
    let fileSpace = try own(H5Dget_space(opened.identifier), at: place)

    var extents = dataset.description.shape.map { hsize_t($0) }
    var start = [hsize_t](repeating: 0, count: extents.count)
    if !extents.isEmpty {
      for (axis, place) in slice.leading.enumerated() {
        extents[axis] = 1
        start[axis] = hsize_t(place)
      }
      extents[slice.leading.count] = hsize_t(slice.rows.count)
      start[slice.leading.count] = hsize_t(slice.rows.lowerBound)
      guard H5Sget_simple_extent_ndims(fileSpace.identifier) == extents.count else {
        throw .cannotRead(path: path, object: dataset.object, reason: "its shape has changed")
      }
      // Safe: both lists have one number per axis of the dataset.
      let status = unsafe H5Sselect_hyperslab(
        fileSpace.identifier, H5S_SELECT_SET, start, nil, extents, nil)
      try require(status, at: place)
    }
    // Safe: the list has as many numbers as the rank says.
    let memorySpace = try own(
      unsafe H5Screate_simple(CInt(extents.count), extents, nil), at: place)
    // Safe: the memory space spans the part and the type is as wide as the elements, which is what
    // the buffer holds; libhdf5 refuses a file selection of any other size.
    let status = unsafe H5Dread(
      opened.identifier, storedType.memoryType, memorySpace.identifier, fileSpace.identifier,
      chdf5_default(), buffer.baseAddress)
    try require(status, at: place)
  }
}
