internal import CHDF5
internal import Synchronization

/// HDF5 files that live in memory and never touch a disk.
enum FileImage {
  /// Two open files of one name would be one file to the library, even in memory.
  private static let opened = Atomic<Int>(0)

  /// Creates an empty file whose bytes depend on nothing but what is put into it.
  static func create() throws -> Handle {
    let access = try access()
    let creation = try Handle("H5Pcreate", H5Pcreate(chdf5_file_creation()))
    try order(ofLinksIn: creation)
    try orderOfAttributes(in: creation)
    return try Handle(
      "H5Fcreate",
      unsafe H5Fcreate(uniqueName(), chdf5_create_and_truncate(), creation.id, access.id))
  }

  /// Opens a copy of `image`.
  static func open(_ image: [UInt8], writable: Bool = false) throws -> Handle {
    let access = try access()
    try unsafe image.withUnsafeBytes { bytes in
      // The library takes a mutable pointer, but only copies from it.
      let start = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress)
      _ = try unsafe checked(
        "H5Pset_file_image", H5Pset_file_image(access.id, start, bytes.count))
    }
    let mode = writable ? chdf5_read_write() : chdf5_read_only()
    return try Handle("H5Fopen", unsafe H5Fopen(uniqueName(), mode, access.id))
  }

  /// The bytes of an open file.
  static func bytes(of file: borrowing Handle) throws -> [UInt8] {
    let id = file.id
    try checked("H5Fflush", H5Fflush(id, H5F_SCOPE_GLOBAL))
    let count = try checked("H5Fget_file_image", H5Fget_file_image(id, nil, 0))
    return try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
      written = try unsafe checked(
        "H5Fget_file_image", H5Fget_file_image(id, buffer.baseAddress, count))
    }
  }

  /// Keeps the order of links: readers show variables in the order they were written.
  static func order(ofLinksIn creation: borrowing Handle) throws {
    try checked("H5Pset_link_creation_order", H5Pset_link_creation_order(creation.id, order))
  }

  /// Keeps the order of attributes, and leaves out the time of creation.
  static func orderOfAttributes(in creation: borrowing Handle) throws {
    try checked("H5Pset_attr_creation_order", H5Pset_attr_creation_order(creation.id, order))
    try checked("H5Pset_obj_track_times", H5Pset_obj_track_times(creation.id, false))
  }

  /// Tracked, and indexed so that readers may walk by it.
  static let order = UInt32(H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED)

  /// Access to memory, grown by 64 KiB and never written to disk.
  ///
  /// The oldest format is kept because the library's images of newer ones cannot be opened.
  private static func access() throws -> Handle {
    let access = try Handle("H5Pcreate", H5Pcreate(chdf5_file_access()))
    try checked("H5Pset_fapl_core", H5Pset_fapl_core(access.id, 1 << 16, false))
    try checked("H5Pset_fclose_degree", H5Pset_fclose_degree(access.id, H5F_CLOSE_STRONG))
    try checked(
      "H5Pset_libver_bounds",
      H5Pset_libver_bounds(access.id, H5F_LIBVER_EARLIEST, H5F_LIBVER_V110))
    return access
  }

  private static func uniqueName() -> String {
    "image-\(opened.wrappingAdd(1, ordering: .relaxed).newValue)"
  }
}
