import CHDF5
import Tensors

extension HDF5Library {
  /// Creates an empty file over a temporary one; errors name the path where it will lie.
  func createFile(_ temporaryPath: String, for path: String) throws(HDF5Error) -> hid_t {
    let place = HDF5Place(path: path, isWriting: true)
    let access = try own(chdf5_new_file_access(), at: place)
    try require(H5Pset_fapl_sec2(access.identifier), at: place)
    try require(H5Pset_fclose_degree(access.identifier, H5F_CLOSE_STRONG), at: place)
    // Nobody else knows the temporary file. A lock would outlive it in a child process that was
    // started meanwhile and inherited the descriptor, and the finished file could not be opened.
    try require(H5Pset_file_locking(access.identifier, false, true), at: place)
    let creation = try own(chdf5_new_file_creation(), at: place)
    // The same input must give the same bytes.
    try require(H5Pset_obj_track_times(creation.identifier, false), at: place)
    // Safe: libhdf5 copies the path.
    let file = try own(
      unsafe H5Fcreate(
        temporaryPath, chdf5_truncate(), creation.identifier, access.identifier), at: place)
    return file.release()
  }

  /// Gives the root its attributes, sorted by name.
  func writeRootAttributes(
    _ attributes: [String: String], in file: hid_t, path: String
  ) throws(HDF5Error) {
    let place = HDF5Place(path: path, isWriting: true)
    // Safe: libhdf5 reads the name up to its zero byte and keeps nothing of it.
    let root = try own(unsafe H5Gopen2(file, "/", chdf5_default()), at: place)
    for (name, text) in attributes.sorted(by: { $0.key < $1.key }) {
      try writeText(text, as: name, of: root, at: place)
    }
  }

  /// Creates a group whose enclosing group exists.
  func createGroup(_ object: String, in file: hid_t, path: String) throws(HDF5Error) {
    let place = HDF5Place(path: path, object: object, isWriting: true)
    let link = try linkCreation(at: place)
    let creation = try own(chdf5_new_group_creation(), at: place)
    try require(H5Pset_obj_track_times(creation.identifier, false), at: place)
    // Safe: libhdf5 copies the name.
    let group = unsafe H5Gcreate2(
      file, object, link.identifier, creation.identifier, chdf5_default())
    _ = try own(group, at: place)
  }

  /// Creates a contiguous dataset and fills it with bytes that are exactly as many as it has.
  func createDataset(
    _ object: String, _ tensor: TensorDescription, _ bytes: UnsafeRawBufferPointer,
    in file: hid_t, path: String
  ) throws(HDF5Error) {
    let place = HDF5Place(path: path, object: object, isWriting: true)
    let type = writtenType(of: tensor.elementType)
    let extents = tensor.shape.map { hsize_t($0) }
    // Safe: the list has as many numbers as the rank says.
    let space = try own(unsafe H5Screate_simple(CInt(extents.count), extents, nil), at: place)
    let link = try linkCreation(at: place)
    let creation = try own(chdf5_new_dataset_creation(), at: place)
    try require(H5Pset_obj_track_times(creation.identifier, false), at: place)
    // Every byte is written below, so filling the dataset first would only take time.
    try require(H5Pset_fill_time(creation.identifier, H5D_FILL_TIME_NEVER), at: place)
    // Safe: libhdf5 copies the name.
    let dataset = try own(
      unsafe H5Dcreate2(
        file, object, type, space.identifier, link.identifier, creation.identifier,
        chdf5_default()), at: place)
    if tensor.elementType == .bf16 {
      try writeText(ElementType.bf16.rawValue, as: "dtype", of: dataset, at: place)
    }
    guard tensor.byteCount > 0 else { return }
    // Safe: the buffer holds every element of the dataset, in the dataset's own type.
    let status = unsafe H5Dwrite(
      dataset.identifier, type, chdf5_all(), chdf5_all(), chdf5_default(), bytes.baseAddress)
    try require(status, at: place)
  }

  /// Writes text as h5py does, in UTF-8 of variable length, so that Python reads it back as `str`.
  private func writeText(
    _ text: String, as name: String, of object: borrowing HDF5Handle, at place: HDF5Place
  ) throws(HDF5Error) {
    let type = try own(H5Tcopy(chdf5_string_type()), at: place)
    try require(H5Tset_size(type.identifier, chdf5_variable_length()), at: place)
    try require(H5Tset_cset(type.identifier, H5T_CSET_UTF8), at: place)
    let space = try own(H5Screate(H5S_SCALAR), at: place)
    // Safe: libhdf5 copies the name.
    let attribute = try own(
      unsafe H5Acreate2(
        object.identifier, name, type.identifier, space.identifier, chdf5_default(),
        chdf5_default()), at: place)
    // Safe: one element of this type is one pointer to text that ends with a zero byte; libhdf5
    // copies the text during the call.
    let status = unsafe text.withCString { text in
      var pointer: UnsafePointer<CChar>? = unsafe text
      return unsafe H5Awrite(attribute.identifier, type.identifier, &pointer)
    }
    try require(status, at: place)
  }

  private func linkCreation(at place: HDF5Place) throws(HDF5Error) -> HDF5Handle {
    let link = try own(chdf5_new_link_creation(), at: place)
    try require(H5Pset_char_encoding(link.identifier, H5T_CSET_UTF8), at: place)
    return link
  }
}
