internal import CHDF5

/// Everything the rules say about one dataset; numbers themselves are not read.
func readDataset(_ dataset: borrowing Handle, at path: String) throws -> FoundDataset {
  let id = dataset.id
  let type = try foundType(of: Handle("H5Dget_type", H5Dget_type(id)))
  let extents = try extents(of: Handle("H5Dget_space", H5Dget_space(id)))
  let properties = try Handle("H5Dget_create_plist", H5Dget_create_plist(id))
  return FoundDataset(
    path: path, type: type, extents: extents, foreignStorage: foreignStorage(properties),
    fillIsNaN: try fillIsNaN(properties), scaleName: try scaleName(of: dataset),
    scales: try (0..<(extents ?? []).count).map { try scales(of: id, dimension: UInt32($0)) },
    attributes: try readAttributes(of: dataset),
    creation: try creation(
      Handle("H5Dget_create_plist", H5Dget_create_plist(id)), hasLinks: false),
    values: try labels(of: dataset, type: type, extents: extents))
}

/// The elements, if they are text or codes of categories.
private func labels(
  of dataset: borrowing Handle, type: FoundType, extents: [Int]?
) throws -> ResultValues? {
  guard let extents, case .known(let known) = type, known == .text || known == .int8 else {
    return nil
  }
  let id = dataset.id
  let space = try Handle("H5Dget_space", H5Dget_space(id))
  return try unsafe readValues("H5Dread", known, extents: extents, space: space) {
    unsafe H5Dread(id, $0, 0, 0, 0, $1)
  }
}

func foreignStorage(_ properties: borrowing Handle) -> String? {
  if H5Pget_layout(properties.id) == H5D_VIRTUAL { return "other files (a virtual dataset)" }
  return H5Pget_external_count(properties.id) > 0 ? "other files (external storage)" : nil
}

private func fillIsNaN(_ properties: borrowing Handle) throws -> Bool {
  let id = properties.id
  var (status, fill) = (H5D_FILL_VALUE_UNDEFINED, 0.0)
  try checked("H5Pfill_value_defined", unsafe H5Pfill_value_defined(id, &status))
  guard status == H5D_FILL_VALUE_USER_DEFINED else { return false }
  // A fill value that is no number cannot be read as one, and then is not NaN either.
  return unsafe H5Pget_fill_value(id, chdf5_native_float64(), &fill) >= 0 && fill.isNaN
}

private func scaleName(of dataset: borrowing Handle) throws -> String? {
  let id = dataset.id
  guard try checked("H5DSis_scale", H5DSis_scale(id)) > 0 else { return nil }
  return try unsafe readName("H5DSget_scale_name") { unsafe H5DSget_scale_name(id, $0, $1) }
}

/// The addresses of the scales of one dimension; `nil` if one cannot be followed.
///
/// A scale counts only if both sides know of it, as the library's own test demands.
private func scales(of dataset: hid_t, dimension: UInt32) throws -> [UInt]? {
  guard try checked("H5DSis_scale", H5DSis_scale(dataset)) == 0 else { return [] }
  guard H5DSget_num_scales(dataset, dimension) > 0 else { return [] }
  var addresses: [UInt] = []
  let status = unsafe withUnsafeMutablePointer(to: &addresses) { pointer in
    unsafe H5DSiterate_scales(
      dataset, dimension, nil,
      { dataset, dimension, scale, addresses in
        var information = H5O_info_t()
        guard H5DSis_attached(dataset, scale, dimension) > 0,
          unsafe H5Oget_info2(scale, &information, H5O_INFO_BASIC) >= 0
        else { return -1 }
        unsafe addresses?.assumingMemoryBound(to: [UInt].self).pointee.append(information.addr)
        return 0
      }, pointer)
  }
  return status < 0 ? nil : addresses
}
