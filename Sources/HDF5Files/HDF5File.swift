import CHDF5
import Files
public import Tensors

/// An HDF5 file of tensors, open for reading.
///
/// Every dataset of numbers is a tensor. Its name is its path with dots for slashes, so that nested
/// groups and dotted names yield the same tensors. A dataset of 16-bit unsigned integers with the
/// attribute `dtype` = `BF16` holds bfloat16. The file cannot lead outside itself: external links,
/// external storage and virtual datasets are refused, and no filter is loaded that libhdf5 lacks.
///
/// ```swift
/// let file = try HDF5File(path: "activations.h5")
/// let names = file.tensors.map(\.name)  // ["layers.0.moe_input", ...]
/// ```
public final class HDF5File: TensorFile {
  /// Where the file lies, as the user would write it.
  public let path: String

  /// Every tensor of the file, sorted by the bytes of its name.
  public let tensors: [TensorDescription]

  /// The links and datasets that are no tensors, each as its path in the file and the reason.
  public let skipped: [String]

  /// The size of the file in bytes, when it was opened.
  public let byteCount: Int

  /// How the open file looks now.
  public var stamp: String { (try? descriptor.status().stamp) ?? "" }

  let datasets: [String: HDF5Dataset]
  let descriptor: FileDescriptor
  let handle: HDF5FileHandle

  /// Whether HDF5's signature stands where the format allows it.
  ///
  /// - Parameter path: Anything; what is no regular file, or cannot be read, has none.
  /// - Returns: Whether it begins as an HDF5 file does.
  /// - Complexity: O(log(size of the file))
  public static func hasSignature(at path: String) -> Bool {
    (try? requireSignature(at: path)) != nil
  }

  /// Opens a file and checks the header of every dataset.
  ///
  /// - Parameter path: A regular file.
  /// - Throws: ``HDF5Error``: `fileNotFound`, `notAFile`, `permissionDenied` or `systemFailure`
  ///   from the system; `notHDF5`; `inUse` while another program writes the file; `cannotLock` where
  ///   there are no locks but the environment insists on them; `cannotRead` when libhdf5 finds the
  ///   file damaged or cut short;
  ///   `outsideFile`, `nameCollision`, `unusableName`, `sizeOverflow`, `cutShort`,
  ///   `tooManyLinks` or `tooDeep` for what it holds.
  /// - Complexity: O(*d* log *d*) time and O(*d*) memory for *d* datasets; no tensor is read.
  public init(path: String) throws(HDF5Error) {
    try requireSignature(at: path)

    let (identifier, number) = try HDF5Library.withLock { library throws(HDF5Error) in
      try library.openForReading(path)
    }
    // The handle is in charge before anything can throw.
    let handle = HDF5FileHandle(identifier)
    let byteCount: Int
    do {
      // A copy of libhdf5's descriptor, so that both read one file even when the path gets another.
      descriptor = try FileDescriptor(copying: number)
      byteCount = try descriptor.status().byteCount
    } catch {
      throw HDF5Error(error, path: path, action: "open it twice")
    }

    let survey = try HDF5Library.withLock { library throws(HDF5Error) in
      let place = HDF5Place(path: path)
      // Safe: libhdf5 reads the name up to its zero byte and keeps nothing of it.
      let root = try library.own(unsafe H5Gopen2(identifier, "/", chdf5_default()), at: place)
      return try HDF5Survey(of: root, path: path, fileByteCount: byteCount, with: library)
    }

    self.path = path
    self.handle = handle
    self.byteCount = byteCount
    datasets = survey.datasets
    skipped = survey.skipped
    tensors = survey.datasets.values.map(\.description)
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// The bytes that stand for the header in a fingerprint.
  ///
  /// A canonical text in UTF-8 and not the stored header, because HDF5 scatters that over the file:
  /// for each of ``tensors`` one line of name, element type and shape, parted by tabs.
  public func headerBytes() -> [UInt8] {
    var text = ""
    for tensor in tensors {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      text += "\(tensor.name)\t\(tensor.elementType.rawValue)\t[\(shape)]\n"
    }
    return Array(text.utf8)
  }
}

/// Throws unless the signature stands at byte 0, 512, 1024, 2048 ..., where the format allows it.
private func requireSignature(at path: String) throws(HDF5Error) {
  let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
  let status: FileStatus
  do {
    let file = try FileDescriptor(reading: path)
    status = try file.status()
    var offset = 0
    while status.irregularKind == nil, offset <= status.byteCount - signature.count {
      var found = [UInt8](repeating: 0, count: signature.count)
      var elements = found.mutableSpan
      // Safe: any bytes are sound elements.
      var bytes = unsafe elements.mutableBytes
      let count = try file.read(into: &bytes, at: offset)
      if count == signature.count, found == signature { return }
      offset = max(512, offset * 2)
    }
  } catch {
    throw HDF5Error(error, path: path, action: "open it")
  }
  guard status.irregularKind == nil else { throw .notAFile(path: path) }
  throw .notHDF5(path: path, byteCount: status.byteCount)
}

extension HDF5Library {
  /// Opens a file, which the caller closes; with it goes the descriptor that libhdf5 reads through.
  ///
  /// A lock keeps a file that is being written shut. Where there are no locks, as on some network file
  /// systems, the file is opened without one.
  fileprivate func openForReading(
    _ path: String
  ) throws(HDF5Error) -> (file: hid_t, descriptor: CInt) {
    do throws(HDF5Error) {
      return try openForReading(path, locks: true)
    } catch .cannotLock {
      return try openForReading(path, locks: false)
    }
  }

  private func openForReading(
    _ path: String, locks: Bool
  ) throws(HDF5Error) -> (file: hid_t, descriptor: CInt) {
    let place = HDF5Place(path: path)
    let access = try own(chdf5_new_file_access(), at: place)
    // The environment could name another driver, which would have no descriptor.
    try require(H5Pset_fapl_sec2(access.identifier), at: place)
    try require(H5Pset_fclose_degree(access.identifier, H5F_CLOSE_STRONG), at: place)
    try require(H5Pset_file_locking(access.identifier, locks, true), at: place)
    // Safe: libhdf5 copies the path.
    let file = try own(unsafe H5Fopen(path, chdf5_read_only(), access.identifier), at: place)
    let descriptor = chdf5_descriptor(file.identifier)
    return (file.release(), descriptor)
  }
}
