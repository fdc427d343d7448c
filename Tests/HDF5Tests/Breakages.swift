import CHDF5

@testable import HDF5

private let differences = "/norms/diff_scaled"

extension ResultFileCheckerTests {
  /// Breakages that one rule, and no other, is to find.
  static let exact: [Breakage] = scales + links + attributes + paths

  private static let scales: [Breakage] = [
    Breakage("a detached scale", expect: "R2 \(differences): dimension 1 has 0 scales") {
      try relabel($0, differences, 1, by: "/norms/tensor", H5DSdetach_scale)
    },
    Breakage("two scales", expect: "R2 \(differences): dimension 1 has 2 scales") {
      try relabel($0, differences, 1, by: "/norms/pair", H5DSattach_scale)
    },
    Breakage(
      "a scale that does not know what it labels",
      expect: "R2 /path/nll: dimension 0 has a scale that is not attached to it"
    ) {
      try delete("REFERENCE_LIST", of: "/path/alpha", in: $0)
    },
    Breakage("a renamed scale", expect: "R3 /path/beta: calls itself scale 'alpha'") {
      try rename("/path/alpha", to: "/path/beta", in: $0)
    },
    Breakage(
      "a scale of another length",
      expect: "R3 /path/nll: 5 elements along 'x', which has [1]"
    ) {
      try addScale("/path/x", in: $0)
      try relabel($0, "/path/nll", 0, by: "/path/alpha", H5DSdetach_scale)
      try relabel($0, "/path/nll", 0, by: "/path/x", H5DSattach_scale)
    },
    Breakage("a scale elsewhere", expect: "R3 /path/nll: is labelled from outside its group") {
      try relabel($0, "/path/nll", 0, by: "/path/alpha", H5DSdetach_scale)
      try relabel($0, "/path/nll", 0, by: "/norms/pair", H5DSattach_scale)
    },
    Breakage(
      "coordinates that are not there",
      expect: "R3 \(differences): coordinates name 'depth', which its group does not hold"
    ) {
      try set("coordinates", .text("layer depth"), of: differences, in: $0)
    },
    Breakage(
      "coordinates along other dimensions",
      expect: "R3 /norms/layer: coordinates name 'diff_scaled', which has other dimensions"
    ) {
      try set("coordinates", .text("diff_scaled"), of: "/norms/layer", in: $0)
    },
  ]

  private static let links: [Breakage] = [
    Breakage("a soft link", expect: "R4 /norms/link: is a soft link") {
      try checked("H5Lcreate_soft", H5Lcreate_soft("/path/nll", $0, "/norms/link", 0, 0))
    },
    Breakage("an external link", expect: "R4 /link: is an external link") {
      try checked("H5Lcreate_external", H5Lcreate_external("b.h5", "/", $0, "link", 0, 0))
    },
    Breakage("a second name", expect: "R4 /path/other: is a second name of /path/nll") {
      try checked(
        "H5Lcreate_hard", H5Lcreate_hard($0, "/path/nll", $0, "/path/other", 0, 0))
    },
    Breakage("a circle of groups", expect: "R4 /path/up: is a second name of /") {
      try checked("H5Lcreate_hard", H5Lcreate_hard($0, "/", $0, "/path/up", 0, 0))
    },
    Breakage("a named type", expect: "R4 /type: is a named type") {
      let type = try StoredType.int32.stored()
      try checked("H5Tcommit2", H5Tcommit2($0, "type", type.id, 0, 0, 0))
    },
    Breakage(
      "a name that is a method", expect: "R10 /path/mean: has the name of an xarray method"
    ) {
      try rename("/path/nll", to: "/path/mean", in: $0)
    },
    Breakage(
      "a group that keeps times and no order",
      expect: "R9 /g: does not track the order of its links",
      "R9 /g: does not track the order of its attributes", "R9 /g: stores times"
    ) {
      _ = try Handle("H5Gcreate2", H5Gcreate2($0, "g", 0, 0, 0))
    },
  ]

  private static let attributes: [Breakage] = [
    Breakage("codes without values", expect: "R5 /norms/role: has no 8-bit flag_values") {
      try delete("flag_values", of: "/norms/role", in: $0)
    },
    Breakage(
      "codes without meanings",
      expect: "R5 /norms/role: has 3 flag_values and 2 flag_meanings"
    ) {
      try set("flag_meanings", .text("a b"), of: "/norms/role", in: $0)
    },
    Breakage("a code of no meaning", expect: "R5 /norms/role: code 2 has no meaning") {
      try set("flag_values", .int8s([0, 1, 3]), of: "/norms/role", in: $0)
    },
    Breakage("8-bit attributes", expect: "R6 /norms: attribute 'a' holds int8") {
      try set("a", .int8s([1]), of: "/norms", in: $0)
    },
    Breakage("a null attribute", expect: "R6 /path/nll: attribute 'a' has a null dataspace") {
      let space = try Handle("H5Screate", H5Screate(H5S_NULL))
      try addAttribute("a", chdf5_native_int32(), space.id, of: "/path/nll", in: $0)
    },
    Breakage("an attribute of references", expect: "R6 /: attribute 'a' holds references") {
      let space = try Handle("H5Screate", H5Screate(H5S_SCALAR))
      let list = try Handle(
        "H5Aopen_by_name", H5Aopen_by_name($0, "/path/nll", "DIMENSION_LIST", 0, 0))
      let type = try Handle("H5Aget_type", H5Aget_type(list.id))
      let element = try Handle("H5Tget_super", H5Tget_super(type.id))
      try addAttribute("a", element.id, space.id, of: "/", in: $0)
    },
    Breakage("no long name", expect: "R7 /path/nll: has no long_name") {
      try delete("long_name", of: "/path/nll", in: $0)
    },
    Breakage("an empty long name", expect: "R7 /norms/module: has no long_name") {
      try set("long_name", .text(""), of: "/norms/module", in: $0)
    },
    Breakage("no units", expect: "R7 /norms/role: has no units") {
      try delete("units", of: "/norms/role", in: $0)
    },
    Breakage("a time span", expect: "R7 /path/nll: has units 'days', a time span") {
      try set("units", .text("days"), of: "/path/nll", in: $0)
    },
    Breakage("floats without a fill", expect: "R8 /path/nll: has no _FillValue") {
      try delete("_FillValue", of: "/path/nll", in: $0)
    },
    Breakage(
      "a fill that is a number",
      expect: "R8 /path/nll: has a _FillValue that is not one NaN of its own type"
    ) {
      try set("_FillValue", .float64s([0]), of: "/path/nll", in: $0)
    },
    Breakage(
      "a fill without a shape",
      expect: "R8 /path/nll: has a _FillValue that is not one NaN of its own type"
    ) {
      try set("_FillValue", .float64(.nan), of: "/path/nll", in: $0)
    },
    Breakage(
      "integers with a fill",
      expect: "R8 /norms/layer: has a _FillValue, which turns it into floats"
    ) {
      try set("_FillValue", .int32s([-1]), of: "/norms/layer", in: $0)
    },
  ]

  private static let paths: [Breakage] = [
    Breakage("a path in the root", expect: "R11 /: attribute 'a' tells the path '/data/x/y'") {
      try set("a", .text("see {\"file\":\"/data/x/y\"}"), of: "/", in: $0)
    },
    Breakage(
      "a path in a list", expect: "R11 /path/nll: attribute 'a' tells the path '~/runs/y'"
    ) {
      try set("a", .texts(["x", "~/runs/y"]), of: "/path/nll", in: $0)
    },
    Breakage("an object of the file") {
      try set("a", .text("see /norms/diff_scaled"), of: "/", in: $0)
    },
  ]
}

extension ResultFileCheckerTests {
  /// Breakages by a dataset from elsewhere, which breaks several rules at once.
  static let partial: [Breakage] = [
    Breakage("unsigned integers", expect: "R1 /x: holds unsigned 32-bit integers") {
      let type = try StoredType.int32.stored()
      try checked("H5Tset_sign", H5Tset_sign(type.id, H5T_SGN_NONE))
      try addDataset("x", type.id, in: $0)
    },
    Breakage("16-bit integers", expect: "R1 /x: holds 16-bit integers") {
      let type = try StoredType.int32.stored()
      try checked("H5Tset_size", H5Tset_size(type.id, 2))
      try addDataset("x", type.id, in: $0)
    },
    Breakage("fixed-length text", expect: "R1 /x: holds fixed-length text") {
      let type = try Handle("H5Tcopy", H5Tcopy(chdf5_c_string()))
      try addDataset("x", type.id, in: $0)
    },
    Breakage("ASCII text", expect: "R1 /x: holds ASCII text") {
      let type = try StoredType.text.stored()
      try checked("H5Tset_cset", H5Tset_cset(type.id, H5T_CSET_ASCII))
      try addDataset("x", type.id, in: $0)
    },
    Breakage("a compound", expect: "R1 /x: holds compounds") {
      let type = try Handle("H5Tcreate", H5Tcreate(H5T_COMPOUND, 8))
      try checked("H5Tinsert", H5Tinsert(type.id, "a", 0, chdf5_native_int64()))
      try addDataset("x", type.id, in: $0)
    },
    Breakage("an enumeration", expect: "R1 /x: holds an enumeration") {
      let type = try Handle("H5Tenum_create", H5Tenum_create(chdf5_native_int8()))
      var zero: Int8 = 0
      try checked("H5Tenum_insert", H5Tenum_insert(type.id, "FALSE", &zero))
      try addDataset("x", type.id, in: $0)
    },
    Breakage("ragged lists", expect: "R1 /x: holds variable-length lists") {
      let type = try Handle("H5Tvlen_create", H5Tvlen_create(chdf5_native_float64()))
      try addDataset("x", type.id, in: $0)
    },
    Breakage("unlabelled dimensions", expect: "R2 /x: dimension 0 has 0 scales") {
      try addDataset("x", chdf5_native_int32(), in: $0)
    },
    Breakage("a null dataspace", expect: "R4 /x: has a null dataspace") {
      let space = try Handle("H5Screate", H5Screate(H5S_NULL))
      _ = try Handle(
        "H5Dcreate2", H5Dcreate2($0, "x", chdf5_native_int32(), space.id, 0, 0, 0))
    },
    Breakage(
      "external storage", expect: "R4 /x: lies in other files (external storage)"
    ) {
      let creation = try Handle("H5Pcreate", H5Pcreate(chdf5_dataset_creation()))
      try checked("H5Pset_external", H5Pset_external(creation.id, "x.raw", 0, 4))
      try addDataset("x", chdf5_native_int32(), creation: creation.id, in: $0)
    },
    Breakage(
      "a virtual dataset", expect: "R4 /x: lies in other files (a virtual dataset)"
    ) {
      let creation = try Handle("H5Pcreate", H5Pcreate(chdf5_dataset_creation()))
      let space = try Handle("H5Screate_simple", H5Screate_simple(1, [1], nil))
      try checked(
        "H5Pset_virtual", H5Pset_virtual(creation.id, space.id, "shard.h5", "x", space.id))
      try addDataset("x", chdf5_native_int32(), creation: creation.id, in: $0)
    },
    Breakage(
      "times and no order", expect: "R9 /x: does not track the order of its attributes",
      "R9 /x: stores times"
    ) {
      try addDataset("x", chdf5_native_int32(), in: $0)
    },
    Breakage("a fill of zero", expect: "R8 /x: has a fill value other than NaN") {
      try addDataset("x", chdf5_native_float64(), in: $0)
    },
  ]
}

private func delete(_ attribute: String, of path: String, in file: hid_t) throws {
  try checked("H5Adelete_by_name", H5Adelete_by_name(file, path, attribute, 0))
}

private func set(
  _ name: String, _ value: ResultAttribute.Value, of path: String, in file: hid_t
) throws {
  if H5Aexists_by_name(file, path, name, 0) > 0 { try delete(name, of: path, in: file) }
  try write([ResultAttribute(name, value)], on: Handle("H5Oopen", H5Oopen(file, path, 0)))
}

private func addAttribute(
  _ name: String, _ type: hid_t, _ space: hid_t, of path: String, in file: hid_t
) throws {
  _ = try Handle(
    "H5Acreate_by_name", H5Acreate_by_name(file, path, name, type, space, 0, 0, 0))
}

private func rename(_ path: String, to other: String, in file: hid_t) throws {
  try checked("H5Lmove", H5Lmove(file, path, file, other, 0, 0))
}

private func relabel(
  _ file: hid_t, _ path: String, _ dimension: UInt32, by scale: String,
  _ change: (hid_t, hid_t, UInt32) -> herr_t
) throws {
  let dataset = try Handle("H5Dopen2", H5Dopen2(file, path, 0))
  let scale = try Handle("H5Dopen2", H5Dopen2(file, scale, 0))
  try checked("H5DS", change(dataset.id, scale.id, dimension))
}

/// Adds a dataset of one element.
private func addDataset(
  _ path: String, _ type: hid_t, creation: hid_t = 0, in file: hid_t
) throws {
  let space = try Handle("H5Screate_simple", H5Screate_simple(1, [1], nil))
  _ = try Handle("H5Dcreate2", H5Dcreate2(file, path, type, space.id, 0, creation, 0))
}

/// Adds a scale of one element that keeps every rule.
private func addScale(_ path: String, in file: hid_t) throws {
  let creation = try Handle("H5Pcreate", H5Pcreate(chdf5_dataset_creation()))
  try FileImage.orderOfAttributes(in: creation)
  let type = try StoredType.int32.stored()
  try addDataset(path, type.id, creation: creation.id, in: file)
  let scale = try Handle("H5Dopen2", H5Dopen2(file, path, 0))
  try checked("H5DSset_scale", H5DSset_scale(scale.id, String(path.split(separator: "/")[1])))
  try write(
    [ResultAttribute("long_name", .text("x")), ResultAttribute("units", .text("1"))], on: scale)
}
