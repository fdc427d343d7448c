internal import CHDF5

/// The most elements of one dataset that are read for a check: 64 Mi.
private let elementLimit = 1 << 26

/// The attributes of a group or dataset, by name.
func readAttributes(of object: borrowing Handle) throws -> [FoundAttribute] {
  let id = object.id
  return try (0..<information(of: object).num_attrs).map { index in
    try readAttribute(
      Handle(
        "H5Aopen_by_idx",
        unsafe H5Aopen_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, index, 0, 0)))
  }
}

private func readAttribute(_ attribute: consuming Handle) throws -> FoundAttribute {
  let id = attribute.id
  let name = try unsafe readName("H5Aget_name") { unsafe H5Aget_name(id, $1, $0) }
  let type = try foundType(of: Handle("H5Aget_type", H5Aget_type(id)))
  let space = try Handle("H5Aget_space", H5Aget_space(id))
  var found = FoundAttribute(name: name, type: type, extents: try extents(of: space))
  if case .known(let known) = type, let extents = found.extents {
    found.values = try unsafe readValues("H5Aread", known, extents: extents, space: space) {
      unsafe H5Aread(id, $0, $1)
    }
  }
  return found
}

/// The extents of a dataspace, `[]` for a scalar, `nil` for a null one.
func extents(of space: borrowing Handle) throws -> [Int]? {
  let id = space.id
  guard H5Sget_simple_extent_type(id) != H5S_NULL else { return nil }
  let rank = try checked("H5Sget_simple_extent_ndims", H5Sget_simple_extent_ndims(id))
  var extents = [hsize_t](repeating: 0, count: Int(rank))
  try checked(
    "H5Sget_simple_extent_dims", unsafe H5Sget_simple_extent_dims(id, &extents, nil))
  return extents.map { Int(clamping: $0) }
}

/// The type as one the schema knows, or in words.
func foundType(of type: borrowing Handle) throws -> FoundType {
  let id = type.id
  for known in StoredType.allCases where known != .text {
    let stored = try known.stored()
    if try checked("H5Tequal", H5Tequal(id, stored.id)) > 0 { return .known(known) }
  }
  if H5Tis_variable_str(id) > 0 && H5Tget_cset(id) == H5T_CSET_UTF8 { return .known(.text) }
  return .other(words(for: type))
}

private func words(for type: borrowing Handle) -> String {
  let bits = 8 * H5Tget_size(type.id)
  return switch H5Tget_class(type.id) {
  case H5T_INTEGER:
    "\(H5Tget_sign(type.id) == H5T_SGN_NONE ? "unsigned " : "")\(bits)-bit integers"
  case H5T_FLOAT: "\(bits)-bit floats"
  case H5T_STRING: H5Tis_variable_str(type.id) > 0 ? "ASCII text" : "fixed-length text"
  case H5T_COMPOUND: "compounds"
  case H5T_ENUM: "an enumeration"
  case H5T_REFERENCE: "references"
  case H5T_VLEN: "variable-length lists"
  case H5T_ARRAY: "arrays"
  case H5T_OPAQUE: "opaque bytes"
  default: "another type"
  }
}

/// Reads elements of a known type; 32-bit floats are widened.
///
/// `read` makes the call; it takes the type in memory and room for the elements.
func readValues(
  _ call: String, _ type: StoredType, extents: [Int], space: borrowing Handle,
  _ read: (hid_t, UnsafeMutableRawPointer?) -> herr_t
) throws -> ResultValues {
  let count = extents.reduce(1, saturatingProduct)
  guard count <= elementLimit else {
    throw HDF5Error(.tooManyElements(found: count, limit: elementLimit))
  }
  return switch type {
  case .float64, .float32:
    .float64(try unsafe readNumbers(call, .float64, count: count, zero: 0, read))
  case .int64: .int64(try unsafe readNumbers(call, .int64, count: count, zero: 0, read))
  case .int32: .int32(try unsafe readNumbers(call, .int32, count: count, zero: 0, read))
  case .int8: .int8(try unsafe readNumbers(call, .int8, count: count, zero: 0, read))
  case .text: .text(try unsafe readTexts(call, count: count, space: space, read))
  }
}

private func readNumbers<Number>(
  _ call: String, _ type: StoredType, count: Int, zero: Number,
  _ read: (hid_t, UnsafeMutableRawPointer?) -> herr_t
) throws -> [Number] {
  guard count > 0 else { return [] }
  let memory = try type.native()
  var numbers = [Number](repeating: zero, count: count)
  let id = memory.id
  try unsafe numbers.withUnsafeMutableBytes { bytes in
    _ = try unsafe checked(call, read(id, bytes.baseAddress))
  }
  return numbers
}

/// Reads texts, which the library allocates and takes back.
private func readTexts(
  _ call: String, count: Int, space: borrowing Handle,
  _ read: (hid_t, UnsafeMutableRawPointer?) -> herr_t
) throws -> [String] {
  guard count > 0 else { return [] }
  let memory = try StoredType.text.native()
  let (type, extent) = (memory.id, space.id)
  var pointers = unsafe [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
  return try unsafe pointers.withUnsafeMutableBytes { bytes in
    try unsafe checked(call, read(type, bytes.baseAddress))
    defer { _ = unsafe H5Dvlen_reclaim(type, extent, 0, bytes.baseAddress) }
    return unsafe bytes.bindMemory(to: UnsafeMutablePointer<CChar>?.self)
      .map { unsafe $0.map { unsafe String(cString: $0) } ?? "" }
  }
}
